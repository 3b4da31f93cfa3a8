package bpe

import (
	"strings"
	"unicode/utf8"
)

// split makes the symbols that merging begins with.
func (m *Model) split(out []symbol, word string) []symbol {
	if m.byteLevel {
		for i := 0; i < len(word); i++ {
			id := m.bytes[word[i]]
			if id == none {
				if id = m.unk; id == none && m.merges != nil {
					continue // the reference drops what it cannot spell
				}
			}
			out = append(out, symbol{id, int32(i), int32(i + 1)})
		}
		return out
	}
	for i := 0; i < len(word); {
		r, n := utf8.DecodeRuneInString(word[i:])
		out = m.addRune(out, word, i, n, r)
		i += n
	}
	return out
}

// addRune appends the symbols of word[i:i+n]: one, or one per byte, or unk.
func (m *Model) addRune(out []symbol, word string, i, n int, r rune) []symbol {
	id, ok := m.runeID(word, i, n, r)
	if ok {
		return append(out, symbol{id, int32(i), int32(i + n)})
	}
	if m.merges == nil { // by text: it may still merge, and is resolved when emitted
		return append(out, symbol{none, int32(i), int32(i + n)})
	}
	if m.spells(word[i : i+n]) {
		for j := i; j < i+n; j++ {
			out = append(out, symbol{m.fallback[word[j]], int32(j), int32(j + 1)})
		}
		return out
	}
	if m.unk == none {
		return out
	}
	if k := len(out); m.fuseUnk && k > 0 && out[k-1].id == m.unk && out[k-1].end == int32(i) {
		out[k-1].end = int32(i + n)
		return out
	}
	return append(out, symbol{m.unk, int32(i), int32(i + n)})
}

// spells says whether every byte of text has a token of its own.
func (m *Model) spells(text string) bool {
	if m.fallback == nil {
		return false
	}
	for i := 0; i < len(text); i++ {
		if m.fallback[text[i]] == none {
			return false
		}
	}
	return true
}

func (m *Model) runeID(word string, i, n int, r rune) (int32, bool) {
	if r == utf8.RuneError && n == 1 {
		return 0, false
	}
	if m.prefix != "" || m.suffix != "" {
		piece := word[i : i+n]
		if i > 0 {
			piece = m.prefix + piece
		}
		if i+n == len(word) {
			piece += m.suffix
		}
		return m.vocab.ID(piece)
	}
	if r < lowRunes {
		id := m.low[r]
		return id, id != none
	}
	id, ok := m.runes[r]
	return id, ok
}

// cuts finds places in a text that no piece spans: before a mark that stands for
// a space, unless some piece has the same code point before such a mark. Merging
// the stretches one by one gives the same tokens as merging the whole.
type cuts struct {
	before map[rune]bool
}

const spaceMark = "\u2581"

// next returns the length of the first stretch.
func (c *cuts) next(text string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], spaceMark)
		if i < 0 {
			return len(text)
		}
		at := from + i
		if at > 0 {
			if r, _ := utf8.DecodeLastRuneInString(text[:at]); !c.before[r] {
				return at
			}
		}
		from = at + len(spaceMark)
	}
}

// newCuts looks at every piece, or returns nil if most texts would not be cut.
func newCuts(pieces func(yield func(string) bool)) *cuts {
	c := &cuts{before: map[rune]bool{utf8.RuneError: true}}
	for piece := range pieces {
		for from := 0; ; {
			i := strings.Index(piece[from:], spaceMark)
			if i < 0 {
				break
			}
			if at := from + i; at > 0 {
				r, _ := utf8.DecodeLastRuneInString(piece[:at])
				c.before[r] = true
			}
			from += i + len(spaceMark)
		}
	}
	return c
}
