package families

import "malmoi/internal/model"

// qwen2 is Qwen2 and Qwen2.5 (arXiv 2412.15115) and A.X 4.0 Light: Llama with
// biases on the query, key and value projections, which the loader finds by
// itself. Reference: transformers, models/qwen2.
var qwen2 = model.Family{
	Name: "qwen2",
	GGUF: []string{"qwen2"},
	HF:   []string{"qwen2"},
	Build: func(l *model.Loader) model.Net {
		d := newDecoder(l)
		d.norms(l, 0)
		d.rope(scaledRope(l, d.dims.D, false))
		qwenWindows(l, d)
		return d
	},
}

// qwenWindows applies the sliding window that a configuration may switch on
// for the upper layers.
func qwenWindows(l *model.Loader, d *decoder) {
	if !l.Bool("use_sliding_window", false) {
		return
	}
	window := l.IntOr("", "sliding_window", 0)
	from := l.IntOr("", "max_window_layers", len(d.layers))
	for i, on := range l.Windowed(len(d.layers), func(i int) bool { return i >= from }) {
		if on && d.layers[i].attn != nil {
			d.layers[i].attn.Window = window
		}
	}
}
