package engine

// PageTokens is the number of positions that one page of the key/value cache
// holds.
const PageTokens = 32

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
	// of their positions and the wanted logits into b.Logits. An error ends the
	// requests in b.
	Step(b *Batch) error
}

// Batch is one step: rows of several sequences, each sequence's rows one after
// the other.
type Batch struct {
	Tokens []int32   // (T) token ids
	Seqs   []Span    // in row order, covering all rows
	Out    []int32   // rows whose logits are wanted, ascending
	Logits []float32 // (len(Out), V), written by Step
}

// Span is the part of a step that belongs to one sequence. Page i of Pages
// holds positions 32i to 32i+31; Pages covers Pos+Len positions.
type Span struct {
	Len   int
	Pos   int // position of the first row
	Pages []int32
}
