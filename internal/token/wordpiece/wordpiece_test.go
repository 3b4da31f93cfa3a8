package wordpiece

import (
	"slices"
	"strings"
	"testing"

	"malmoi/internal/token/vocab"
)

func TestWordPiece(t *testing.T) {
	v := vocab.New([]string{"[UNK]", "un", "##aff", "##able", "##a", "학교", "##에서", "학"}, nil)
	m := New(Config{Vocab: v, Unk: 0, Prefix: "##", Max: 10})
	for range 2 { // the second time from the cache
		for word, want := range map[string][]int32{
			"unaffable": {1, 2, 3}, "una": {1, 4}, "unx": {0}, "aff": {0}, "학교에서": {5, 6}, "학": {7}, "": nil,
			"un" + strings.Repeat("a", 9): {0}, "un\xff": {0},
		} {
			if got := m.Append(nil, word); !slices.Equal(got, want) {
				t.Errorf("%q: got %v, want %v", word, got, want)
			}
		}
	}
	w := Words{Vocab: v, Unk: -1}
	if got := w.Append(w.Append(nil, "학교"), "x"); !slices.Equal(got, []int32{5}) {
		t.Errorf("words: got %v", got)
	}
}
