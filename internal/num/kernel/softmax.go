package kernel

import (
	"math"

	"malmoi/internal/num/cpu"
)

// Softmax replaces x by e^x / Σ e^x. -Inf becomes 0. Where all of x is -Inf,
// the result is all zeros: nothing is chosen.
func Softmax(x []float32) {
	m := maxOf(x)
	if math.IsInf(float64(m), -1) {
		clear(x)
		return
	}
	sum := expSum(x, x, m)
	Scale(x, float32(1/sum))
}

// LogSumExp returns log Σ e^x, -Inf for an empty x.
func LogSumExp(x []float32) float64 {
	m := maxOf(x)
	if math.IsInf(float64(m), 0) {
		return float64(m)
	}
	return float64(m) + math.Log(expSum(nil, x, m))
}

// ArgMax returns the index of the largest value, the lowest one of several. A
// NaN is never the largest; -1 means that there is no value at all.
func ArgMax(x []float32) int {
	m := maxOf(x)
	for i, v := range x {
		if v == m {
			return i
		}
	}
	return argMaxGeneric(x) // a NaN hid the maximum, or there is none
}

func argMaxGeneric(x []float32) int {
	best := -1
	for i, v := range x {
		if v == v && (best < 0 || v > x[best]) {
			best = i
		}
	}
	return best
}

// maxOf returns the largest of x, -Inf if there is none, NaN or another value
// of x if some are NaN.
func maxOf(x []float32) float32 {
	if cpu.Current() != cpu.Portable {
		return maxOfAsm(x)
	}
	return maxOfGeneric(x)
}

func maxOfGeneric(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

// expSum returns Σ e^(x-m), and stores the terms in dst unless that is nil. dst
// may be x.
func expSum(dst, x []float32, m float32) float64 {
	if cpu.Current() != cpu.Portable {
		return expSumAsm(dst, x, m)
	}
	return expSumGeneric(dst, x, m)
}

func expSumGeneric(dst, x []float32, m float32) float64 {
	var sum float64
	for i, v := range x {
		e := exp(v - m)
		sum += float64(e)
		if dst != nil {
			dst[i] = e
		}
	}
	return sum
}
