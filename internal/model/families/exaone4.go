package families

import (
	"strings"

	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// exaone4 is EXAONE 4.0 (arXiv 2507.11407): norms stand on the results of
// attention and feed-forward only, query and key heads are normed, and in the
// hybrid models three layers with a sliding window alternate with one global
// layer without rotary positions. Reference: transformers, models/exaone4.
var exaone4 = model.Family{
	Name: "exaone4",
	GGUF: []string{"exaone4"},
	HF:   []string{"exaone4"},
	Names: model.Names{
		"post_attention_norm": "model.layers.%d.post_attention_layernorm",
		"post_ffw_norm":       "model.layers.%d.post_feedforward_layernorm",
	},
	Build: newEXAONE4,
}

type exaone4Net struct{ *decoder }

func newEXAONE4(l *model.Loader) model.Net {
	d := newDecoder(l)
	d.headNorms(l, 0)
	d.norm = l.Norm("output_norm", d.dims.C, d.dims.Eps, 0)
	rope := scaledRope(l, d.dims.D, false)
	window := l.IntOr("attention.sliding_window", "sliding_window", 0)
	windowed := l.Windowed(d.dims.L, exaonePattern(l, window, d.dims.L))
	for i := range d.layers {
		L := &d.layers[i]
		if L.attn == nil {
			break
		}
		L.attnPost = l.Norm(blk(i, "post_attention_norm"), d.dims.C, d.dims.Eps, 0)
		L.ffnPost = l.Norm(blk(i, "post_ffw_norm"), d.dims.C, d.dims.Eps, 0)
		switch {
		case window == 0:
			L.attn.Rope = rope
		case windowed[i]:
			L.attn.Rope, L.attn.Window = rope, window
		}
	}
	return exaone4Net{d}
}

// exaonePattern is the rule for files without a list of layer types: a period
// as text ("LLLG") or number, the last layer global in any case.
func exaonePattern(l *model.Loader, window, layers int) func(int) bool {
	period := l.IntOr("", "sliding_window_pattern", 4)
	if p := l.Text("sliding_window_pattern"); p != "" {
		if period = strings.Index(p, "G") + 1; period == 0 {
			period = len(p) + 1
		}
	}
	return func(i int) bool { return window > 0 && (i+1)%period != 0 && i != layers-1 }
}

func (d exaone4Net) Forward(x nn.Ops) {
	h := x.Embed(d.embed, 1)
	for i := range d.layers {
		L := &d.layers[i]
		x.Tap(i, h)
		x.AddNormed(h, x.Attend(x.Prepare(h), L.attn), L.attn.Out, L.attnPost, 1)
		x.AddNormed(h, x.Gated(x.Prepare(h), L.mlp), L.mlp.Down, L.ffnPost, 1)
	}
	x.Logits(h, d.norm, d.head, 1)
}
