package terms

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// First is the offset in text, in bytes, at which the first of the words
// stands, -1 if none does. The words are folded, the text is as it was written.
func First(text string, words []string) int {
	folded := Fold(text)
	at := -1
	for _, w := range words {
		if i := strings.Index(folded, w); i >= 0 && w != "" && (at < 0 || i < at) {
			at = i
		}
	}
	if at < 0 {
		return -1
	}
	found := len(text)
	done := 0
	segments(text, func(start, end int, piece string) bool {
		done += len(piece)
		if done > at {
			found = start
			return false
		}
		return true
	})
	return found
}

// Marks are the places of the words in text, as offsets in bytes, in order and
// without overlaps. Where a character of the text becomes several when it is
// folded, it is marked as a whole.
func Marks(text string, words []string) [][2]int {
	var b strings.Builder
	var from, to []int // of each folded byte, where in text it came from
	segments(text, func(start, end int, piece string) bool {
		b.WriteString(piece)
		for range len(piece) {
			from, to = append(from, start), append(to, end)
		}
		return true
	})
	folded := b.String()
	hit := make([]bool, len(folded))
	for _, w := range words {
		for at := 0; w != ""; {
			i := strings.Index(folded[at:], w)
			if i < 0 {
				break
			}
			for j := range len(w) {
				hit[at+i+j] = true
			}
			at += i + len(w)
		}
	}
	var out [][2]int
	for i, h := range hit {
		switch n := len(out); {
		case !h:
		case n > 0 && from[i] <= out[n-1][1]:
			out[n-1][1] = max(out[n-1][1], to[i])
		default:
			out = append(out, [2]int{from[i], to[i]})
		}
	}
	return out
}

// segments yields the smallest pieces of text that fold on their own.
func segments(text string, yield func(start, end int, piece string) bool) {
	var it norm.Iter
	it.InitString(norm.NFKC, text)
	for !it.Done() {
		start := it.Pos()
		piece := strings.ToLower(string(it.Next()))
		if !yield(start, it.Pos(), piece) {
			return
		}
	}
}
