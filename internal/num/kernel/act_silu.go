package kernel

import "malmoi/internal/num/cpu"

// SiluMul computes dst = gate·σ(gate)·up, the gate of SwiGLU. dst may be gate
// or up.
func SiluMul(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	if cpu.Current() != cpu.Portable {
		siluMulAsm(dst, gate, up)
		return
	}
	siluMulGeneric(dst, gate, up)
}

func siluMulGeneric(dst, gate, up []float32) {
	for i, g := range gate {
		dst[i] = g / (1 + exp(-g)) * up[i]
	}
}

// Silu computes dst = x·σ(x). dst may be x.
func Silu(dst, x []float32) {
	x = x[:len(dst)]
	if cpu.Current() != cpu.Portable {
		siluAsm(dst, x)
		return
	}
	siluGeneric(dst, x)
}

func siluGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = v / (1 + exp(-v))
	}
}
