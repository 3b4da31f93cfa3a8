// Package pretok cuts text into the pieces that a token never crosses.
//
// A Chain is what a tokenizer runs: stages in order, each cutting the pieces of
// the one before. The patterns that real vocabularies use are scanned by hand
// (Compile knows them by their text); any other pattern found in a tokenizer.json
// goes to a backtracking regular expression engine with a time limit. Pieces are
// substrings of the text except where a stage adds a prefix or replaces spaces.
// Bytes that are not UTF-8 pass through untouched and count as symbols.
//
// The package knows no vocabulary. Everything here is immutable after building
// and safe for concurrent use.
package pretok

// Stage cuts one piece into pieces, appended to dst. first says that the piece
// begins the text, which a few stages treat specially. Empty pieces are dropped.
type Stage interface {
	Split(dst []string, piece string, first bool) []string
}

// Chain is a sequence of stages. The empty chain leaves the text whole.
type Chain []Stage

// Buffer is scratch space for Chain.Split; the zero value is ready and one
// goroutine at a time may use it.
type Buffer struct{ from, to []string }

// Split cuts text by every stage. The result is valid until the buffer's next use.
func (c Chain) Split(buf *Buffer, text string, first bool) []string {
	from, to := append(buf.from[:0], text), buf.to
	for _, stage := range c {
		to = to[:0]
		for i, piece := range from {
			to = stage.Split(to, piece, first && i == 0)
		}
		from, to = to, from
	}
	buf.from, buf.to = from, to
	return from
}

// Release drops references to the last text and keeps small buffers only.
func (b *Buffer) Release() {
	const keep = 4096
	if cap(b.from) > keep || cap(b.to) > keep {
		*b = Buffer{}
		return
	}
	clear(b.from[:cap(b.from)])
	clear(b.to[:cap(b.to)])
}

// Stage makes the chain usable as one stage.
func (c Chain) Stage() Stage { return nested{c} }

type nested struct{ chain Chain }

func (n nested) Split(dst []string, piece string, first bool) []string {
	var buf Buffer
	return append(dst, n.chain.Split(&buf, piece, first)...)
}
