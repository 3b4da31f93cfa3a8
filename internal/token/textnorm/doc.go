// Package textnorm rewrites text before it is cut into tokens: Unicode normal
// forms, lower case, replacements, BERT's cleaning and SentencePiece's compiled
// character maps.
//
// It reproduces the reference libraries, whose Unicode tables are older than
// ours: code points that were added later are left as they are. It knows no
// vocabulary. A Normalizer is immutable and safe for concurrent use; bytes that
// are not UTF-8 pass through.
package textnorm

// Normalizer rewrites text.
type Normalizer interface {
	Normalize(text string) string
}

// Sequence applies normalizers in order.
type Sequence []Normalizer

// Normalize implements Normalizer.
func (q Sequence) Normalize(text string) string {
	for _, n := range q {
		text = n.Normalize(text)
	}
	return text
}
