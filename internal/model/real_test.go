package model_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/model"
	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
)

// realVectors are float32 results of one real GGUF file.
type realVectors struct {
	Model string `json:"model"`
	SHA   string `json:"gguf_sha256"`
	Texts []struct {
		Name string     `json:"name"`
		IDs  []int32    `json:"ids"`
		NLL  []*float64 `json:"nll"`
		Peer struct {
			NLL float64 `json:"mean_abs_dnll"`
		} `json:"llama_cpp"`
		Top []struct {
			Pos       int       `json:"position"`
			IDs       []int32   `json:"ids"`
			Logits    []float32 `json:"logits"`
			LogSumExp float64   `json:"logsumexp"`
		} `json:"top10"`
	} `json:"texts"`
}

// noise is the slack of the comparison with llama.cpp: both round activations
// to 8 bits, each with its own rounding errors, and a mean over a few texts
// moves by some per cent when only these change.
const noise = 1.1

// exactNLL is the fidelity asked of the float32 path.
const exactNLL = 1e-4

func TestRealModels(t *testing.T) {
	names, _ := filepath.Glob(filepath.Join(golden.Path(t, "real"), "*.json"))
	if len(names) == 0 {
		t.Fatal("no reference results of real models")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".json"), func(t *testing.T) {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var v realVectors
			if err := json.Unmarshal(data, &v); err != nil {
				t.Fatal(err)
			}
			path := golden.Model(t, v.SHA)
			t.Run("fast", func(t *testing.T) {
				nll, _ := compareReal(t, path, v, model.Options{Threads: 2})
				if peer := v.peerNLL(); !(nll <= noise*peer) {
					t.Errorf("mean |ΔNLL| %.4f, llama.cpp has %.4f on these texts", nll, peer)
				}
			})
			t.Run("exact", func(t *testing.T) {
				if strings.Contains(v.Model, "1.5b") && testing.Short() {
					t.Skip("6 GB of float32 weights: not with -short")
				}
				if nll, _ := compareReal(t, path, v, model.Options{Threads: 2, Exact: true}); !(nll <= exactNLL) {
					t.Errorf("mean |ΔNLL| %.2e, more than %.0e", nll, exactNLL)
				}
			})
		})
	}
}

// peerNLL is llama.cpp's mean |ΔNLL| over the texts.
func (v realVectors) peerNLL() float64 {
	var sum, n float64
	for _, text := range v.Texts {
		k := float64(len(text.IDs) - 1)
		sum, n = sum+k*text.Peer.NLL, n+k
	}
	return sum / n
}

// compareReal returns the mean |ΔNLL| and the share of equal best tokens at the
// positions the reference lists.
func compareReal(t *testing.T, path string, v realVectors, o model.Options) (nll, top1 float64) {
	t.Helper()
	m := open(t, path, o)
	var all []float64
	same, listed := 0, 0
	for _, text := range v.Texts {
		best := make([]int32, len(text.IDs))
		var diffs []float64
		eachPosition(t, m, text.IDs, func(pos int, logits []float32) {
			best[pos] = int32(kernel.ArgMax(logits))
			if pos+1 < len(text.IDs) {
				got := kernel.LogSumExp(logits) - float64(logits[text.IDs[pos+1]])
				diffs = append(diffs, math.Abs(got-*text.NLL[pos+1]))
			}
		})
		for _, top := range text.Top {
			listed++
			if best[top.Pos] == top.IDs[0] {
				same++
			}
		}
		t.Logf("%-12s %4d tokens: mean |ΔNLL| %.2e", text.Name, len(text.IDs), mean(diffs))
		all = append(all, diffs...)
	}
	sort.Float64s(all)
	nll, top1 = mean(all), float64(same)/float64(listed)
	t.Logf("all: mean |ΔNLL| %.2e, p99 %.2e, same best token at %d of %d", nll, all[len(all)*99/100], same, listed)
	return nll, top1
}

func mean(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s / float64(max(1, len(x)))
}

// eachPosition runs ids in steps of 64 rows and shows each row's logits.
func eachPosition(t *testing.T, m *model.Model, ids []int32, f func(pos int, logits []float32)) {
	t.Helper()
	const step = 64
	V := m.VocabSize()
	table := pages(t, m, len(ids))
	logits := make([]float32, step*V)
	for pos := 0; pos < len(ids); pos += step {
		n := min(step, len(ids)-pos)
		b := &nn.Batch{Tokens: ids[pos : pos+n], Seqs: []nn.Span{{Len: n, Pos: pos, Pages: table}}, Logits: logits}
		for i := range n {
			b.Out = append(b.Out, int32(i))
		}
		if err := m.Step(b); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			f(pos+i, logits[i*V:(i+1)*V])
		}
	}
}
