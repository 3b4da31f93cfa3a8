//go:build !purego

package kernel

import (
	"unsafe"

	"malmoi/internal/num/cpu"
)

//go:generate sh -c "cd _asm/f && go run . -file vec -out ../../vec_amd64.s"

// The callers have made all slices of one call equally long.

func addScaledAsm(dst, x []float32, s float32) {
	if cpu.Current() == cpu.AVX512 {
		addScaledAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(x), s)
	} else {
		addScaledAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(x), s)
	}
}

func scaleAsm(x []float32, s float32) {
	if cpu.Current() == cpu.AVX512 {
		scaleAVX512(unsafe.SliceData(x), len(x), s)
	} else {
		scaleAVX2(unsafe.SliceData(x), len(x), s)
	}
}

func mulScaledAsm(dst, x, w []float32, s float32) {
	if cpu.Current() == cpu.AVX512 {
		mulScaledAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(w), len(x), s)
	} else {
		mulScaledAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(w), len(x), s)
	}
}

func sumSquaresAsm(x []float32) float64 {
	if cpu.Current() == cpu.AVX512 {
		return sumSquaresAVX512(unsafe.SliceData(x), len(x))
	}
	return sumSquaresAVX2(unsafe.SliceData(x), len(x))
}

func maxOfAsm(x []float32) float32 { return maxOfAVX2(unsafe.SliceData(x), len(x)) }

func ropeHalvesAsm(a, b, cos, sin []float32) {
	b = b[:len(cos)]
	if cpu.Current() == cpu.AVX512 {
		ropeHalvesAVX512(unsafe.SliceData(a), unsafe.SliceData(b), unsafe.SliceData(cos), unsafe.SliceData(sin), len(cos))
	} else {
		ropeHalvesAVX2(unsafe.SliceData(a), unsafe.SliceData(b), unsafe.SliceData(cos), unsafe.SliceData(sin), len(cos))
	}
}

func ropePairsAsm(x, cos, sin []float32) {
	whole := len(cos) &^ 3
	ropePairsAVX2(unsafe.SliceData(x), unsafe.SliceData(cos), unsafe.SliceData(sin), whole)
	ropePairsGeneric(x[2*whole:], cos[whole:], sin[whole:])
}

func narrowAsm(dst []byte, x []float32) int {
	whole := len(x) &^ 7
	if whole > 0 {
		_ = dst[2*whole-1]
		narrowAVX2(&dst[0], &x[0], whole)
	}
	return whole
}

func narrowColumnAsm(dst []byte, x []float32) int {
	whole := len(x) &^ 7
	if whole > 0 {
		_ = dst[2*PageTokens*(whole-1)+1]
		narrowColumnAVX2(&dst[0], &x[0], whole)
	}
	return whole
}

//go:noescape
func narrowAVX2(dst *byte, src *float32, n int)

//go:noescape
func narrowColumnAVX2(dst *byte, src *float32, n int)

//go:noescape
func addScaledAVX2(dst, x *float32, n int, s float32)

//go:noescape
func addScaledAVX512(dst, x *float32, n int, s float32)

//go:noescape
func scaleAVX2(x *float32, n int, s float32)

//go:noescape
func scaleAVX512(x *float32, n int, s float32)

//go:noescape
func mulScaledAVX2(dst, x, w *float32, n int, s float32)

//go:noescape
func mulScaledAVX512(dst, x, w *float32, n int, s float32)

//go:noescape
func sumSquaresAVX2(x *float32, n int) float64

//go:noescape
func sumSquaresAVX512(x *float32, n int) float64

//go:noescape
func maxOfAVX2(x *float32, n int) float32

//go:noescape
func ropeHalvesAVX2(a, b, cos, sin *float32, n int)

//go:noescape
func ropeHalvesAVX512(a, b, cos, sin *float32, n int)

//go:noescape
func ropePairsAVX2(x, cos, sin *float32, n int)
