package llm_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/llm"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// embedding is what the reference makes of one text: its token ids with the
// frame of the model, and the mean-pooled vector of unit length.
type embedding struct {
	Text string    `json:"text"`
	IDs  []int32   `json:"ids"`
	Mean []float32 `json:"mean"`
}

// TestEmbedTiny holds texts to vectors against transformers, from the text on,
// for the two kinds of encoder.
func TestEmbedTiny(t *testing.T) {
	for _, name := range []string{"bert", "xlm_roberta"} {
		dir := filepath.Join("..", "model", "testdata", "tiny", name)
		want := readJSON[[]embedding](t, filepath.Join(dir, "vectors.json"))
		cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
			m := load(t, dir, llm.Options{Threads: 2, Exact: true})
			checkEmbeddings(t, m, want, 1e-5, 0.99999)
		})
	}
}

// TestEmbedMiniLM does the same with a real sentence encoder: in float32, in
// the file's values with 8-bit activations, and quantised at load.
func TestEmbedMiniLM(t *testing.T) {
	dir := golden.Folder(t, "all-minilm-l6-v2")
	want := readJSON[[]embedding](t, filepath.Join("testdata", "minilm.json"))
	raw, err := os.ReadFile(filepath.Join("testdata", "minilm.f32"))
	if err != nil {
		t.Fatal(err)
	}
	C := len(raw) / 4 / len(want)
	for i := range want {
		for c := range C {
			want[i].Mean = append(want[i].Mean, math.Float32frombits(binary.LittleEndian.Uint32(raw[4*(i*C+c):])))
		}
	}
	for _, c := range []struct {
		name         string
		o            llm.Options
		diff, cosine float64
	}{
		{"exact", llm.Options{Threads: 2, Exact: true}, 1e-5, 0.99999},
		{"file", llm.Options{Threads: 2}, 1e-3, 0.9999},
		{"q8_0", llm.Options{Threads: 1, Quant: quant.Q8_0}, 1e-2, 0.999},
	} {
		t.Run(c.name, func(t *testing.T) { checkEmbeddings(t, load(t, dir, c.o), want, c.diff, c.cosine) })
	}
}

// TestEmbedPooling checks that the pooling the folder declares is the one used:
// the first or last token's state, scaled to unit length.
func TestEmbedPooling(t *testing.T) {
	from := filepath.Join("..", "model", "testdata", "tiny", "xlm_roberta")
	text := readJSON[[]embedding](t, filepath.Join(from, "vectors.json"))[0]
	npy, err := os.ReadFile(filepath.Join(from, "hidden_text1.npy"))
	if err != nil {
		t.Fatal(err)
	}
	C := len(text.Mean)
	last := npy[len(npy)-4*C*len(text.IDs):] // states after the last layer
	for key, row := range map[string]int{"pooling_mode_cls_token": 0, "pooling_mode_lasttoken": len(text.IDs) - 1} {
		t.Run(key, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "1_Pooling"), 0o755); err != nil {
				t.Fatal(err)
			}
			config := []byte(`{"pooling_mode_mean_tokens": false, "` + key + `": true}`)
			if err := os.WriteFile(filepath.Join(dir, "1_Pooling", "config.json"), config, 0o644); err != nil {
				t.Fatal(err)
			}
			want := embedding{Text: text.Text, IDs: text.IDs, Mean: unitRow(last[4*C*row : 4*C*(row+1)])}
			checkEmbeddings(t, load(t, dir, llm.Options{Threads: 1, Exact: true}), []embedding{want}, 1e-5, 0.99999)
		})
	}
}

func unitRow(raw []byte) []float32 {
	out := make([]float32, len(raw)/4)
	var sum float64
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		sum += float64(out[i]) * float64(out[i])
	}
	for i := range out {
		out[i] = float32(float64(out[i]) / math.Sqrt(sum))
	}
	return out
}

func checkEmbeddings(t *testing.T, m *llm.Model, want []embedding, maxDiff, minCosine float64) {
	t.Helper()
	worst, least := 0.0, 1.0
	for _, w := range want {
		if ids := m.Tokenizer().WithSpecials(m.Tokenizer().Encode(w.Text, false)); !slices.Equal(ids, w.IDs) {
			t.Errorf("%q: ids %v, want %v", w.Text, ids, w.IDs)
			continue
		}
		got, n, err := m.Embed(context.Background(), []string{w.Text})
		if err != nil {
			t.Errorf("%q: %v", w.Text, err)
			continue
		}
		if n != len(w.IDs) || len(got[0]) != len(w.Mean) {
			t.Errorf("%q: %d tokens and %d values, want %d and %d", w.Text, n, len(got[0]), len(w.IDs), len(w.Mean))
			continue
		}
		var dot, a, b float64
		for i, x := range got[0] {
			x, y := float64(x), float64(w.Mean[i])
			worst = max(worst, math.Abs(x-y))
			dot, a, b = dot+x*y, a+x*x, b+y*y
		}
		least = min(least, dot/math.Sqrt(a*b))
	}
	t.Logf("%d texts: max |Δ| %.2e, least cosine %.7f", len(want), worst, least)
	if !(worst <= maxDiff) || !(least >= minCosine) {
		t.Errorf("max |Δ| %.2e (limit %.0e), cosine %.7f (limit %v)", worst, maxDiff, least, minCosine)
	}
}

func load(t *testing.T, path string, o llm.Options) *llm.Model {
	t.Helper()
	m, err := llm.Load(path, llm.Info{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func readJSON[T any](t *testing.T, path string) (v T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
