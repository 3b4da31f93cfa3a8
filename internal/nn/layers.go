package nn

import (
	"math"

	"malmoi/internal/num/kernel"
	"malmoi/internal/num/quant"
)

// Linear is y = W·x + Bias, W packed (OC, C); Bias is nil or (OC).
// The loader fills W after the family has asked for it, so hold the pointer.
type Linear struct {
	W    *kernel.Matrix
	Bias []float32
}

// Norm scales a row to unit size: root mean square, or with Centre a layer
// normalisation with mean and bias. W and B are (C); B is nil without Centre.
type Norm struct {
	W, B   []float32
	Eps    float32
	Centre bool
}

// Table is an embedding (V, C), kept as the file stores it: a step reads few
// of its rows.
type Table struct {
	Type quant.Type
	Data []byte
	V, C int
}

// Activation is the function inside a feed-forward layer.
type Activation int

// The activations that the families use.
const (
	SiLU     Activation = iota // x·sigmoid(x)
	GELUTanh                   // tanh approximation, as Gemma
	GELU                       // exact, with erf, as BERT
)

// Attention is self-attention over the cache. QKV is one matrix whose rows are
// all query heads, then all key heads, then all value heads.
type Attention struct {
	Layer  int // which layer of the cache it reads and writes
	QKV    *Linear
	Out    *Linear
	QNorm  *Norm // per head, over D; nil if the family has none
	KNorm  *Norm
	H, K   int
	D      int
	Rope   *Rope   // nil: no rotary position
	Window int     // positions a row sees, itself included; 0: all before it
	Scale  float32 // of q·k
	Full   bool    // rows see the whole sequence, also what follows (encoders)
}

// GatedMLP is Down·(act(Gate·x) ⊙ (Up·x)). GateUp holds the rows of Gate, then
// those of Up.
type GatedMLP struct {
	GateUp *Linear
	FF     int // rows of Gate
	Act    Activation
	Down   *Linear
}

// Rope is a rotary position embedding. Freq is (Rot/2) angular frequencies in
// radians per position.
type Rope struct {
	Rot         int // leading dimensions of a head that rotate
	Freq        []float32
	Interleaved bool    // pairs (0,1)(2,3)… instead of (0,Rot/2)(1,Rot/2+1)…
	Amplitude   float32 // factor on cos and sin, 1 unless the scaling asks (YaRN)
}

// NewRope returns the plain rotary embedding of base theta (RoFormer,
// arXiv 2104.09864, eq. 15), with float32 frequencies as PyTorch computes them.
func NewRope(rot int, theta float64, interleaved bool) *Rope {
	r := &Rope{Rot: rot, Freq: make([]float32, rot/2), Interleaved: interleaved, Amplitude: 1}
	for i := range r.Freq {
		r.Freq[i] = float32(1 / math.Pow(theta, float64(2*i)/float64(rot)))
	}
	return r
}

// Angles writes cos and sin, each (Rot/2), of position pos. The product is
// rounded to float32 before the cosine is taken, as every float32
// implementation does; at position 2,000 that rounding is already visible.
func (r *Rope) Angles(cos, sin []float32, pos int) {
	for i, f := range r.Freq {
		s, c := math.Sincos(float64(float32(pos) * f))
		cos[i] = float32(c) * r.Amplitude
		sin[i] = float32(s) * r.Amplitude
	}
}
