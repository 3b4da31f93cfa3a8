package engine

import (
	"malmoi/internal/engine/kv"
	"malmoi/internal/nn"
)

// PageTokens is the number of positions that one page of the key/value cache
// holds. The network and the cache's books must agree on it.
const PageTokens = kv.PageTokens

var _ [kv.PageTokens - nn.PageTokens]struct{} // does not compile if they differ
var _ [nn.PageTokens - kv.PageTokens]struct{}

// Model is what the engine asks of a loaded network. All methods but
// VocabSize and ContextLength are called by one goroutine.
type Model interface {
	VocabSize() int
	// ContextLength is the most positions a sequence may have.
	ContextLength() int
	// Reserve makes pages 0 to pages-1 usable; it only ever grows.
	Reserve(pages int) error
	// CopyPage makes page dst equal to page src.
	CopyPage(dst, src int)
	// Step computes the rows of b, writes their keys and values into the pages
	// of their positions and the logits of the rows in b.Out, which is never
	// nil, into b.Logits. An error ends the requests in b.
	Step(b *Batch) error
}

// Batch and Span describe one step; the network's package defines them.
type (
	Batch = nn.Batch
	Span  = nn.Span
)
