package families

import "malmoi/internal/model"

// qwen3 is Qwen3 (arXiv 2505.09388): no biases, and a norm over each query and
// key head before the rotation. Reference: transformers, models/qwen3.
var qwen3 = model.Family{
	Name: "qwen3",
	GGUF: []string{"qwen3"},
	HF:   []string{"qwen3"},
	Build: func(l *model.Loader) model.Net {
		d := newDecoder(l)
		d.norms(l, 0)
		d.headNorms(l, 0)
		d.rope(scaledRope(l, d.dims.D, false))
		qwenWindows(l, d)
		return d
	},
}
