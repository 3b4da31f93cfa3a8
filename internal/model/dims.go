package model

import "fmt"

// Dims are the sizes that every decoder has.
type Dims struct {
	V       int // vocabulary
	Context int // positions the model was made for
	C       int // hidden width
	FF      int // feed-forward width
	L       int // layers
	H, K    int // query heads, key/value heads
	D       int // head dimension
	Eps     float32
}

// Bounds of what a configuration may ask for before any tensor was looked at.
const (
	maxLayers = 4096
	maxHead   = 1024
)

// Dims reads the sizes under their usual names. The vocabulary is the number
// of embedding rows, since files disagree about vocab_size.
func (c *Config) Dims() Dims {
	d := Dims{
		Context: c.Int("context_length", "max_position_embeddings"),
		C:       c.Int("embedding_length", "hidden_size"),
		FF:      c.Int("feed_forward_length", "intermediate_size"),
		L:       c.Int("block_count", c.either("num_hidden_layers", "num_layers")),
		H:       c.Int("attention.head_count", "num_attention_heads"),
	}
	if d.L > maxLayers {
		c.Fail("%d layers are more than %d", d.L, maxLayers)
		d.L = 1
	}
	d.K = c.IntOr("attention.head_count_kv", "num_key_value_heads", d.H)
	d.D = c.IntOr("attention.key_length", "head_dim", d.C/d.H)
	d.Eps = float32(c.FloatOr("attention.layer_norm_rms_epsilon", c.either("rms_norm_eps", "layer_norm_epsilon"), 1e-6))
	if v := c.IntOr("attention.value_length", "", d.D); v != d.D {
		c.Fail("key length %d and value length %d differ, which malmoi does not compute", d.D, v)
	}
	if d.H%d.K != 0 {
		c.Fail("%d query heads cannot share %d key/value heads", d.H, d.K)
	}
	if d.D < 2 || d.D%2 != 0 || d.D > maxHead {
		c.Fail("head dimension %d is not an even number up to %d", d.D, maxHead)
		d.D = 2
	}
	if !(d.Eps >= 0) || d.Eps > 1 {
		c.Fail("epsilon %v of the norms is not a small number", d.Eps)
	}
	return d
}

// either returns the first config.json key that is present, or the first.
func (c *Config) either(names ...string) string {
	for _, n := range names {
		if _, ok := c.hf[n]; ok {
			return n
		}
	}
	return names[0]
}

// String is what 'malmoi show' prints of the sizes.
func (d Dims) String() string {
	return fmt.Sprintf("%d layers, width %d, feed-forward %d, heads %d/%d of %d, vocabulary %d, context %d", d.L, d.C, d.FF, d.H, d.K, d.D, d.V, d.Context)
}
