package families

import (
	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// decoder is what the Llama-shaped families share: an embedding, layers of
// attention and gated feed-forward, a final norm and a head. Families differ in
// what stands between these and write that in their own Forward.
type decoder struct {
	dims   model.Dims
	embed  *nn.Table
	layers []layer
	norm   *nn.Norm
	head   *nn.Linear
}

// layer holds one layer's parts; norms that a family does not have are nil.
type layer struct {
	attnNorm, attnPost *nn.Norm // before attention, on its result
	ffnNorm, ffnPost   *nn.Norm // before the feed-forward, on its result
	attn               *nn.Attention
	mlp                *nn.GatedMLP
}

// Dims are the network's sizes.
func (d *decoder) Dims() model.Dims { return d.dims }

// newDecoder loads the embedding, the head and each layer's attention and
// feed-forward weights; norms and rotary embeddings are the family's.
func newDecoder(l *model.Loader) *decoder {
	d := &decoder{dims: l.Dims()}
	d.embed = l.Table("token_embd", d.dims.C)
	d.dims.V = d.embed.V
	d.head = l.Head(d.embed)
	d.layers = make([]layer, d.dims.L)
	for i := range d.layers {
		if l.Err() != nil {
			break
		}
		d.layers[i].attn = loadAttention(l, d.dims, i)
		d.layers[i].mlp = loadMLP(l, d.dims, i)
	}
	return d
}

// Default scale of q·k: one over the root of the head dimension.
func loadAttention(l *model.Loader, d model.Dims, i int) *nn.Attention {
	return &nn.Attention{
		Layer: i,
		H:     d.H, K: d.K, D: d.D,
		Scale: invSqrt(d.D),
		QKV: l.Fused(d.C,
			model.Rows{Name: blk(i, "attn_q"), OC: d.H * d.D},
			model.Rows{Name: blk(i, "attn_k"), OC: d.K * d.D},
			model.Rows{Name: blk(i, "attn_v"), OC: d.K * d.D}),
		Out: l.Linear(blk(i, "attn_output"), d.C, d.H*d.D),
	}
}

func loadMLP(l *model.Loader, d model.Dims, i int) *nn.GatedMLP {
	return &nn.GatedMLP{
		GateUp: l.Fused(d.C,
			model.Rows{Name: blk(i, "ffn_gate"), OC: d.FF},
			model.Rows{Name: blk(i, "ffn_up"), OC: d.FF}),
		FF:   d.FF,
		Act:  nn.SiLU,
		Down: l.Linear(blk(i, "ffn_down"), d.C, d.FF),
	}
}

// norms fills the two norms that stand before attention and feed-forward, and
// the final one; plus is added to their weights.
func (d *decoder) norms(l *model.Loader, plus float32) {
	for i := range d.layers {
		d.layers[i].attnNorm = l.Norm(blk(i, "attn_norm"), d.dims.C, d.dims.Eps, plus)
		d.layers[i].ffnNorm = l.Norm(blk(i, "ffn_norm"), d.dims.C, d.dims.Eps, plus)
	}
	d.norm = l.Norm("output_norm", d.dims.C, d.dims.Eps, plus)
}

// headNorms fills the norms of query and key heads.
func (d *decoder) headNorms(l *model.Loader, plus float32) {
	for i := range d.layers {
		if a := d.layers[i].attn; a != nil {
			a.QNorm = l.Norm(blk(i, "attn_q_norm"), d.dims.D, d.dims.Eps, plus)
			a.KNorm = l.Norm(blk(i, "attn_k_norm"), d.dims.D, d.dims.Eps, plus)
		}
	}
}

// rope gives every layer the same rotary embedding.
func (d *decoder) rope(r *nn.Rope) {
	for i := range d.layers {
		if a := d.layers[i].attn; a != nil {
			a.Rope = r
		}
	}
}

// Forward is the plain pre-norm decoder of Llama (arXiv 2302.13971).
func (d *decoder) Forward(x nn.Ops) {
	h := x.Embed(d.embed, 1)
	for i := range d.layers {
		L := &d.layers[i]
		x.Tap(i, h)
		x.Add(h, x.Attend(x.Norm(h, L.attnNorm), L.attn), L.attn.Out, 1)
		x.Add(h, x.Gated(x.Norm(h, L.ffnNorm), L.mlp), L.mlp.Down, 1)
	}
	x.Logits(h, d.norm, d.head, 1)
}
