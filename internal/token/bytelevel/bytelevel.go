// Package bytelevel is the alphabet in which byte-level vocabularies spell bytes:
// printable Latin-1 stands for itself, every other byte for a code point from
// U+0100 on (Ġ is a space). It knows nothing of tokens.
//
// Source: Radford et al. 2019 (GPT-2), the mapping of its encoder.
package bytelevel

import "unicode/utf8"

var alphabet = build()

type tables struct {
	visible [256]rune
	raw     [0x144]int16 // byte of a code point, or -1
}

func build() *tables {
	t := &tables{}
	for i := range t.raw {
		t.raw[i] = -1
	}
	next := rune(0x100)
	for b := range t.visible {
		r := rune(b)
		if b <= ' ' || 0x7F <= b && b <= 0xA0 || b == 0xAD {
			r = next
			next++
		}
		t.visible[b], t.raw[r] = r, int16(b)
	}
	return t
}

// AppendVisible appends the spelling of one byte.
func AppendVisible(dst []byte, b byte) []byte { return utf8.AppendRune(dst, alphabet.visible[b]) }

// Visible spells bytes.
func Visible(raw string) string {
	out := make([]byte, 0, 2*len(raw))
	for i := 0; i < len(raw); i++ {
		out = AppendVisible(out, raw[i])
	}
	return string(out)
}

// AppendRaw appends the bytes that visible spells. ok is false, and dst comes
// back unchanged, if a code point spells no byte.
func AppendRaw(dst []byte, visible string) (out []byte, ok bool) {
	out = dst
	for _, r := range visible {
		if r >= rune(len(alphabet.raw)) || alphabet.raw[r] < 0 {
			return dst, false
		}
		out = append(out, byte(alphabet.raw[r]))
	}
	return out, true
}

// Raw returns the bytes that visible spells.
func Raw(visible string) (string, bool) {
	out, ok := AppendRaw(nil, visible)
	return string(out), ok
}
