package token

import "unicode/utf8"

const replacement = "\uFFFD"

// appendLossy appends b as UTF-8. Every maximal part of b that begins a code point
// but does not complete one becomes one U+FFFD, as in Python's errors="replace" and
// Rust's from_utf8_lossy (Unicode 3.9, "substitution of maximal subparts").
func appendLossy(dst, b []byte) []byte {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r != utf8.RuneError || n != 1 {
			dst, b = append(dst, b[:n]...), b[n:]
			continue
		}
		n, _ = subpart(b)
		dst, b = append(dst, replacement...), b[n:]
	}
	return dst
}

// subpart returns the length of the longest beginning of b that could be the
// beginning of a code point, at least 1, and whether more bytes could complete it.
// b does not begin with a whole code point.
func subpart(b []byte) (n int, open bool) {
	need, lo, hi := 0, byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case 0xC2 <= c && c <= 0xDF:
		need = 1
	case 0xE0 <= c && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			lo = 0xA0
		} else if c == 0xED {
			hi = 0x9F
		}
	case 0xF0 <= c && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			lo = 0x90
		} else if c == 0xF4 {
			hi = 0x8F
		}
	default:
		return 1, false
	}
	for n = 1; n <= need && n < len(b); n++ {
		if b[n] < lo || b[n] > hi {
			return n, false
		}
		lo, hi = 0x80, 0xBF
	}
	return n, n <= need
}
