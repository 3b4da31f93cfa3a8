package families

import (
	"math"
	"slices"

	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// gemma3 is the text part of Gemma 3 (arXiv 2503.19786): five layers with a
// sliding window and their own rotary base to one global layer, norms on both
// sides of attention and feed-forward, embeddings scaled by the root of the
// width. Reference: transformers, models/gemma3. Checkpoints store w-1 for each
// norm weight w; GGUF files store w.
var gemma3 = model.Family{
	Name: "gemma3",
	GGUF: []string{"gemma3"},
	HF:   []string{"gemma3_text", "gemma3"},
	Names: model.Names{
		"ffn_norm":            "model.layers.%d.pre_feedforward_layernorm",
		"post_attention_norm": "model.layers.%d.post_attention_layernorm",
		"post_ffw_norm":       "model.layers.%d.post_feedforward_layernorm",
	},
	Build: newGemma3,
}

type gemma3Net struct{ *decoder }

// gemmaPeriod is the distance between global layers where a file does not say.
const gemmaPeriod = 6

// layers27B tells the largest model, whose scale of q·k is not that of its heads.
const layers27B = 62

func newGemma3(l *model.Loader) model.Net {
	d := newDecoder(l)
	var plus float32
	if !l.GGUF() {
		plus = 1
	}
	d.norms(l, plus)
	d.headNorms(l, plus)
	C, eps := d.dims.C, d.dims.Eps

	global := l.RopeParams("full_attention")
	local := model.RopeParams{Kind: "default", Factor: 1, Theta: l.FloatOr("rope.freq_base_swa", "rope_local_base_freq", 10000)}
	if !l.GGUF() && l.Object("rope_parameters") != nil {
		local = l.RopeParams("sliding_attention")
	}
	globalRope, localRope := global.Rope(d.dims.D, false), local.Rope(d.dims.D, false)

	window := l.IntOr("attention.sliding_window", "sliding_window", 0)
	period := l.IntOr("", "sliding_window_pattern", l.IntOr("", "_sliding_window_pattern", gemmaPeriod))
	windowed := l.Windowed(d.dims.L, func(i int) bool { return (i+1)%period != 0 })
	scale := invSqrt(d.dims.D)
	switch q := l.FloatOr("", "query_pre_attn_scalar", 0); {
	case q > 0:
		scale = float32(1 / math.Sqrt(q))
	case l.GGUF() && d.dims.L == layers27B:
		scale = invSqrt(C / d.dims.H) // that model's scale, which its files do not say
	}
	scale = float32(l.FloatOr("attention.scale", "", float64(scale)))
	if l.FloatOr("attn_logit_softcapping", "attn_logit_softcapping", 0) != 0 || l.FloatOr("final_logit_softcapping", "final_logit_softcapping", 0) != 0 {
		l.Fail("logit soft-capping is Gemma 2's and not computed here")
	}
	if slices.Contains(windowed, true) && window == 0 {
		l.Fail("layers with a sliding window, but no sliding_window")
	}
	for i := range d.layers {
		L := &d.layers[i]
		if L.attn == nil {
			break
		}
		L.attnPost = l.Norm(blk(i, "post_attention_norm"), C, eps, plus)
		L.ffnPost = l.Norm(blk(i, "post_ffw_norm"), C, eps, plus)
		L.mlp.Act = nn.GELUTanh
		L.attn.Scale = scale
		L.attn.Rope = globalRope
		if windowed[i] {
			L.attn.Rope, L.attn.Window = localRope, window
		}
	}
	return gemma3Net{d}
}

func (d gemma3Net) Forward(x nn.Ops) {
	h := x.Embed(d.embed, float32(math.Sqrt(float64(d.dims.C))))
	for i := range d.layers {
		L := &d.layers[i]
		x.Tap(i, h)
		x.AddNormed(h, x.Attend(x.Norm(h, L.attnNorm), L.attn), L.attn.Out, L.attnPost, 1)
		x.AddNormed(h, x.Gated(x.Norm(h, L.ffnNorm), L.mlp), L.mlp.Down, L.ffnPost, 1)
	}
	x.Logits(h, d.norm, d.head, 1)
}
