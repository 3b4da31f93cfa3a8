package convert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"malmoi/internal/convert"
	"malmoi/internal/golden"
	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/nn"
	"malmoi/internal/num/quant"
	"malmoi/internal/token"
	"malmoi/internal/weights/gguf"
	"malmoi/internal/weights/safetensors"
)

// TestLogits converts every tiny checkpoint to every type and compares what the
// file computes, in float32, with the checkpoint.
func TestLogits(t *testing.T) {
	for _, dir := range checkpoints(t, filepath.Join("..", "model", "testdata", "tiny")) {
		t.Run(filepath.Base(dir), func(t *testing.T) { testLogits(t, dir) })
	}
}

// bounds are the largest relative distance of the logits from the checkpoint's
// (root of the sum of squares) by type. Random networks amplify rounding.
var bounds = []struct {
	typ   quant.Type
	limit float64
}{
	{quant.F32, 1e-5}, {quant.BF16, 1e-5}, {quant.F16, 5e-3}, {quant.Q8_0, 0.06}, {quant.Q4_K, 0.3},
}

func testLogits(t *testing.T, dir string) {
	var ids []int32
	for i := range 40 {
		ids = append(ids, int32(3+i*37%280))
	}
	want := logits(t, dir, ids)
	for _, b := range bounds {
		path := filepath.Join(t.TempDir(), "m.gguf")
		if err := toGGUF(t, dir, path, convert.Options{Type: b.typ, Threads: 2}); err != nil {
			t.Fatal(err)
		}
		d := distance(logits(t, path, ids), want)
		t.Logf("%-5s relative distance %.2e", b.typ, d)
		if !(d <= b.limit) {
			t.Errorf("%s: logits are %.3f away, limit %g", b.typ, d, b.limit)
		}
		if b.typ == quant.Q8_0 && d == 0 {
			t.Error("q8_0 changed nothing")
		}
		sameTokens(t, dir, path)
	}
}

// sameTokens compares the two tokenizers on texts that are not the probes.
func sameTokens(t *testing.T, dir, path string) {
	t.Helper()
	a, err := token.Open(filepath.Join(dir, "tokenizer.json"))
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := token.FromGGUF(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"말모이는 우리말을 모은다. The map is read 3 times!", "모임 <|start|>x<|end|> <bos>", "the  engine\n\n\treads 2026년", "é漢🙂"} {
		for _, special := range []bool{false, true} {
			x, y := a.Encode(text, special), b.Encode(text, special)
			if fmt.Sprint(x) != fmt.Sprint(y) {
				t.Errorf("%q: %v from tokenizer.json, %v from the file", text, x, y)
			}
			if a.Decode(x) != b.Decode(x) {
				t.Errorf("%q: decoded %q and %q", text, a.Decode(x), b.Decode(x))
			}
		}
	}
}

// TestGoldenTwins compares with the twins that llama.cpp's converter made:
// every tensor by name, shape, type and bytes, and every hyper-parameter.
func TestGoldenTwins(t *testing.T) {
	n := 0
	for _, dir := range checkpoints(t, golden.Path(t, "tiny")) {
		for kind, typ := range map[string]quant.Type{"f32": quant.F32, "bf16": quant.BF16, "f16": quant.F16, "q8_0": quant.Q8_0} {
			twin := filepath.Join(dir, "model-"+kind+".gguf")
			if _, err := os.Stat(twin); err != nil {
				continue
			}
			n++
			t.Run(filepath.Base(dir)+"/"+kind, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "m.gguf")
				if err := toGGUF(t, dir, path, convert.Options{Type: typ, Threads: 1}); err != nil {
					t.Fatal(err)
				}
				compareFiles(t, openGGUF(t, path), openGGUF(t, twin))
			})
		}
	}
	if n == 0 {
		t.Fatal("no twins")
	}
}

func compareFiles(t *testing.T, got, want *gguf.File) {
	t.Helper()
	for _, key := range want.Keys() {
		switch {
		case strings.HasPrefix(key, "general.") && key != "general.architecture" && key != "general.file_type":
			continue // names and dates
		case key == "tokenizer.ggml.scores", key == "tokenizer.ggml.pre", key == "tokenizer.ggml.add_sep_token":
			continue // scores order alike but differ; pre was set by hand there
		case key == "tokenizer.ggml.token_type":
			continue // llama.cpp's converter looks at names
		}
		if g, w := value(got, key), value(want, key); !reflect.DeepEqual(g, w) {
			t.Errorf("%s is %.80v, want %.80v", key, g, w)
		}
	}
	if g, w := len(got.Names()), len(want.Names()); g != w {
		t.Errorf("%d tensors, want %d", g, w)
	}
	for _, name := range want.Names() {
		w, _ := want.Tensor(name)
		g, ok := got.Tensor(name)
		switch {
		case !ok:
			t.Errorf("no tensor %s", name)
		case g.Type != w.Type || fmt.Sprint(g.Shape) != fmt.Sprint(w.Shape):
			t.Errorf("%s: %s %v, want %s %v", name, g.Type, g.Shape, w.Type, w.Shape)
		case name == "rope_freqs.weight":
			if d := distance(floats(t, g.Type, g.Data), floats(t, w.Type, w.Data)); d > 1e-6 {
				t.Errorf("%s differs by %.1e", name, d)
			}
		case !bytes.Equal(g.Data, w.Data):
			t.Errorf("%s: bytes differ, values by %.1e", name, distance(floats(t, g.Type, g.Data), floats(t, w.Type, w.Data)))
		}
	}
}

// value returns a metadata value whatever its type is.
func value(f *gguf.File, key string) any {
	if v, ok := f.String(key); ok {
		return v
	}
	if v, ok := f.Bool(key); ok {
		return v
	}
	if v, ok := f.Int(key); ok {
		return v
	}
	if v, ok := f.Float(key); ok {
		return v
	}
	if v, ok := f.Strings(key); ok {
		return v
	}
	if v, ok := f.Bools(key); ok {
		return v
	}
	if v, ok := f.Ints(key); ok {
		return v
	}
	v, _ := f.Floats(key)
	return v
}

// TestRefuses lists what GGUF cannot say.
func TestRefuses(t *testing.T) {
	tiny := filepath.Join("..", "model", "testdata", "tiny")
	for _, c := range []struct {
		name, from, old, new, want string
	}{
		{"encoder", "bert", "", "", "encoder"},
		{"architecture", "llama", `"model_type": "llama"`, `"model_type": "mamba"`, "malmoi computes"},
		{"window", "qwen2", `"use_sliding_window": false`, `"use_sliding_window": true, "sliding_window": 8`, "sliding window"},
		{"yarn", "llama", `"rope_type": "llama3"`, `"rope_type": "yarn", "beta_fast": 8.0`, "YaRN"},
		{"heads", "llama", `"num_attention_heads": 4`, `"num_attention_heads": 8`, "heads"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(filepath.Join(tiny, c.from))); err != nil {
				t.Fatal(err)
			}
			config, err := os.ReadFile(filepath.Join(dir, "config.json"))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(config, []byte(c.old)) {
				t.Fatalf("config.json has no %s", c.old)
			}
			config = bytes.Replace(config, []byte(c.old), []byte(c.new), 1)
			if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(dir, "m.gguf")
			err = toGGUF(t, dir, out, convert.Options{Type: quant.F32, Threads: 1})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one about %q", err, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*m.gguf*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestThreads checks that the file does not depend on the number of workers.
func TestThreads(t *testing.T) {
	dir := filepath.Join("..", "model", "testdata", "tiny", "llama")
	var files [2][]byte
	for i := range files {
		path := filepath.Join(t.TempDir(), "m.gguf")
		var last, total int64
		o := convert.Options{Type: quant.Q4_K, Threads: 1 + 2*i, Progress: func(d, n int64) { last, total = d, n }}
		if err := toGGUF(t, dir, path, o); err != nil {
			t.Fatal(err)
		}
		if last != total || total == 0 {
			t.Errorf("progress ended at %d of %d", last, total)
		}
		files[i], _ = os.ReadFile(path)
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("files differ")
	}
}

// TestEnds checks that ids which only the configuration calls ends survive.
func TestEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "model", "testdata", "tiny", "llama"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"eos_token_id": [286, 7, 9]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "m.gguf")
	if err := toGGUF(t, dir, path, convert.Options{Type: quant.F32, Threads: 1}); err != nil {
		t.Fatal(err)
	}
	tok, err := token.FromGGUF(openGGUF(t, path))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(tok.EOGs()); got != "[7 9 286]" {
		t.Errorf("ends are %s", got)
	}
}

// TestCancelled checks that an ended conversion leaves nothing.
func TestCancelled(t *testing.T) {
	src, err := safetensors.OpenDir(filepath.Join("..", "model", "testdata", "tiny", "qwen3"))
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	o := convert.Options{Type: quant.Q8_0, Threads: 2, Progress: func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}}
	err = convert.ToGGUF(ctx, src, families.All(), filepath.Join(dir, "m.gguf"), o)
	if left, _ := os.ReadDir(dir); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("error %v, left behind: %v", err, left)
	}
}

func checkpoints(t *testing.T, root string) (dirs []string) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(root, "*", "goldens.json"))
	for _, f := range files {
		dir := filepath.Dir(f)
		if _, err := os.Stat(filepath.Join(dir, "config.json")); err == nil {
			dirs = append(dirs, dir)
		}
	}
	if len(dirs) == 0 {
		t.Fatalf("no checkpoints in %s", root)
	}
	return dirs
}

func toGGUF(t *testing.T, dir, path string, o convert.Options) error {
	t.Helper()
	src, err := safetensors.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	return convert.ToGGUF(t.Context(), src, families.All(), path, o)
}

func openGGUF(t *testing.T, path string) *gguf.File {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func logits(t *testing.T, path string, ids []int32) []float32 {
	t.Helper()
	src, err := model.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(src, families.All(), model.Options{Threads: 1, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Reserve(2); err != nil {
		t.Fatal(err)
	}
	b := &nn.Batch{Tokens: ids, Seqs: []nn.Span{{Len: len(ids), Pages: []int32{0, 1}}}, Logits: make([]float32, len(ids)*m.VocabSize())}
	for i := range ids {
		b.Out = append(b.Out, int32(i))
	}
	if err := m.Step(b); err != nil {
		t.Fatal(err)
	}
	return b.Logits
}

func floats(t *testing.T, typ quant.Type, data []byte) []float32 {
	t.Helper()
	out := make([]float32, len(data)/typ.BlockBytes()*typ.BlockLen())
	if err := quant.Decode(typ, out, data); err != nil {
		t.Fatal(err)
	}
	return out
}

func distance(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	var diff, size float64
	for i, x := range a {
		d := float64(x) - float64(b[i])
		diff, size = diff+d*d, size+float64(b[i])*float64(b[i])
	}
	return math.Sqrt(diff / size)
}
