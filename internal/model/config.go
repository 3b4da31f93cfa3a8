package model

import (
	"encoding/json"
	"fmt"
	"math"
)

// Meta is the part of a GGUF file's metadata that a configuration reads.
type Meta interface {
	String(key string) (string, bool)
	Int(key string) (int64, bool)
	Float(key string) (float64, bool)
	Ints(key string) ([]int64, bool)
	Bools(key string) ([]bool, bool)
}

// Config reads hyper-parameters by the name each format gives them: a GGUF key
// without its architecture prefix, and a config.json key. The first value that
// is missing or malformed is kept as Err, so that a family can read all it
// needs and check once.
type Config struct {
	arch string
	meta Meta           // nil for safetensors
	hf   map[string]any // nil for GGUF
	err  error
}

// NewGGUFConfig reads from GGUF metadata of the given architecture.
func NewGGUFConfig(arch string, meta Meta) *Config { return &Config{arch: arch, meta: meta} }

// NewHFConfig reads from the text of a config.json.
func NewHFConfig(data []byte) (*Config, error) {
	c := &Config{hf: map[string]any{}}
	if err := json.Unmarshal(data, &c.hf); err != nil {
		return nil, fmt.Errorf("config.json: %w", err)
	}
	// Multimodal checkpoints keep the language model's part apart.
	if text, ok := c.hf["text_config"].(map[string]any); ok {
		c.hf = text
	}
	c.arch, _ = c.hf["model_type"].(string)
	return c, nil
}

// Arch is general.architecture or model_type.
func (c *Config) Arch() string { return c.arch }

// GGUF reports whether the parameters come from a GGUF file.
func (c *Config) GGUF() bool { return c.meta != nil }

// Err is the first missing or malformed parameter.
func (c *Config) Err() error { return c.err }

// Fail records an error unless there is one already.
func (c *Config) Fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%s: "+format, append([]any{c.arch}, args...)...)
	}
}

func (c *Config) number(gguf, hf string) (float64, bool) {
	if c.meta != nil {
		key := c.arch + "." + gguf
		if gguf == "" {
			return 0, false
		}
		if f, ok := c.meta.Float(key); ok {
			return f, true
		}
		if i, ok := c.meta.Int(key); ok {
			return float64(i), true
		}
		return 0, false
	}
	f, ok := c.hf[hf].(float64)
	return f, ok
}

// maxDim bounds every count that sizes an allocation.
const maxDim = 1 << 24

// Int returns a positive count; its absence is an error.
func (c *Config) Int(gguf, hf string) int {
	f, ok := c.number(gguf, hf)
	if !ok {
		c.Fail("%s is missing", c.name(gguf, hf))
		return 1
	}
	if f < 1 || f > maxDim || f != math.Trunc(f) {
		c.Fail("%s is %v, not a count", c.name(gguf, hf), f)
		return 1
	}
	return int(f)
}

// IntOr returns a count, or def where the file has none.
func (c *Config) IntOr(gguf, hf string, def int) int {
	if f, ok := c.number(gguf, hf); !ok || f == 0 {
		return def
	}
	return c.Int(gguf, hf)
}

// FloatOr returns a number, or def where the file has none.
func (c *Config) FloatOr(gguf, hf string, def float64) float64 {
	if f, ok := c.number(gguf, hf); ok {
		return f
	}
	return def
}

// Bool returns a flag of config.json, or def; GGUF files express such choices
// by the tensors they have.
func (c *Config) Bool(hf string, def bool) bool {
	if b, ok := c.hf[hf].(bool); ok {
		return b
	}
	return def
}

// Text returns a string of config.json, or "".
func (c *Config) Text(hf string) string { s, _ := c.hf[hf].(string); return s }

// MetaText returns a GGUF string under the architecture's prefix, or "".
func (c *Config) MetaText(gguf string) string {
	if c.meta == nil {
		return ""
	}
	s, _ := c.meta.String(c.arch + "." + gguf)
	return s
}

// Object returns an object of config.json, or nil.
func (c *Config) Object(hf string) map[string]any { m, _ := c.hf[hf].(map[string]any); return m }

// Windowed says for each layer whether it uses the sliding window: from
// layer_types or GGUF's pattern of booleans, else by def(layer).
func (c *Config) Windowed(layers int, def func(layer int) bool) []bool {
	w := make([]bool, layers)
	for i := range w {
		w[i] = def(i)
	}
	if c.meta != nil {
		if p, ok := c.meta.Bools(c.arch + ".attention.sliding_window_pattern"); ok && len(p) == layers {
			copy(w, p)
		}
		return w
	}
	types, ok := c.hf["layer_types"].([]any)
	if !ok {
		return w
	}
	if len(types) != layers {
		c.Fail("layer_types has %d entries for %d layers", len(types), layers)
		return w
	}
	for i, t := range types {
		switch t {
		case "sliding_attention":
			w[i] = true
		case "full_attention":
			w[i] = false
		default:
			c.Fail("layer_types[%d] is %v; malmoi knows full_attention and sliding_attention", i, t)
		}
	}
	return w
}

func (c *Config) name(gguf, hf string) string {
	if c.meta != nil {
		return c.arch + "." + gguf
	}
	return "config.json: " + hf
}

// Lists reports whether config.json has a list under the key.
func (c *Config) Lists(hf string) bool { _, ok := c.hf[hf].([]any); return ok }
