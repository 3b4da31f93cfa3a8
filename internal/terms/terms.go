// Package terms turns text into what a search index keeps of it, so that Korean
// is found without a dictionary: syllables and pairs of neighbouring syllables
// of Hangul and other scripts without word gaps, and whole words of the rest.
// A two-syllable noun is one pair, wherever particles are glued to it.
//
// The terms of a text say which texts may hold a query; Holds says which do.
// The package knows no database and no ranking.
package terms

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxWord is how many bytes of a word are kept.
const MaxWord = 64

// Of lists the distinct terms of a text, in order of appearance.
func Of(text string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(t string) {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	for word := range words(Fold(text)) {
		if !dense(word) {
			add(cut(word))
			continue
		}
		last := ""
		for _, r := range word {
			s := string(r)
			add(s)
			if last != "" {
				add(last + s)
			}
			last = s
		}
	}
	return out
}

// Term is one condition of a query.
type Term struct {
	Text   string
	Prefix bool // the term of the text may be longer
}

// Query lists the terms that a text must have to hold the query.
func Query(query string) []Term {
	var out []Term
	seen := map[string]bool{}
	add := func(t string, prefix bool) {
		if !seen[t] {
			seen[t] = true
			out = append(out, Term{t, prefix})
		}
	}
	for word := range words(Fold(query)) {
		switch {
		case !dense(word):
			add(cut(word), true)
		case utf8.RuneCountInString(word) == 1:
			add(word, false)
		default:
			last := ""
			for _, r := range word {
				if last != "" {
					add(last+string(r), false)
				}
				last = string(r)
			}
		}
	}
	return out
}

// Fold writes text as it is compared: NFKC, lower case.
func Fold(text string) string { return strings.ToLower(norm.NFKC.String(text)) }

// Words are the words of a query, folded: a text that holds it has each of
// them somewhere.
func Words(query string) []string {
	return strings.FieldsFunc(Fold(query), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// Holds reports whether a text, folded, has every word.
func Holds(folded string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(folded, w) {
			return false
		}
	}
	return len(words) > 0
}

// words yields runs of letters and digits of one kind: dense ones, which are
// written without gaps, or others.
func words(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		start, kind := -1, other
		for i, r := range text {
			k := kindOf(r)
			if k == kind && k != other {
				continue
			}
			if start >= 0 && kind != other && !yield(text[start:i]) {
				return
			}
			start, kind = i, k
		}
		if start >= 0 && kind != other {
			yield(text[start:])
		}
	}
}

type kind int

const (
	other kind = iota
	spaced
	compact
)

func kindOf(r rune) kind {
	switch {
	case unicode.In(r, unicode.Hangul, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
		return compact
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return spaced
	}
	return other
}

func dense(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return kindOf(r) == compact
}

func cut(word string) string {
	if len(word) <= MaxWord {
		return word
	}
	return strings.ToValidUTF8(word[:MaxWord], "")
}
