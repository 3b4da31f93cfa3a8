package model_test

import (
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/model"
	"malmoi/internal/model/families"
	"malmoi/internal/nn"
)

// TestMalformedConfigs changes one key of a good configuration; the error must
// name what is wrong.
func TestMalformedConfigs(t *testing.T) {
	dir := func(name string) string { return filepath.Join("testdata", "tiny", name) }
	for _, c := range []struct {
		family, key string
		value       any // nil: the key is missing
		want        string
	}{
		{"llama", "hidden_size", nil, "hidden_size is missing"},
		{"llama", "num_hidden_layers", nil, "num_hidden_layers is missing"},
		{"llama", "intermediate_size", nil, "intermediate_size is missing"},
		{"llama", "max_position_embeddings", nil, "max_position_embeddings is missing"},
		{"llama", "num_attention_heads", 0, "not a count"},
		{"llama", "num_attention_heads", -4, "not a count"},
		{"llama", "num_attention_heads", 4.5, "not a count"},
		{"llama", "num_attention_heads", "4", "is missing"},
		{"llama", "num_attention_heads", 3, "cannot share"},
		{"llama", "num_attention_heads", 1 << 24, "has shape"},
		{"llama", "num_key_value_heads", -1, "not a count"},
		{"llama", "head_dim", 15, "not an even number"},
		{"llama", "head_dim", 1 << 20, "not an even number"},
		{"llama", "head_dim", 32, "has shape"},
		{"llama", "hidden_size", 1e18, "not a count"},
		{"llama", "hidden_size", 64, "not of width 64"},
		{"llama", "intermediate_size", 96, "has shape"},
		{"llama", "num_hidden_layers", 1 << 20, "layers are more"},
		{"llama", "num_hidden_layers", 4, "model.layers.3.self_attn.q_proj.weight"},
		{"llama", "rms_norm_eps", -1, "epsilon"},
		{"llama", "rope_theta", 0, "must be positive"},
		{"llama", "rope_theta", -1e4, "must be positive"},
		{"llama", "rope_scaling", map[string]any{"rope_type": "dynamic", "factor": 2.0}, "malmoi knows"},
		{"llama", "rope_scaling", map[string]any{"rope_type": "linear", "factor": 0.0}, "must be positive"},
		{"llama", "rope_scaling", map[string]any{"rope_type": "llama3", "factor": 8.0}, "original context"},
		{"llama", "rope_scaling", map[string]any{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}, "must be positive and rise"},
		{"llama", "rope_scaling", map[string]any{"rope_type": "yarn", "factor": 8.0, "beta_slow": 0.0, "original_max_position_embeddings": 64}, "yarn"},
		{"gemma3", "layer_types", []string{"full_attention"}, "layer_types has 1 entries"},
		{"gemma3", "layer_types", []string{"full_attention", "full_attention", "chunked", "full_attention"}, "chunked"},
		{"gemma3", "sliding_window", nil, "no sliding_window"},
		{"gemma3", "final_logit_softcapping", 30, "soft-capping"},
		{"hyperclovax", "use_post_norm", false, "contradicts"},
		{"bert", "intermediate_size", 65, "has shape"},
		{"xlm_roberta", "pad_token_id", 70, "learned positions"},
	} {
		config := readConfig(t, dir(c.family))
		if config[c.key] = c.value; c.value == nil {
			delete(config, c.key)
		}
		err := loadFails(t, reconfigured(t, dir(c.family), config))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s with %s %v: error %v, want one about %q", c.family, c.key, c.value, err, c.want)
		}
	}
}

func loadFails(t testing.TB, path string) error {
	t.Helper()
	src, err := model.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Load(src, families.All(), model.Options{Threads: 1})
	if err == nil {
		m.Close()
	} else {
		src.Close()
	}
	return err
}

func TestUnknownArchitecture(t *testing.T) {
	dir := filepath.Join("testdata", "tiny", "llama")
	config := readConfig(t, dir)
	config["model_type"] = "mamba"
	err := loadFails(t, reconfigured(t, dir, config))
	if !errors.Is(err, model.ErrUnknownFamily) {
		t.Fatalf("error %v", err)
	}
	for _, name := range []string{`"mamba"`, "bert", "ernie4_5", "exaone", "exaone4", "gemma3_text", "hyperclovax", "llama", "qwen2", "qwen3", "xlm-roberta"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%v does not name %s", err, name)
		}
	}
}

// metaMap is GGUF metadata made by hand.
type metaMap map[string]any

func (m metaMap) String(k string) (string, bool) { v, ok := m[k].(string); return v, ok }
func (m metaMap) Int(k string) (int64, bool)     { v, ok := m[k].(int); return int64(v), ok }
func (m metaMap) Float(k string) (float64, bool) { v, ok := m[k].(float64); return v, ok }
func (m metaMap) Ints(k string) ([]int64, bool)  { v, ok := m[k].([]int64); return v, ok }
func (m metaMap) Bools(k string) ([]bool, bool)  { v, ok := m[k].([]bool); return v, ok }

// TestMetadataNumbers gives GGUF metadata the numbers that JSON cannot hold.
func TestMetadataNumbers(t *testing.T) {
	for _, c := range []struct {
		key   string
		value any
	}{
		{"x.rope.freq_base", math.NaN()}, {"x.rope.freq_base", math.Inf(1)}, {"x.rope.scaling.factor", math.NaN()},
		{"x.rope.scaling.factor", math.Inf(1)}, {"x.rope.scaling.original_context_length", math.NaN()},
		{"x.attention.layer_norm_rms_epsilon", math.NaN()}, {"x.block_count", math.NaN()}, {"x.embedding_length", math.Inf(1)},
		{"x.attention.head_count", -1}, {"x.attention.value_length", 8}, {"x.rope.scaling.type", "longrope"},
	} {
		meta := metaMap{"x.context_length": 64, "x.embedding_length": 32, "x.feed_forward_length": 64, "x.block_count": 2, "x.attention.head_count": 2,
			"x.rope.scaling.type": "yarn", "x.rope.scaling.factor": 4.0, "x.rope.scaling.original_context_length": 16.0}
		read := func() error {
			cfg := model.NewGGUFConfig("x", meta)
			cfg.Dims()
			cfg.RopeParams("full_attention")
			return cfg.Err()
		}
		if err := read(); err != nil {
			t.Fatal(err)
		}
		meta[c.key] = c.value
		if read() == nil {
			t.Errorf("%s = %v was accepted", c.key, c.value)
		}
	}
}

// TestStepRefuses checks what a step is told to compute.
func TestStepRefuses(t *testing.T) {
	m := open(t, filepath.Join("testdata", "tiny", "llama"), model.Options{Threads: 1, Context: 64})
	if err := m.Reserve(3); err != nil {
		t.Fatal(err)
	}
	V := m.VocabSize()
	for name, b := range map[string]nn.Batch{
		"negative id":         {Tokens: []int32{-1}, Seqs: []nn.Span{{Len: 1, Pages: []int32{0}}}},
		"id beyond":           {Tokens: []int32{int32(V)}, Seqs: []nn.Span{{Len: 1, Pages: []int32{0}}}},
		"no rows":             {},
		"span too long":       {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 2, Pages: []int32{0}}}},
		"negative length":     {Tokens: []int32{1}, Seqs: []nn.Span{{Len: -1, Pages: []int32{0}}, {Len: 2, Pages: []int32{0}}}},
		"negative position":   {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pos: -1, Pages: []int32{0}}}},
		"beyond the context":  {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pos: 64, Pages: []int32{0, 1, 2}}}},
		"overflowing":         {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pos: math.MaxInt, Pages: []int32{0}}}},
		"too few pages":       {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pos: 32, Pages: []int32{0}}}},
		"page not reserved":   {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pages: []int32{99}}}},
		"logits of no row":    {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pages: []int32{0}}}, Out: []int32{1}, Logits: make([]float32, V)},
		"logits without room": {Tokens: []int32{1}, Seqs: []nn.Span{{Len: 1, Pages: []int32{0}}}, Out: []int32{0}, Logits: make([]float32, V-1)},
	} {
		if err := m.Step(&b); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
