package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
)

var negInf = float32(math.Inf(-1))

// weighing is one step of the online softmax: rows of width scores each become
// weights relative to the largest score so far. The assembly reads it by
// offset: see TestAssemblyOffsets.
type weighing struct {
	s      []float32 // (rows, lds)
	lds    int       // values
	rows   int
	width  int       // a multiple of 32
	max    []float32 // (rows) the largest score so far, brought up to date
	sum    []float32 // (rows) the sum of weights so far, brought up to date
	factor []float32 // (rows) by which earlier weights shrink
}

// weighGeneric is the definition of a weighing.
func weighGeneric(w *weighing) {
	for r := range w.rows {
		row := w.s[r*w.lds:][:w.width]
		m := w.max[r]
		for _, s := range row {
			m = max(m, s)
		}
		factor := exp(w.max[r] - m)
		var sum float32
		for i, s := range row {
			row[i] = exp(s - m)
			sum += row[i]
		}
		w.max[r], w.factor[r] = m, factor
		w.sum[r] = w.sum[r]*factor + sum
	}
}

// finishRow computes dst = x·s + 0. The zero makes -0 into +0: a row that
// passes by values it does not see may otherwise lose the sign of its zeros.
func finishRow(dst, x []float32, s float32) {
	clear(dst)
	AddScaled(dst, x, s)
}

// loadSome decodes len(dst) elements.
func loadSome(dst []float32, b []byte, e elem) {
	for j := range dst {
		if e == elemF32 {
			dst[j] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*j:]))
		} else {
			dst[j] = half.ToF32(binary.LittleEndian.Uint16(b[2*j:]))
		}
	}
}
