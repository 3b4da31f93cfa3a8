package model_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/nn"
)

func idsOf(prompts []prompt, name string) []int32 {
	for _, p := range prompts {
		if p.Name == name {
			return p.IDs
		}
	}
	return nil
}

func checkModel(t *testing.T, m *model.Model, dir string, prompts []prompt) {
	t.Helper()
	if len(prompts) == 0 {
		t.Fatal("no reference prompts")
	}
	for _, p := range prompts {
		want, shape := readNPY(t, filepath.Join(dir, p.File))
		if len(p.IDs) == 0 || len(p.Positions) != shape[0] {
			t.Fatalf("%s: %d ids, %d positions for logits %v", p.Name, len(p.IDs), len(p.Positions), shape)
		}
		got := allLogits(t, m, p.IDs)
		V := m.VocabSize()
		var worst float64
		for i, pos := range p.Positions {
			for j := range V {
				worst = max(worst, math.Abs(float64(got[pos*V+j]-want[i*shape[1]+j])))
			}
		}
		t.Logf("%-7s %3d tokens: max |Δlogit| %.2e", p.Name, len(p.IDs), worst)
		if !(worst <= floatTolerance) {
			t.Errorf("%s: logits differ by %.3e, more than %.0e", p.Name, worst, floatTolerance)
		}
		if len(p.Greedy) == 0 {
			continue
		}
		if ids := greedy(t, m, p.IDs, len(p.Greedy)); fmt.Sprint(ids) != fmt.Sprint(p.Greedy) {
			t.Errorf("%s: greedy %v, want %v", p.Name, ids, p.Greedy)
		}
	}
}

// checkHidden compares the state before each layer and after the final norm.
func checkHidden(t *testing.T, m *model.Model, dir string, ids []int32) {
	t.Helper()
	want, shape := readNPY(t, filepath.Join(dir, "hidden_text1.npy"))
	layers := shape[0] - 1
	got := map[int][]float32{}
	m.SetTap(func(layer int, h nn.Rows) {
		if layer < 0 {
			layer = layers
		}
		got[layer] = append([]float32(nil), h.Data...)
	})
	defer m.SetTap(nil)
	allLogits(t, m, ids)
	n := shape[1] * shape[2]
	for l := range shape[0] {
		if len(got[l]) != n {
			t.Errorf("layer %d: %d values, want %d", l, len(got[l]), n)
			continue
		}
		var worst, size float64
		for i, w := range want[l*n : (l+1)*n] {
			worst = max(worst, math.Abs(float64(got[l][i]-w)))
			size = max(size, math.Abs(float64(w)))
		}
		if !(worst <= floatTolerance*max(1, size/10)) {
			t.Errorf("hidden state %d differs by %.3e (largest value %.1f)", l, worst, size)
		}
	}
}

func open(t *testing.T, path string, o model.Options) *model.Model {
	t.Helper()
	src, err := model.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(src, families.All(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// allLogits runs ids in one step and returns (T, V).
func allLogits(t *testing.T, m *model.Model, ids []int32) []float32 {
	t.Helper()
	V := m.VocabSize()
	b := &nn.Batch{Tokens: ids, Seqs: []nn.Span{{Len: len(ids), Pages: pages(t, m, len(ids))}}, Logits: make([]float32, len(ids)*V)}
	for i := range ids {
		b.Out = append(b.Out, int32(i))
	}
	if err := m.Step(b); err != nil {
		t.Fatal(err)
	}
	return b.Logits
}

func pages(t *testing.T, m *model.Model, n int) []int32 {
	t.Helper()
	count := (n + nn.PageTokens - 1) / nn.PageTokens
	if err := m.Reserve(count); err != nil {
		t.Fatal(err)
	}
	// Backwards, so that a table that is ignored shows.
	list := make([]int32, count)
	for i := range list {
		list[i] = int32(count - 1 - i)
	}
	return list
}

// greedy continues ids by n tokens, the prompt in uneven chunks, then one by one.
func greedy(t *testing.T, m *model.Model, ids []int32, n int) []int32 {
	t.Helper()
	table := pages(t, m, len(ids)+n)
	logits := make([]float32, m.VocabSize())
	step := func(pos int, tokens []int32) int32 {
		b := &nn.Batch{Tokens: tokens, Seqs: []nn.Span{{Len: len(tokens), Pos: pos, Pages: table}}, Out: []int32{int32(len(tokens) - 1)}, Logits: logits}
		if err := m.Step(b); err != nil {
			t.Fatal(err)
		}
		best := 0
		for i, v := range logits {
			if v > logits[best] {
				best = i
			}
		}
		return int32(best)
	}
	var next int32
	for pos := 0; pos < len(ids); pos += 7 {
		next = step(pos, ids[pos:min(pos+7, len(ids))])
	}
	out := []int32{next}
	for len(out) < n {
		next = step(len(ids)+len(out)-1, []int32{next})
		out = append(out, next)
	}
	return out
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func readVectors(t *testing.T, dir string) vectors {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "goldens.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
