package model_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/nn"
)

// FuzzConfig changes two keys of a good configuration and loads its weights:
// that is an error or a model that computes, never a panic.
func FuzzConfig(f *testing.F) {
	dirs, _ := filepath.Glob(filepath.Join("testdata", "tiny", "*", "config.json"))
	if len(dirs) == 0 {
		f.Fatal("no configurations")
	}
	for i := range dirs {
		f.Add(uint8(i), "num_attention_heads", "2", "head_dim", "32")
		f.Add(uint8(i), "layer_types", `["full_attention"]`, "sliding_window", "0")
		f.Add(uint8(i), "rope_scaling", `{"rope_type":"yarn","factor":1e9,"original_max_position_embeddings":1,"beta_fast":1e-9}`, "rope_parameters", "null")
		f.Add(uint8(i), "text_config", `{"model_type":"llama","num_hidden_layers":16777216}`, "model_type", `"llama"`)
		f.Add(uint8(i), "sliding_window_pattern", `"G"`, "max_position_embeddings", "1")
	}
	f.Fuzz(func(t *testing.T, base uint8, key1, value1, key2, value2 string) {
		dir := filepath.Dir(dirs[int(base)%len(dirs)])
		config := readConfig(t, dir)
		for key, value := range map[string]string{key1: value1, key2: value2} {
			var v any
			if json.Unmarshal([]byte(value), &v) == nil {
				config[key] = v
			}
		}
		data, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		readAll(t, data)
		tryModel(t, dir, data)
	})
}

// readAll reads the numbers; what is accepted must be usable.
func readAll(t *testing.T, config []byte) {
	c, err := model.NewHFConfig(config)
	if err != nil {
		return
	}
	d := c.Dims()
	for _, kind := range []string{"full_attention", "sliding_attention"} {
		p := c.RopeParams(kind)
		for _, v := range p.Rope(d.D, false).Freq {
			if c.Err() == nil && (math.IsNaN(float64(v)) || math.IsInf(float64(v), 0)) {
				t.Fatalf("frequency %v of %+v", v, p)
			}
		}
	}
}

// tryModel computes two tokens if the configuration loads.
func tryModel(t *testing.T, dir string, config []byte) {
	folder := t.TempDir()
	weights, err := filepath.Abs(filepath.Join(dir, "model.safetensors"))
	if err != nil || os.Symlink(weights, filepath.Join(folder, "model.safetensors")) != nil || os.WriteFile(filepath.Join(folder, "config.json"), config, 0o644) != nil {
		t.Skip("no folder")
	}
	src, err := model.Open(folder)
	if err != nil {
		return
	}
	m, err := model.Load(src, families.All(), model.Options{Threads: 1})
	if err != nil {
		src.Close()
		return
	}
	defer m.Close()
	if m.Reserve(1) != nil {
		return
	}
	b := &nn.Batch{Tokens: []int32{1, 2}, Seqs: []nn.Span{{Len: 2, Pages: []int32{0}}}}
	if _, encoder := m.Encoder(); encoder {
		b.Hidden = make([]float32, 2*m.Dims().C)
	} else {
		b.Out, b.Logits = []int32{1}, make([]float32, m.VocabSize())
	}
	if err := m.Step(b); err != nil && m.ContextLength() >= 2 {
		t.Fatal(err)
	}
}
