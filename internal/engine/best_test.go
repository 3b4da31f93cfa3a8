package engine

import (
	"context"
	"slices"
	"testing"

	"malmoi/internal/engine/sample"
)

// TestStepsSayWhatTheyNeed looks at what the model is told of each request's
// rows.
func TestStepsSayWhatTheyNeed(t *testing.T) {
	f := func(name string, want int32, q Request) {
		t.Helper()
		var told []int32
		m := &mock{V: 50, context: 100, onStep: func(b *Batch) {
			if len(b.Best) != len(b.Out) {
				t.Errorf("%s: %d counts for %d rows", name, len(b.Best), len(b.Out))
			}
			told = append(told, b.Best...)
		}}
		e := New(m, Options{KVPages: 8})
		defer e.Close()
		q.Prompt, q.MaxTokens = []int32{1, 2, 3}, 4
		s, err := e.Submit(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := s.Next(context.Background()); err != nil {
				break
			}
		}
		e.Close()
		if len(told) == 0 || slices.ContainsFunc(told, func(k int32) bool { return k != want }) {
			t.Errorf("%s: the model was told %v, want %d", name, told, want)
		}
	}
	f("greedy", 1, Request{})
	f("top-k", 7, Request{Sampling: sample.Params{Temperature: 1, TopK: 7}})
	f("temperature alone", 0, Request{Sampling: sample.Params{Temperature: 1}})
	f("penalty", 0, Request{Sampling: sample.Params{RepetitionPenalty: 1.2}})
	f("log probabilities", 0, Request{LogProbs: 3})
	f("constraint", 0, Request{Constraint: &lattice{}})
}
