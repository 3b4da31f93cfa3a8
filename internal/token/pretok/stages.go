package pretok

import (
	"strings"
	"unicode/utf8"

	"malmoi/internal/token/bytelevel"
	"malmoi/internal/token/uni"
)

// Digits cuts numbers out, digit by digit if individual is set.
func Digits(individual bool) Stage {
	if individual {
		return Split{Pattern: Class(uni.Number)}
	}
	return Split{Pattern: Class(uni.Number), Behavior: Contiguous}
}

// Punctuation cuts at each punctuation character.
func Punctuation(b Behavior) Stage { return Split{Pattern: Class(uni.Punct), Behavior: b} }

// WhitespaceSplit cuts at white space and drops it.
func WhitespaceSplit() Stage { return Split{Pattern: Class(uni.Space), Behavior: Removed} }

// Bert drops white space and cuts at each punctuation character.
func Bert() Stage { return Chain{WhitespaceSplit(), Punctuation(Isolated)}.Stage() }

// Whitespace is \w+|[^\w\s]+ : words, and runs of what is neither word nor space.
func Whitespace() Stage {
	return Split{Behavior: Removed, Invert: true, Pattern: scanner(func(c *classes, s string, i int) int {
		if end := c.run(s, i, uni.Word); end > i {
			return end
		}
		return c.runNot(s, i, uni.Word|uni.Space)
	})}
}

// PrefixSpace puts a space in front of a piece that has none there.
type PrefixSpace struct{}

// Split implements Stage.
func (PrefixSpace) Split(dst []string, s string, _ bool) []string {
	if !strings.HasPrefix(s, " ") {
		s = " " + s
	}
	return append(dst, s)
}

// Prefix says where Metaspace marks the beginning of a word that has no space
// before it.
type Prefix int

// The schemes of the Hugging Face format.
const (
	PrefixAlways Prefix = iota // before every piece
	PrefixFirst                // at the beginning of the text
	PrefixNever
)

// Metaspace writes spaces as a visible mark and cuts before each mark.
type Metaspace struct {
	Mark   rune
	Prefix Prefix
	Whole  bool // do not cut
}

// Split implements Stage.
func (m Metaspace) Split(dst []string, s string, first bool) []string {
	mark := string(m.Mark)
	s = strings.ReplaceAll(s, " ", mark)
	if m.Prefix == PrefixAlways || m.Prefix == PrefixFirst && first {
		if s != "" && !strings.HasPrefix(s, mark) {
			s = mark + s
		}
	}
	if m.Whole {
		return append(dst, s)
	}
	return Split{Pattern: Literal(mark), Behavior: MergedWithNext}.Split(dst, s, first)
}

// Mapped runs a stage on the visible spelling of bytes, for the few tokenizers
// that cut once more after the ByteLevel stage.
type Mapped struct{ Inner Stage }

// Split implements Stage.
func (m Mapped) Split(dst []string, s string, first bool) []string {
	for _, piece := range m.Inner.Split(nil, bytelevel.Visible(s), first) {
		raw, ok := bytelevel.Raw(piece)
		if !ok { // the stage added something that spells no byte
			raw = piece
		}
		dst = append(dst, raw)
	}
	return dst
}

// Fixed cuts into pieces of a number of code points.
type Fixed struct{ Length int }

// Split implements Stage.
func (f Fixed) Split(dst []string, s string, _ bool) []string {
	start, count := 0, 0
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		if i += n; count+1 == f.Length || i == len(s) {
			dst = append(dst, s[start:i])
			start, count = i, 0
			continue
		}
		count++
	}
	return dst
}
