package model_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/model"
	"malmoi/internal/nn"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/kernel"
)

// TestScreeningFindsTheSame lets real models go on greedily for 200 tokens, a
// screened head beside a whole one: in every step the greatest logits must be
// the same tokens with the same bits, and everything else must lie below.
func TestScreeningFindsTheSame(t *testing.T) {
	for _, name := range []string{"gemma-3-270m-q4_k_m", "qwen2.5-coder-0.5b-q4_k_m", "smollm2-135m-q4_1"} {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(golden.Path(t, "real"), name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			var v realVectors
			if err := json.Unmarshal(data, &v); err != nil {
				t.Fatal(err)
			}
			path := golden.Model(t, v.SHA)
			whole := open(t, path, model.Options{Threads: 2, NoScreening: true})
			screened := open(t, path, model.Options{Threads: 2})
			cputest.ForEach(t, func(t *testing.T, l cpu.Level) {
				if kernel.ScreenRows() == 0 {
					t.Skip("the portable level does not screen")
				}
				tokens := 200
				if l != cpu.Best() || testing.Short() {
					tokens = 20
				}
				before := screened.Screened()
				compareScreened(t, whole, screened, v.Texts[len(v.Texts)-1].IDs[:24], tokens)
				s := screened.Screened()
				s.Steps, s.Whole, s.Panels, s.Exact = s.Steps-before.Steps, s.Whole-before.Whole, s.Panels-before.Panels, s.Exact-before.Exact
				if s.Steps-s.Whole < int64(tokens)/2 {
					t.Errorf("only %d steps of %d were screened, %d in vain", s.Steps, tokens, s.Whole)
				}
				t.Logf("%d of %d steps screened, %d in vain; %.2f %% of the panels exact", s.Steps, tokens, s.Whole, 100*float64(s.Exact)/float64(s.Panels))
			})
			if n := whole.Screened().Steps; n > 0 {
				t.Errorf("%d steps screened where it is switched off", n)
			}
		})
	}
}

// compareScreened generates tokens with both models. Each step asks for another
// number of greatest logits, and every fifth for those of several rows.
func compareScreened(t *testing.T, whole, screened *model.Model, prompt []int32, tokens int) {
	t.Helper()
	V := whole.VocabSize()
	length := len(prompt) + tokens
	pages := [2][]int32{pages(t, whole, length), pages(t, screened, length)}
	ids := slices.Clone(prompt)
	var logits [2][]float32
	have := 0
	for step := range tokens {
		k := []int32{1, 1, 8, 1, 40}[step%5]
		rows := 1
		if step%5 == 1 && kernel.ScreenRows() > 1 {
			rows, have = 3, have-2 // the last two once more
		}
		for i, m := range []*model.Model{whole, screened} {
			logits[i] = make([]float32, rows*V)
			b := &nn.Batch{Tokens: ids[have:], Seqs: []nn.Span{{Len: len(ids) - have, Pos: have, Pages: pages[i]}}, Logits: logits[i]}
			for r := range rows {
				b.Out = append(b.Out, int32(len(b.Tokens)-rows+r))
				b.Best = append(b.Best, k)
			}
			if err := m.Step(b); err != nil {
				t.Fatal(err)
			}
		}
		for r := range rows {
			sameBest(t, logits[0][r*V:(r+1)*V], logits[1][r*V:(r+1)*V], int(k))
		}
		have = len(ids)
		ids = append(ids, int32(kernel.ArgMax(logits[0][(rows-1)*V:])))
	}
}

// sameBest compares the k greatest logits and what equals the least of them.
func sameBest(t *testing.T, want, got []float32, k int) {
	t.Helper()
	var greatest []float32 // ascending
	for _, w := range want {
		if len(greatest) == k && w <= greatest[0] {
			continue
		}
		i, _ := slices.BinarySearch(greatest, w)
		greatest = slices.Insert(greatest, i, w)
		greatest = greatest[max(0, len(greatest)-k):]
	}
	least := greatest[0]
	for id, w := range want {
		g := got[id]
		if w >= least && math.Float32bits(g) != math.Float32bits(w) {
			t.Fatalf("k=%d: logit %d is %g, want %g (least %g)", k, id, g, w, least)
		}
		if w < least && !(g < least) {
			t.Fatalf("k=%d: logit %d is %g, not below the least %g (whole %g)", k, id, g, least, w)
		}
	}
}
