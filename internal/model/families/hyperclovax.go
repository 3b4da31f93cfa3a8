package families

import (
	"malmoi/internal/model"
	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
)

// hyperclovax is HyperCLOVA X SEED Think (arXiv 2506.22403): Llama with four
// scalars and, where use_post_norm is set, a norm on the result of attention
// and feed-forward (Peri-LN). Logits are multiplied by logits_scaling.
// Reference: transformers, models/hyperclovax.
var hyperclovax = model.Family{
	Name: "hyperclovax",
	GGUF: []string{"hyperclovax"},
	HF:   []string{"hyperclovax"},
	Names: model.Names{
		"attn_post_norm": "model.layers.%d.post_norm1",
		"ffn_post_norm":  "model.layers.%d.post_norm2",
	},
	Build: newHyperCLOVAX,
}

type hyperclovaxNet struct {
	*decoder
	embedBy, residualBy, logitsBy float32
}

func newHyperCLOVAX(l *model.Loader) model.Net {
	d := newDecoder(l)
	d.norms(l, 0)
	d.rope(scaledRope(l, d.dims.D, false))
	scale := float32(l.FloatOr("attention.scale", "attention_multiplier", float64(invSqrt(d.dims.D))))
	// The default of use_post_norm differs between implementations; the tensors
	// of the file decide instead.
	peri := l.Has(blk(0, "attn_post_norm"))
	if l.Bool("use_post_norm", peri) != peri {
		l.Fail("use_post_norm contradicts the tensors of the file")
	}
	for i := range d.layers {
		L := &d.layers[i]
		if L.attn == nil {
			break
		}
		L.attn.Scale = scale
		if peri {
			L.attnPost = l.Norm(blk(i, "attn_post_norm"), d.dims.C, d.dims.Eps, 0)
			L.ffnPost = l.Norm(blk(i, "ffn_post_norm"), d.dims.C, d.dims.Eps, 0)
		}
	}
	return &hyperclovaxNet{
		decoder:    d,
		embedBy:    float32(l.FloatOr("embedding_scale", "embedding_multiplier", 1)),
		residualBy: float32(l.FloatOr("residual_scale", "residual_multiplier", 1)),
		logitsBy:   float32(l.FloatOr("logit_scale", "logits_scaling", 1)),
	}
}

func (d *hyperclovaxNet) Forward(x nn.Ops) {
	h := x.Embed(d.embed, d.embedBy)
	for i := range d.layers {
		L := &d.layers[i]
		x.Tap(i, h)
		d.add(x, h, x.Attend(x.Norm(h, L.attnNorm), L.attn), L.attn.Out, L.attnPost)
		d.add(x, h, x.Gated(x.Norm(h, L.ffnNorm), L.mlp), L.mlp.Down, L.ffnPost)
	}
	x.Logits(h, d.norm, d.head, d.logitsBy)
}

// add is the residual connection, with the post norm where the file has one.
func (d *hyperclovaxNet) add(x nn.Ops, h nn.Rows, y *kernel.Acts, l *nn.Linear, post *nn.Norm) {
	if post == nil {
		x.Add(h, y, l, d.residualBy)
		return
	}
	x.AddNormed(h, y, l, post, d.residualBy)
}
