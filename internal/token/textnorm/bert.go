package textnorm

import (
	"unicode/utf8"

	"malmoi/internal/token/uni"
)

// Bert is BERT's normalizer.
type Bert struct {
	Clean        bool // drop control characters, make white space plain
	CJK          bool // put spaces around ideographs
	StripAccents bool // decompose and drop nonspacing marks
	Lower        bool
}

// Normalize implements Normalizer.
func (b Bert) Normalize(text string) string {
	if b.Clean || b.CJK {
		text = b.clean(text)
	}
	if b.StripAccents {
		text = dropClass(NFD().Normalize(text), uni.Accent)
	}
	if b.Lower {
		text = Lowercase{}.Normalize(text)
	}
	return text
}

func (b Bert) clean(text string) string {
	table := uni.Get()
	return mapRunes(text, func(dst []byte, r rune) []byte {
		k := table.Of(r)
		switch {
		case b.Clean && k&uni.Control != 0:
			return dst
		case b.Clean && k&uni.Blank != 0:
			return append(dst, ' ')
		case b.CJK && k&uni.CJK != 0:
			return append(utf8.AppendRune(append(dst, ' '), r), ' ')
		}
		return utf8.AppendRune(dst, r)
	})
}
