package nn

// PageTokens is the number of positions that one page of the key/value cache
// holds.
const PageTokens = 32

// Batch is one step of a model: rows of several sequences, each sequence's rows
// one after the other.
type Batch struct {
	Tokens []int32   // (T) token ids
	Seqs   []Span    // in row order, covering all rows
	Out    []int32   // rows whose logits are wanted, ascending
	Logits []float32 // (len(Out), V), written by the step
	// Best says of each wanted row how many of its greatest logits are needed;
	// 0, or no Best at all, means every one. Where it says k, the k greatest and
	// what equals the least of them are right, all others are somewhere below.
	Best   []int32
	Hidden []float32 // (T, C) final hidden states if not nil; for encoders
}

// Span is the part of a step that belongs to one sequence. Page i of Pages
// holds positions 32i to 32i+31; Pages covers Pos+Len positions.
type Span struct {
	Len   int     // rows
	Pos   int     // position of the first row
	Pages []int32 // indices into the cache
}
