package uni

import (
	"unicode"
	"unicode/utf8"
)

// newerLower are the code points whose lower case the reference library knows
// and the unicode package may not yet: first, last, distance.
var newerLower = []struct{ lo, hi, delta rune }{
	{0x1C89, 0x1C89, 1}, {0xA7CB, 0xA7CB, 0x264 - 0xA7CB}, {0xA7CC, 0xA7CC, 1}, {0xA7CE, 0xA7CE, 1},
	{0xA7D2, 0xA7D2, 1}, {0xA7D4, 0xA7D4, 1}, {0xA7DA, 0xA7DA, 1}, {0xA7DC, 0xA7DC, 0x19B - 0xA7DC},
	{0x10D50, 0x10D65, 0x20}, {0x16EA0, 0x16EB8, 0x1B},
}

// AppendLower appends the lower case of r, which is one code point for all but
// U+0130. Lower-casing is by code point, without the context of a final sigma,
// as the reference does it.
func AppendLower(dst []byte, r rune) []byte {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return append(dst, byte(r))
	case r == 0x130:
		return append(dst, "i\u0307"...)
	case r >= 0x1C89:
		for _, n := range newerLower {
			if n.lo <= r && r <= n.hi {
				return utf8.AppendRune(dst, r+n.delta)
			}
		}
	}
	return utf8.AppendRune(dst, unicode.ToLower(r))
}
