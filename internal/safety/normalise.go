package safety

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Normalise writes a text the way its words would stand in a dictionary: NFKC,
// lower case, letters spelt alone joined to syllables (ㅅㅣㅂㅏㄹ, 시바ㄹ),
// drawn-out vowels shortened (시이이발), signs and digits between syllables
// dropped (시*발, 시1발), and single syllables with spaces between them joined
// (시 발). Words stay apart by one space.
func Normalise(text string) string {
	text = norm.NFKC.String(strings.ToLower(text))
	text = norm.NFC.String(spelled(text))
	words := strings.Fields(strings.Map(separators, text))
	for i, w := range words {
		words[i] = shorten(squeeze(w))
	}
	return spelled(strings.Join(joinSingles(words), " ")) // ㅅ ㅣ ㅂ ㅏ ㄹ
}

// separators turns what no word holds into a space and drops what cannot be
// seen.
func separators(r rune) rune {
	switch {
	case r == '\u200b' || r == '\u200c' || r == '\u200d' || r == '\ufeff' || r == '\u00ad':
		return -1
	case strings.ContainsRune("\"'“”‘’()[]{}<>《》「」『』,;:。、/\\|\n", r):
		return ' '
	}
	return r
}

// squeeze drops signs and digits that stand between two Hangul letters of one
// word.
func squeeze(word string) string {
	rs := []rune(word)
	var out []rune
	for i, r := range rs {
		if hangul(r) || unicode.IsLetter(r) {
			out = append(out, r)
			continue
		}
		if between(rs, i) {
			continue
		}
		out = append(out, r)
	}
	return strings.TrimFunc(string(out), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// maxGap is how many signs may stand between two syllables of a word that is
// being disguised; more than that separate sentences.
const maxGap = 3

func between(rs []rune, i int) bool {
	left, right := -1, -1
	for k := i - 1; k >= 0 && i-k <= maxGap; k-- {
		if hangul(rs[k]) {
			left = k
			break
		}
	}
	for k := i + 1; k < len(rs) && k-i <= maxGap; k++ {
		if hangul(rs[k]) {
			right = k
			break
		}
	}
	return left >= 0 && right >= 0 && right-left <= maxGap+1
}

// joinSingles joins runs of words that are one Hangul letter each: 시 발 놈.
func joinSingles(words []string) []string {
	var out []string
	last := false
	for _, w := range words {
		rs := []rune(w)
		single := len(rs) == 1 && hangul(rs[0])
		if single && last {
			out[len(out)-1] += w
		} else {
			out = append(out, w)
		}
		last = single
	}
	return out
}

// shorten drops an open syllable of ㅇ that only draws out the vowel before.
func shorten(word string) string {
	var out []rune
	for _, r := range word {
		if n := len(out); n > 0 && drawsOut(out[n-1], r) {
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

const (
	firstSyllable = 0xAC00
	lastSyllable  = 0xD7A3
	finals        = 28
	vowels        = 21
	ieung         = 11 // the initial that is silent
)

func drawsOut(before, r rune) bool {
	if before < firstSyllable || before > lastSyllable || r < firstSyllable || r > lastSyllable {
		return false
	}
	b, c := before-firstSyllable, r-firstSyllable
	silent := c/(vowels*finals) == ieung && c%finals == 0
	return silent && b%finals == 0 && b/finals%vowels == c/finals%vowels
}

func hangul(r rune) bool {
	return r >= firstSyllable && r <= lastSyllable || r >= 'ㄱ' && r <= 'ㅣ'
}
