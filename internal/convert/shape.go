package convert

import (
	"errors"
	"fmt"
	"math"

	"malmoi/internal/model"
)

// hyper writes the hyper-parameters under arch's prefix. Source of the keys:
// the GGUF specification and what llama.cpp's converter writes; those of
// hyperclovax are the ones its reader here knows.
func hyper(p *pairs, c *model.Config, arch string, vocab int) error {
	d := c.Dims()
	set := func(key string, value any) { p.set(arch+"."+key, value) }
	count := func(key string, n int) { set(key, uint32(n)) }
	count("block_count", d.L)
	count("context_length", d.Context)
	count("embedding_length", d.C)
	count("feed_forward_length", d.FF)
	count("attention.head_count", d.H)
	count("attention.head_count_kv", d.K)
	count("attention.key_length", d.D)
	count("attention.value_length", d.D)
	set("attention.layer_norm_rms_epsilon", d.Eps)
	count("vocab_size", vocab)
	count("rope.dimension_count", d.D)
	rope := c.RopeParams("full_attention")
	set("rope.freq_base", float32(rope.Theta))
	if err := scaling(set, rope); err != nil {
		return err
	}
	if err := special(set, c, d, arch); err != nil {
		return err
	}
	return c.Err()
}

// scaling writes the rotary scaling; Llama 3's is a tensor instead.
func scaling(set func(string, any), r model.RopeParams) error {
	switch r.Kind {
	case "linear":
		set("rope.scaling.type", "linear")
		set("rope.scaling.factor", float32(r.Factor))
	case "yarn":
		if r.Fast != 32 || r.Slow != 1 || r.Attn != 0 || r.Exact {
			return errors.New("YaRN with its own beta, attention factor or ramp has no standard form in GGUF; use the folder in place")
		}
		set("rope.scaling.type", "yarn")
		set("rope.scaling.factor", float32(r.Factor))
		set("rope.scaling.original_context_length", uint32(r.Trained))
	}
	return nil
}

// special writes what single families have.
func special(set func(string, any), c *model.Config, d model.Dims, arch string) error {
	window := c.IntOr("", "sliding_window", 0)
	switch {
	case arch == "gemma3":
		return gemma3(set, c, d, window)
	case arch == "exaone4" && window > 0:
		set("attention.sliding_window", uint32(window))
		period := c.IntOr("", "sliding_window_pattern", 4)
		if c.Text("sliding_window_pattern") != "" && !c.Lists("layer_types") {
			return errors.New("a sliding window pattern in letters needs layer_types beside it")
		}
		set("attention.sliding_window_pattern", c.Windowed(d.L, func(i int) bool { return (i+1)%period != 0 && i != d.L-1 }))
	case arch == "hyperclovax":
		set("attention.scale", float32(c.FloatOr("", "attention_multiplier", 1/math.Sqrt(float64(d.D)))))
		set("embedding_scale", float32(c.FloatOr("", "embedding_multiplier", 1)))
		set("residual_scale", float32(c.FloatOr("", "residual_multiplier", 1)))
		set("logit_scale", float32(c.FloatOr("", "logits_scaling", 1)))
	case c.Bool("use_sliding_window", false), c.Arch() == "mistral" && window > 0:
		return fmt.Errorf("%s with a sliding window has no form in GGUF; use the folder in place", c.Arch())
	}
	return nil
}

// gemmaPeriod is the distance of global layers that readers assume.
const gemmaPeriod = 6

func gemma3(set func(string, any), c *model.Config, d model.Dims, window int) error {
	if window > 0 {
		set("attention.sliding_window", uint32(window))
	}
	local := c.FloatOr("", "rope_local_base_freq", 10000)
	if c.Object("rope_parameters") != nil {
		r := c.RopeParams("sliding_attention")
		if r.Kind != "default" {
			return fmt.Errorf("rotary scaling %q on layers with a window has no form in GGUF", r.Kind)
		}
		local = r.Theta
	}
	set("rope.freq_base_swa", float32(local))
	period := c.IntOr("", "sliding_window_pattern", c.IntOr("", "_sliding_window_pattern", gemmaPeriod))
	windowed := c.Windowed(d.L, func(i int) bool { return (i+1)%period != 0 })
	for i, w := range windowed {
		if w != ((i+1)%gemmaPeriod != 0) {
			set("attention.sliding_window_pattern", windowed)
			break
		}
	}
	if q := c.FloatOr("", "query_pre_attn_scalar", 0); q > 0 && q != float64(d.D) {
		set("attention.scale", float32(1/math.Sqrt(q)))
	}
	return nil
}
