// Package uni says what a code point is to the libraries that trained the
// vocabularies: letter, number, space, mark and so on.
//
// Go's own unicode package is not used for this, because token boundaries must
// not move with the compiler: the reference libraries split with Unicode 16, take
// BERT's punctuation from Unicode 8 and normal forms from Unicode 12. The table
// was read off those libraries (tools/ref/token_unicode.py). The package knows nothing of
// tokens. Of is the call readers want; it is safe for concurrent use.
package uni

import (
	_ "embed"
	"encoding/binary"
	"sync"
	"unicode"
)

// Class is a set of properties of one code point.
type Class uint32

// The order of the bits is the order of the table file.
const (
	Lu       Class = 1 << iota // upper-case letter
	Ll                         // lower-case letter
	Lt                         // title-case letter
	Lm                         // modifier letter
	Lo                         // other letter
	M                          // mark, any kind
	N                          // number, any kind
	P                          // punctuation, any kind
	S                          // symbol, any kind
	Space                      // \s: White_Space
	Number                     // numeric to the Digits pre-tokenizer
	Punct                      // punctuation to BERT and to the Punctuation pre-tokenizer
	CJK                        // ideograph that BERT puts spaces around
	Control                    // dropped when BERT cleans text
	Blank                      // turned into a space when BERT cleans text
	Accent                     // nonspacing mark that BERT strips
	Mark                       // combining mark that StripAccents removes
	Word                       // \w
	Frozen                     // inert to the reference's normal forms, though newer Unicode maps it
	Han                        // script Han
	L        = Lu | Ll | Lt | Lm | Lo
	Upperish = Lu | Lt | Lm | Lo | M // o200k's "not lower case"
	Lowerish = Ll | Lm | Lo | M      // o200k's "not upper case"
)

//go:embed classes.bin
var classes []byte

const blockBits = 7

type table struct {
	block [unicode.MaxRune>>blockBits + 1]uint16
	class [][1 << blockBits]Class
}

var load = sync.OnceValue(func() *table { return build(classes) })

// build expands the run-length table. The file is ours, so a damaged one is a
// programmer's mistake; uvarint returns 0 there and the loop still ends.
func build(data []byte) *table {
	next := func() int {
		v, n := binary.Uvarint(data)
		data = data[max(n, 0):]
		return int(v)
	}
	kinds := make([]Class, next())
	for i := range kinds {
		kinds[i] = Class(next())
	}
	t := &table{}
	seen := map[[1 << blockBits]Class]uint16{}
	var block [1 << blockBits]Class
	for r := 0; r <= unicode.MaxRune && len(data) > 0; {
		run, kind := next(), kinds[next()]
		for end := r + run; r < end; {
			block[r&(1<<blockBits-1)] = kind
			if r++; r&(1<<blockBits-1) != 0 {
				continue
			}
			id, ok := seen[block]
			if !ok {
				id = uint16(len(t.class))
				seen[block], t.class = id, append(t.class, block)
			}
			t.block[(r-1)>>blockBits] = id
		}
	}
	return t
}

// Table is the expanded table; a scanner fetches it once and looks up many.
type Table struct{ t *table }

// Get returns the table, expanding it at the first call.
func Get() Table { return Table{load()} }

// Of returns the class of r; values that are no code point have none.
func (t Table) Of(r rune) Class {
	if uint32(r) > unicode.MaxRune {
		return 0
	}
	return t.t.class[t.t.block[r>>blockBits]][r&(1<<blockBits-1)]
}

// Of returns the class of r.
func Of(r rune) Class { return Get().Of(r) }
