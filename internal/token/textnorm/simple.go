package textnorm

import (
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/pretok"
	"malmoi/internal/token/uni"
)

// Lowercase lower-cases by code point.
type Lowercase struct{}

// Normalize implements Normalizer.
func (Lowercase) Normalize(text string) string {
	return mapRunes(text, func(dst []byte, r rune) []byte { return uni.AppendLower(dst, r) })
}

// StripAccents removes combining marks; it expects decomposed text.
type StripAccents struct{}

// Normalize implements Normalizer.
func (StripAccents) Normalize(text string) string { return dropClass(text, uni.Mark) }

// dropClass removes code points of a class.
func dropClass(text string, set uni.Class) string {
	table := uni.Get()
	return mapRunes(text, func(dst []byte, r rune) []byte {
		if table.Of(r)&set != 0 {
			return dst
		}
		return utf8.AppendRune(dst, r)
	})
}

// mapRunes rewrites text code point by code point; bytes that are not UTF-8 stay.
func mapRunes(text string, appendTo func(dst []byte, r rune) []byte) string {
	out := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if r == utf8.RuneError && n == 1 {
			out = append(out, text[i])
		} else {
			out = appendTo(out, r)
		}
		i += n
	}
	if string(out) == text {
		return text
	}
	return string(out)
}

// Prepend puts a string in front of text that is not empty.
type Prepend struct{ Text string }

// Normalize implements Normalizer.
func (p Prepend) Normalize(text string) string {
	if text == "" {
		return text
	}
	return p.Text + text
}

// Strip removes white space at the ends.
type Strip struct{ Left, Right bool }

// Normalize implements Normalizer.
func (p Strip) Normalize(text string) string {
	space := func(r rune) bool { return uni.Of(r)&uni.Space != 0 }
	if p.Left {
		text = strings.TrimLeftFunc(text, space)
	}
	if p.Right {
		text = strings.TrimRightFunc(text, space)
	}
	return text
}

// Replace rewrites every match of a pattern.
type Replace struct {
	Pattern pretok.Pattern
	With    string
}

// ReplaceString rewrites every occurrence of a fixed string.
func ReplaceString(old, with string) Normalizer { return replaceString{old, with} }

type replaceString struct{ old, with string }

// Normalize implements Normalizer. An empty string occurs nowhere.
func (p replaceString) Normalize(text string) string {
	if p.old == "" {
		return text
	}
	return strings.ReplaceAll(text, p.old, p.with)
}

// Normalize implements Normalizer.
func (p Replace) Normalize(text string) string {
	var out []byte
	var state any
	done, from := 0, 0
	for from <= len(text) {
		start, end, next := p.Pattern.Find(text, from, state)
		if start < 0 {
			break
		}
		state = next
		out = append(append(out, text[done:start]...), p.With...)
		done, from = end, end
		if start == end {
			from++
		}
	}
	if done == 0 && len(out) == 0 {
		return text
	}
	return string(append(out, text[done:]...))
}

// Nmt is SentencePiece's "nmt" cleaning: control characters go, odd spaces become
// plain ones.
type Nmt struct{}

// Normalize implements Normalizer.
func (Nmt) Normalize(text string) string {
	return mapRunes(text, func(dst []byte, r rune) []byte {
		switch {
		case 0x01 <= r && r <= 0x08, r == 0x0B, 0x0E <= r && r <= 0x1F, r == 0x7F, r == 0x8F, r == 0x9F:
			return dst
		case r == '\t', r == '\n', r == '\f', r == '\r', r == 0x1680, 0x200B <= r && r <= 0x200F,
			r == 0x2028, r == 0x2029, r == 0x2581, r == 0xFEFF, r == 0xFFFD:
			return append(dst, ' ')
		}
		return utf8.AppendRune(dst, r)
	})
}
