//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

// quantLevel returns the inner loops of the level in force.
func quantLevel() *quantKernels {
	switch cpu.Current() {
	case cpu.AVX512:
		return &avx512Kernels
	case cpu.AVX2:
		return &avx2Kernels
	}
	return &portableKernels
}

type (
	directFunc = func(out *float32, ldo int, w, x *byte, xstride, begin, units int)
	unpackFunc = func(dst, w *byte, units int)
	splitFunc  = func(out *float32, ldo int, w, low, x *byte, xstride, begin, units int)
)

// beginAt is where a record keeps what the integer dot product of a form with
// one zero point begins with.
func (f *form) beginAt() int {
	switch f.zero {
	case 8:
		return offZero8
	case 16:
		return offZero16
	}
	return offZero128
}
