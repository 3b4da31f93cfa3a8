package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isSpace is Python's str.isspace for one code point.
func isSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', 0x1c, 0x1d, 0x1e, 0x1f, ' ', 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// isLineEnd reports the code points at which str.splitlines cuts.
func isLineEnd(r rune) bool {
	switch r {
	case '\n', '\r', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

func isDigits(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return s != ""
}

// longUpper and longTitle are the code points whose upper or title case is
// several code points long (Unicode SpecialCasing).
var longUpper = map[rune]string{
	'ß': "SS", 'ŉ': "ʼN", 'ǰ': "J̌", 'ΐ': "Ϊ́", 'ΰ': "Ϋ́", 'և': "ԵՒ", 'ẖ': "H̱", 'ẗ': "T̈", 'ẘ': "W̊", 'ẙ': "Y̊", 'ẚ': "Aʾ",
	'ﬀ': "FF", 'ﬁ': "FI", 'ﬂ': "FL", 'ﬃ': "FFI", 'ﬄ': "FFL", 'ﬅ': "ST", 'ﬆ': "ST",
}

var longTitle = map[rune]string{
	'ß': "Ss", 'ŉ': "ʼN", 'ǰ': "J̌", 'ΐ': "Ϊ́", 'ΰ': "Ϋ́", 'և': "Եւ", 'ẖ': "H̱", 'ẗ': "T̈", 'ẘ': "W̊", 'ẙ': "Y̊", 'ẚ': "Aʾ",
	'ﬀ': "Ff", 'ﬁ': "Fi", 'ﬂ': "Fl", 'ﬃ': "Ffi", 'ﬄ': "Ffl", 'ﬅ': "St", 'ﬆ': "St",
}

func upperRune(r rune) string {
	if s, ok := longUpper[r]; ok {
		return s
	}
	return string(unicode.ToUpper(r))
}

func titleRune(r rune) string {
	if s, ok := longTitle[r]; ok {
		return s
	}
	return string(unicode.ToTitle(r))
}

// lowerAt is the lower case of the code point r at byte i of s. A capital
// sigma at the end of a word becomes a final sigma.
func lowerAt(s string, i int, r rune) string {
	switch {
	case r == 'İ':
		return "i̇"
	case r == 'Σ' && finalSigma(s, i):
		return "ς"
	}
	return string(unicode.ToLower(r))
}

func finalSigma(s string, i int) bool {
	before, w := utf8.DecodeLastRuneInString(s[:i])
	for end := i; w > 0 && caseIgnorable(before); {
		end -= w
		before, w = utf8.DecodeLastRuneInString(s[:end])
	}
	if w == 0 || !isCased(before) {
		return false
	}
	for _, r := range s[i+len("Σ"):] {
		if !caseIgnorable(r) {
			return !isCased(r)
		}
	}
	return true
}

func caseIgnorable(r rune) bool {
	return strings.ContainsRune("'.:^`\u00ad\u00b7\u2018\u2019\u2024\u2027", r) ||
		unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

func isCased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) || unicode.In(r, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

func isUpperRune(r rune) bool { return unicode.IsUpper(r) || unicode.Is(unicode.Other_Uppercase, r) }
func isLowerRune(r rune) bool { return unicode.IsLower(r) || unicode.Is(unicode.Other_Lowercase, r) }

func (s Str) lower() Str {
	return s.mapRunes(func(i int, r rune) string { return lowerAt(s.s, i, r) })
}

func (s Str) upper() Str {
	return s.mapRunes(func(_ int, r rune) string { return upperRune(r) })
}

// capitalize gives the first code point title case and the rest lower case.
func (s Str) capitalize() Str {
	return s.mapRunes(func(i int, r rune) string {
		if i == 0 {
			return titleRune(r)
		}
		return lowerAt(s.s, i, r)
	})
}

// title gives every word title case, as Python's str.title counts words.
func (s Str) title() Str {
	inWord := false
	return s.mapRunes(func(i int, r rune) string {
		was := inWord
		inWord = isCased(r)
		if was {
			return lowerAt(s.s, i, r)
		}
		return titleRune(r)
	})
}

func (s Str) swapcase() Str {
	return s.mapRunes(func(i int, r rune) string {
		switch {
		case isUpperRune(r):
			return lowerAt(s.s, i, r)
		case isLowerRune(r):
			return upperRune(r)
		}
		return string(r)
	})
}

// casefold is lower case without the distinctions that comparison ignores.
func (s Str) casefold() Str {
	return s.mapRunes(func(_ int, r rune) string {
		switch {
		case r == 'ß' || r == 'ẞ':
			return "ss"
		case r == 'ς':
			return "σ"
		case r == 'İ':
			return "i̇"
		}
		if u, ok := longUpper[r]; ok {
			return strings.ToLower(u)
		}
		return string(unicode.ToLower(r))
	})
}
