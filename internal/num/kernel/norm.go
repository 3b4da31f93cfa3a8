package kernel

import (
	"math"

	"malmoi/internal/num/cpu"
)

// RMSNorm computes dst = x / √(mean(x²) + eps) · w. dst may be x. A nil w is
// all ones. The squares are summed in a fixed order that depends on the length
// only.
func RMSNorm(dst, x, w []float32, eps float32) {
	var ss float64
	if cpu.Current() != cpu.Portable {
		ss = sumSquaresAsm(x)
	} else {
		ss = sumSquares(x)
	}
	scale := float32(1 / math.Sqrt(ss/float64(len(x))+float64(eps)))
	mulScaled(dst, x, w, scale)
}

// LayerNorm computes dst = (x - mean(x)) / √(var(x) + eps) · w + b. dst may be
// x. A nil w is all ones, a nil b all zeros.
func LayerNorm(dst, x, w, b []float32, eps float32) {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = float32(float64(v) - mean)
	}
	RMSNorm(dst, dst, w, eps) // the mean square of what is left is the variance
	if b != nil {
		Add(dst, b)
	}
}

func sumSquares(x []float32) float64 {
	var ss float64
	for _, v := range x {
		ss += float64(v) * float64(v)
	}
	return ss
}

// mulScaled computes dst = x·s·w.
func mulScaled(dst, x, w []float32, s float32) {
	dst = dst[:len(x)]
	if w == nil {
		copy(dst, x)
		Scale(dst, s)
		return
	}
	w = w[:len(x)]
	if cpu.Current() != cpu.Portable {
		mulScaledAsm(dst, x, w, s)
		return
	}
	mulScaledGeneric(dst, x, w, s)
}

func mulScaledGeneric(dst, x, w []float32, s float32) {
	for i, v := range x {
		dst[i] = v * s * w[i]
	}
}
