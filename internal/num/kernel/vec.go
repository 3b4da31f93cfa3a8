package kernel

import "malmoi/internal/num/cpu"

// Add computes dst += x. Both have the same length.
func Add(dst, x []float32) { AddScaled(dst, x, 1) }

// AddScaled computes dst += x·s. Both have the same length.
func AddScaled(dst, x []float32, s float32) {
	x = x[:len(dst)]
	if cpu.Current() != cpu.Portable {
		addScaledAsm(dst, x, s)
		return
	}
	addScaledGeneric(dst, x, s)
}

func addScaledGeneric(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] += x[i] * s
	}
}

// Scale computes x *= s.
func Scale(x []float32, s float32) {
	if cpu.Current() != cpu.Portable {
		scaleAsm(x, s)
		return
	}
	scaleGeneric(x, s)
}

func scaleGeneric(x []float32, s float32) {
	for i := range x {
		x[i] *= s
	}
}
