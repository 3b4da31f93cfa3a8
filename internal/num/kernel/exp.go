package kernel

import (
	"math"

	"malmoi/internal/num/cpu"
)

// Exp computes dst = e^x. dst may be x. Above 88.73 the result is +Inf; where
// the true result is below the smallest normal number it is that number's
// neighbour or zero; e^-Inf is 0.
func Exp(dst, x []float32) {
	x = x[:len(dst)]
	if cpu.Current() != cpu.Portable {
		expAsm(dst, x)
		return
	}
	expGeneric(dst, x)
}

func expGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = exp(v)
	}
}

// exp is the definition: the float32 nearest to the true value, nearly always.
func exp(x float32) float32 { return float32(math.Exp(float64(x))) }

// capScores replaces each x by limit·tanh(x/limit), as models with a soft cap
// on attention scores do.
func capScores(x []float32, limit float32) {
	if cpu.Current() != cpu.Portable {
		capScoresAsm(x, limit)
		return
	}
	capScoresGeneric(x, limit)
}

func capScoresGeneric(x []float32, limit float32) {
	for i, v := range x {
		x[i] = limit * float32(math.Tanh(float64(v/limit)))
	}
}
