//go:build !purego

package kernel

import (
	"unsafe"

	"malmoi/internal/num/cpu"
)

//go:generate sh -c "cd _asm/f && go run . -file act -out ../../act_amd64.s"

// The callers have made all slices of one call equally long.

func expAsm(dst, x []float32) {
	if cpu.Current() == cpu.AVX512 {
		expAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	} else {
		expAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	}
}

func siluAsm(dst, x []float32) {
	if cpu.Current() == cpu.AVX512 {
		siluAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	} else {
		siluAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	}
}

func siluMulAsm(dst, gate, up []float32) {
	if cpu.Current() == cpu.AVX512 {
		siluMulAVX512(unsafe.SliceData(dst), unsafe.SliceData(gate), unsafe.SliceData(up), len(dst))
	} else {
		siluMulAVX2(unsafe.SliceData(dst), unsafe.SliceData(gate), unsafe.SliceData(up), len(dst))
	}
}

func geluTanhAsm(dst, x []float32) {
	if cpu.Current() == cpu.AVX512 {
		geluTanhAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	} else {
		geluTanhAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	}
}

func geluTanhMulAsm(dst, gate, up []float32) {
	if cpu.Current() == cpu.AVX512 {
		geluTanhMulAVX512(unsafe.SliceData(dst), unsafe.SliceData(gate), unsafe.SliceData(up), len(dst))
	} else {
		geluTanhMulAVX2(unsafe.SliceData(dst), unsafe.SliceData(gate), unsafe.SliceData(up), len(dst))
	}
}

func geluAsm(dst, x []float32) {
	if cpu.Current() == cpu.AVX512 {
		geluAVX512(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	} else {
		geluAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), len(x))
	}
}

func capScoresAsm(x []float32, limit float32) {
	if cpu.Current() == cpu.AVX512 {
		tanhCapAVX512(unsafe.SliceData(x), len(x), limit, 1/limit)
	} else {
		tanhCapAVX2(unsafe.SliceData(x), len(x), limit, 1/limit)
	}
}

// sumBlock is how many exponentials are summed in float32 before float64.
const sumBlock = 1024

func expSumAsm(dst, x []float32, m float32) float64 {
	var sum float64
	for len(x) > 0 {
		n := min(len(x), sumBlock)
		to := unsafe.SliceData(dst) // nil for a nil dst
		if cpu.Current() == cpu.AVX512 {
			sum += float64(expSumAVX512(to, unsafe.SliceData(x), n, m))
		} else {
			sum += float64(expSumAVX2(to, unsafe.SliceData(x), n, m))
		}
		x = x[n:]
		if dst != nil {
			dst = dst[n:]
		}
	}
	return sum
}

//go:noescape
func expAVX2(dst, x *float32, n int)

//go:noescape
func expAVX512(dst, x *float32, n int)

//go:noescape
func siluAVX2(dst, x *float32, n int)

//go:noescape
func siluAVX512(dst, x *float32, n int)

//go:noescape
func siluMulAVX2(dst, gate, up *float32, n int)

//go:noescape
func siluMulAVX512(dst, gate, up *float32, n int)

//go:noescape
func geluTanhAVX2(dst, x *float32, n int)

//go:noescape
func geluTanhAVX512(dst, x *float32, n int)

//go:noescape
func geluTanhMulAVX2(dst, gate, up *float32, n int)

//go:noescape
func geluTanhMulAVX512(dst, gate, up *float32, n int)

//go:noescape
func geluAVX2(dst, x *float32, n int)

//go:noescape
func geluAVX512(dst, x *float32, n int)

//go:noescape
func tanhCapAVX2(x *float32, n int, limit, inverse float32)

//go:noescape
func tanhCapAVX512(x *float32, n int, limit, inverse float32)

//go:noescape
func expSumAVX2(dst, x *float32, n int, most float32) float32

//go:noescape
func expSumAVX512(dst, x *float32, n int, most float32) float32
