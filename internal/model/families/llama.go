package families

import (
	"malmoi/internal/model"
	"malmoi/internal/nn"
)

// llama is Llama 2 and 3 (arXiv 2407.21783) and the many models of its shape:
// SmolLM2, HyperCLOVA X SEED text, Mi:dm 2.0, Kanana. Reference: transformers,
// models/llama. Its GGUF files store the rows of query and key heads permuted,
// so that the rotation works on neighbouring pairs; safetensors rotate halves.
var llama = model.Family{
	Name:  "llama",
	GGUF:  []string{"llama"},
	HF:    []string{"llama", "mistral"},
	Build: func(l *model.Loader) model.Net { return newLlama(l, l.GGUF()) },
}

func newLlama(l *model.Loader, interleaved bool) *decoder {
	d := newDecoder(l)
	d.norms(l, 0)
	d.rope(scaledRope(l, d.dims.D, interleaved))
	if w := l.IntOr("attention.sliding_window", "sliding_window", 0); w > 0 && l.Arch() == "mistral" {
		for i := range d.layers {
			if a := d.layers[i].attn; a != nil {
				a.Window = w
			}
		}
	}
	return d
}

// scaledRope reads the rotary embedding. GGUF files carry Llama 3's scaling as
// a tensor of divisors instead of its parameters.
func scaledRope(l *model.Loader, D int, interleaved bool) *nn.Rope {
	rot := l.IntOr("rope.dimension_count", "", D)
	if rot > D || rot%2 != 0 {
		l.Fail("%d rotary dimensions of a head of %d", rot, D)
		rot = D
	}
	r := l.RopeParams("full_attention").Rope(rot, interleaved)
	if l.GGUF() && l.Has("rope_freqs") {
		for i, f := range l.Vector("rope_freqs", ".weight", rot/2) {
			if !(f > 0) {
				l.Fail("rope_freqs[%d] is %v, not a positive divisor", i, f)
			}
			r.Freq[i] /= f
		}
	}
	return r
}
