package kernel

import (
	"math"

	"malmoi/internal/num/cpu"
)

// The tanh form of GELU (Hendrycks and Gimpel, arXiv:1606.08415, section 2) is
//
//	½x·(1 + tanh(u)), u = √(2/π)·(x + 0.044715x³)
//
// which equals x·σ(2u): the form computed here, since 1 + tanh(u) loses all
// digits for negative u.
const (
	geluA = 2 * 0.797884560802865355879892119868763737 // 2√(2/π)
	geluB = geluA * 0.044715
)

// GeluTanhMul computes dst = gelu(gate)·up with the tanh form of GELU, the gate
// of GeGLU. dst may be gate or up.
func GeluTanhMul(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	if cpu.Current() != cpu.Portable {
		geluTanhMulAsm(dst, gate, up)
		return
	}
	geluTanhMulGeneric(dst, gate, up)
}

func geluTanhMulGeneric(dst, gate, up []float32) {
	for i, g := range gate {
		dst[i] = geluTanh(g) * up[i]
	}
}

// GeluTanh computes dst = gelu(x) with the tanh form of GELU. dst may be x.
func GeluTanh(dst, x []float32) {
	x = x[:len(dst)]
	if cpu.Current() != cpu.Portable {
		geluTanhAsm(dst, x)
		return
	}
	geluTanhGeneric(dst, x)
}

func geluTanhGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = geluTanh(v)
	}
}

func geluTanh(x float32) float32 { return x / (1 + exp(-x*(geluA+geluB*x*x))) }

// Gelu computes dst = gelu(x) = x·Φ(x), the exact form of GELU. dst may be x.
func Gelu(dst, x []float32) {
	x = x[:len(dst)]
	if cpu.Current() != cpu.Portable {
		geluAsm(dst, x)
		return
	}
	geluGeneric(dst, x)
}

func geluGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(0.5 * float64(v) * math.Erfc(-float64(v)*(1/math.Sqrt2)))
	}
}
