package families

import (
	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// bert is BERT (arXiv 1810.04805) and its relatives as sentence encoders:
// MiniLM, multilingual E5, BGE. Every token sees the whole text, positions are
// learned, and norms follow each residual sum. Reference: transformers,
// models/bert and models/xlm_roberta.
var bert = model.Family{
	Name: "bert",
	GGUF: []string{"bert"},
	HF:   []string{"bert", "roberta", "xlm-roberta"},
	Names: model.Names{
		"token_embd":        "embeddings.word_embeddings",
		"position_embd":     "embeddings.position_embeddings",
		"token_types":       "embeddings.token_type_embeddings",
		"token_embd_norm":   "embeddings.LayerNorm",
		"attn_q":            "encoder.layer.%d.attention.self.query",
		"attn_k":            "encoder.layer.%d.attention.self.key",
		"attn_v":            "encoder.layer.%d.attention.self.value",
		"attn_output":       "encoder.layer.%d.attention.output.dense",
		"attn_output_norm":  "encoder.layer.%d.attention.output.LayerNorm",
		"ffn_up":            "encoder.layer.%d.intermediate.dense",
		"ffn_down":          "encoder.layer.%d.output.dense",
		"layer_output_norm": "encoder.layer.%d.output.LayerNorm",
	},
	Build: newBERT,
}

type bertNet struct {
	dims      model.Dims
	embed     *nn.Table
	positions *nn.Table
	types     *nn.Table
	norm      *nn.Norm
	offset    int // position of the first token
	layers    []bertLayer
	pooling   model.Pooling
}

type bertLayer struct {
	attn     *nn.Attention
	attnNorm *nn.Norm
	up, down *nn.Linear
	norm     *nn.Norm
}

func newBERT(l *model.Loader) model.Net {
	d := l.Dims()
	d.Eps = float32(l.FloatOr("attention.layer_norm_epsilon", "layer_norm_eps", 1e-12))
	b := &bertNet{
		embed:     l.Table("token_embd", d.C),
		positions: l.Table("position_embd", d.C),
		types:     l.Table("token_types", d.C),
		norm:      l.LayerNorm("token_embd_norm", d.C, d.Eps),
		layers:    make([]bertLayer, d.L),
		pooling:   l.PoolingOr(model.PoolMean),
	}
	d.V = b.embed.V
	// RoBERTa counts positions from after its padding id.
	if l.Arch() == "roberta" || l.Arch() == "xlm-roberta" {
		b.offset = l.IntOr("", "pad_token_id", 1) + 1
	}
	d.Context = min(d.Context, b.positions.V) - b.offset
	if d.Context < 1 {
		l.Fail("%d learned positions leave none after an offset of %d", b.positions.V, b.offset)
	}
	b.dims = d
	for i := range b.layers {
		if l.Err() != nil {
			break
		}
		L := &b.layers[i]
		L.attn = loadAttention(l, d, i)
		L.attn.Full = true
		L.attnNorm = l.LayerNorm(blk(i, "attn_output_norm"), d.C, d.Eps)
		L.up = l.Linear(blk(i, "ffn_up"), d.FF, d.C)
		L.down = l.Linear(blk(i, "ffn_down"), d.C, d.FF)
		L.norm = l.LayerNorm(blk(i, "layer_output_norm"), d.C, d.Eps)
	}
	return b
}

// Dims are the network's sizes.
func (b *bertNet) Dims() model.Dims { return b.dims }

// Pooling says how hidden states become one vector.
func (b *bertNet) Pooling() model.Pooling { return b.pooling }

func (b *bertNet) Forward(x nn.Ops) {
	h := x.Embed(b.embed, 1)
	x.AddRow(h, b.types, 0)
	x.AddPositions(h, b.positions, b.offset)
	x.NormRows(h, b.norm)
	for i := range b.layers {
		L := &b.layers[i]
		x.Tap(i, h)
		x.Add(h, x.Attend(x.Prepare(h), L.attn), L.attn.Out, 1)
		x.NormRows(h, L.attnNorm)
		x.Add(h, x.Activated(x.Prepare(h), L.up, nn.GELU), L.down, 1)
		x.NormRows(h, L.norm)
	}
	x.Emit(h)
}
