package sample

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestBestIsEnough spoils every logit that Params.Best says does not matter, as
// far as it stays below those that do: the draw must be the same.
func TestBestIsEnough(t *testing.T) {
	var m Sampler
	served := 0
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(41, seed))
		p, _, row, _ := scenario(r)
		if r.IntN(2) == 0 { // otherwise nearly all have penalties
			p.RepetitionPenalty, p.PresencePenalty, p.FrequencyPenalty, p.LogitBias = 0, 0, 0, nil
		}
		k := p.Best()
		if k == 0 || k >= len(row) {
			continue
		}
		served++
		sorted := slices.Sorted(slices.Values(row))
		least := sorted[len(sorted)-k]
		spoilt := slices.Clone(row)
		for i, x := range row {
			if x < least && r.IntN(2) == 0 {
				spoilt[i] = min(x+float32(r.NormFloat64()), least-1)
			}
		}
		want, errWant := m.Sample(NewState(p), 5, row, nil, 0)
		got, errGot := m.Sample(NewState(p), 5, spoilt, nil, 0)
		if (errWant == nil) != (errGot == nil) || got.ID != want.ID {
			t.Fatalf("seed %d, %+v: %d (%v) with the %d greatest alone, want %d (%v)", seed, p, got.ID, errGot, k, want.ID, errWant)
		}
	}
	if served < 300 {
		t.Errorf("only %d of 3000 scenarios need less than all logits", served)
	}
}

func TestBest(t *testing.T) {
	f := func(want int, p Params) {
		t.Helper()
		if got := p.Best(); got != want {
			t.Errorf("%+v: the %d greatest decide, want %d", p, got, want)
		}
	}
	f(1, Params{})
	f(1, Params{TopK: 40})
	f(40, Params{Temperature: 1, TopK: 40, TopP: 0.9, MinP: 0.1})
	f(0, Params{Temperature: 1, TopP: 0.9, MinP: 0.1})
	f(0, Params{Temperature: 1, TopK: maxHeld + 1})
	f(0, Params{RepetitionPenalty: 1.1})
	f(0, Params{PresencePenalty: 1})
	f(0, Params{LogitBias: map[int32]float32{3: 1}})
}
