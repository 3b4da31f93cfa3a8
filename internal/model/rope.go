package model

import (
	"math"

	"malmoi/internal/nn"
)

// RopeParams are the rotary parameters of one kind of layer, wherever the
// configuration keeps them.
type RopeParams struct {
	Theta   float64
	Kind    string // "default", "linear", "llama3", "yarn"
	Factor  float64
	Low     float64 // llama3: low_freq_factor
	High    float64 // llama3: high_freq_factor
	Trained float64 // original_max_position_embeddings
	Fast    float64 // yarn: beta_fast
	Slow    float64 // yarn: beta_slow
	Attn    float64 // yarn: attention_factor, 0 if the formula decides
	Exact   bool    // yarn: the ramp's ends are not rounded to whole dimensions
}

// RopeParams reads the rotary parameters. layerType picks the entry where a
// file has one per kind of layer ("full_attention", "sliding_attention").
func (c *Config) RopeParams(layerType string) RopeParams {
	p := RopeParams{Kind: "default", Theta: c.FloatOr("rope.freq_base", "rope_theta", 10000), Factor: 1}
	if c.GGUF() {
		if kind := c.MetaText("rope.scaling.type"); kind != "" && kind != "none" {
			p.Kind = kind
		}
		p.Factor = c.FloatOr("rope.scaling.factor", "", 1)
		p.Trained = c.FloatOr("rope.scaling.original_context_length", "", 0)
		p.Fast, p.Slow = 32, 1
		return c.checked(p)
	}
	o := c.Object("rope_scaling")
	if rp := c.Object("rope_parameters"); rp != nil {
		o = rp
	}
	if inner, ok := o[layerType].(map[string]any); ok {
		o = inner
	}
	num := func(key string, def float64) float64 {
		if f, ok := o[key].(float64); ok {
			return f
		}
		return def
	}
	for _, key := range []string{"rope_type", "type"} {
		if s, ok := o[key].(string); ok {
			p.Kind = s
			break
		}
	}
	p.Theta = num("rope_theta", p.Theta)
	p.Factor = num("factor", 1)
	p.Low, p.High = num("low_freq_factor", 1), num("high_freq_factor", 4)
	p.Trained = num("original_max_position_embeddings", 0)
	p.Fast, p.Slow, p.Attn = num("beta_fast", 32), num("beta_slow", 1), num("attention_factor", 0)
	if m, all := num("mscale", 0), num("mscale_all_dim", 0); p.Attn == 0 && m != 0 && all != 0 {
		p.Attn = yarnScale(p.Factor, m) / yarnScale(p.Factor, all)
	}
	truncate, given := o["truncate"].(bool)
	p.Exact = given && !truncate
	return c.checked(p)
}

func (c *Config) checked(p RopeParams) RopeParams {
	switch p.Kind {
	case "default", "linear", "llama3", "yarn":
	default:
		c.Fail("rope scaling %q is not known; malmoi knows default, linear, llama3 and yarn", p.Kind)
	}
	if !(p.Theta > 0) || !(p.Factor > 0) || math.IsInf(p.Theta, 0) || math.IsInf(p.Factor, 0) {
		c.Fail("rope base %v and factor %v must be positive", p.Theta, p.Factor)
		p.Theta, p.Factor = 10000, 1
	}
	if (p.Kind == "llama3" || p.Kind == "yarn") && !(p.Trained > 0) {
		c.Fail("rope scaling %q needs the original context length", p.Kind)
		p.Kind = "default"
	}
	if p.Kind == "llama3" && !(p.Low > 0 && p.High > p.Low) {
		c.Fail("rope scaling llama3: frequency factors %v and %v must be positive and rise", p.Low, p.High)
		p.Kind = "default"
	}
	if p.Kind == "yarn" && (!(p.Fast > 0 && p.Slow > 0 && p.Theta > 1) || !(p.Attn >= 0)) {
		c.Fail("rope scaling yarn: betas %v and %v, base %v or attention factor %v out of range", p.Fast, p.Slow, p.Theta, p.Attn)
		p.Kind = "default"
	}
	return p
}

// Rope builds the rotary embedding for heads of rot dimensions.
func (p RopeParams) Rope(rot int, interleaved bool) *nn.Rope {
	r := nn.NewRope(rot, p.Theta, interleaved)
	switch p.Kind {
	case "linear":
		for i := range r.Freq {
			r.Freq[i] /= float32(p.Factor)
		}
	case "llama3":
		p.llama3(r.Freq)
	case "yarn":
		p.yarn(r)
	}
	return r
}

// llama3 slows the low frequencies by Factor and blends in between, as Llama
// 3.1's reference does.
func (p RopeParams) llama3(freq []float32) {
	for i, f := range freq {
		wave := 2 * math.Pi / float64(f)
		switch {
		case wave > p.Trained/p.Low:
			freq[i] = f / float32(p.Factor)
		case wave >= p.Trained/p.High:
			smooth := (p.Trained/wave - p.Low) / (p.High - p.Low)
			freq[i] = float32((1-smooth)*float64(f)/p.Factor + smooth*float64(f))
		}
	}
}

// yarn blends interpolated and original frequencies by wavelength (YaRN,
// arXiv 2309.00071, section 3.2) and enlarges cos and sin by the attention
// factor of section 3.4.
func (p RopeParams) yarn(r *nn.Rope) {
	rot := float64(r.Rot)
	bound := func(rotations float64) float64 {
		return rot * math.Log(p.Trained/(rotations*2*math.Pi)) / (2 * math.Log(p.Theta))
	}
	low, high := bound(p.Fast), bound(p.Slow)
	if !p.Exact {
		low, high = math.Floor(low), math.Ceil(high)
	}
	low, high = max(0, low), min(rot-1, high)
	if low == high {
		high += 0.001
	}
	for i, f := range r.Freq {
		ramp := min(1, max(0, (float64(i)-low)/(high-low)))
		r.Freq[i] = float32(float64(f)/p.Factor*ramp + float64(f)*(1-ramp))
	}
	r.Amplitude = float32(p.Attn)
	if p.Attn == 0 {
		r.Amplitude = float32(yarnScale(p.Factor, 1))
	}
}

// yarnScale is the attention factor of a context stretched by factor, weighted
// by m as DeepSeek's configurations do.
func yarnScale(factor, m float64) float64 {
	if factor <= 1 {
		return 1
	}
	return 0.1*m*math.Log(factor) + 1
}
