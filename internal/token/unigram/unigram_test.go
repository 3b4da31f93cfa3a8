package unigram

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBestCut compares with trying every way to cut.
func TestBestCut(t *testing.T) {
	c := Config{Pieces: []string{"<unk>", "a", "b", "ab", "ba", "aba", "가", "가a"}, Scores: []float64{0, -3, -3.25, -5, -5.5, -7.125, -4, -9}, Unk: 0}
	m, err := New(Config{Pieces: c.Pieces, Scores: c.Scores, Unk: 0, Include: func(id int32) bool { return id > 0 }})
	if err != nil {
		t.Fatal(err)
	}
	var best func(word string) float64
	best = func(word string) float64 {
		if word == "" {
			return 0
		}
		top := math.Inf(-1)
		for id, p := range c.Pieces[1:] {
			if len(p) <= len(word) && word[:len(p)] == p {
				top = max(top, c.Scores[id+1]+best(word[len(p):]))
			}
		}
		return top
	}
	r := rand.New(rand.NewPCG(7, 8))
	for range 3000 {
		word := ""
		for range 1 + r.IntN(9) {
			word += []string{"a", "b", "가"}[r.IntN(3)]
		}
		score, text := 0.0, ""
		for _, id := range m.Append(nil, word) {
			score, text = score+c.Scores[id], text+c.Pieces[id]
		}
		if text != word || math.Abs(score-best(word)) > 1e-9 {
			t.Fatalf("%q: cut into %q with %v, best is %v", word, text, score, best(word))
		}
	}
}

func TestUnknown(t *testing.T) {
	m, err := New(Config{Pieces: []string{"<unk>", "a"}, Scores: []float64{0, -1}, Unk: 0, Include: func(id int32) bool { return id > 0 }})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][]int32{"": nil, "xya": {0, 1}, "axxa\xffx": {1, 0, 1, 0}} {
		if got := m.Append(nil, word); !slices.Equal(got, want) {
			t.Errorf("%q: got %v, want %v", word, got, want)
		}
	}
	for _, c := range []Config{
		{Pieces: []string{"a"}, Scores: nil}, {Pieces: []string{"a"}, Scores: []float64{1}, Unk: -1},
		{Pieces: []string{"a"}, Scores: []float64{math.NaN()}}, {Pieces: []string{"a"}, Scores: []float64{math.Inf(1)}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}
