//go:build !purego

package kernel

import (
	"unsafe"

	"malmoi/internal/num/cpu"
)

//go:generate sh -c "cd _asm/f && go run . -file weigh -out ../../weigh_amd64.s"

// weighAsm does what weighGeneric does, with one sum for each position within
// a page.
func weighAsm(w *weighing) {
	if w.rows <= 0 {
		return
	}
	_ = w.s[(w.rows-1)*w.lds+w.width-1]
	_, _, _ = w.max[w.rows-1], w.sum[w.rows-1], w.factor[w.rows-1]
	if cpu.Current() == cpu.AVX512 {
		weighAVX512(w)
	} else {
		weighAVX2(w)
	}
}

// widen returns the keys or values of a page as they lie or, where three tiles
// of rows and more would each convert them, as float32 in s.page. Two tiles
// convert faster than they write and read again.
func (s *AttnScratch) widen(e elem, part []byte, rows int) ([]byte, elem) {
	if e == elemF32 || rows <= 2*tileRows() || cpu.Current() == cpu.Portable {
		return part, e
	}
	n := len(part) / 2
	if cap(s.page) < n {
		s.page = make([]float32, n)
	}
	to := unsafe.SliceData(s.page[:n])
	widenAVX2(to, unsafe.SliceData(part), n)
	return unsafe.Slice((*byte)(unsafe.Pointer(to)), 4*n), elemF32
}

//go:noescape
func widenAVX2(dst *float32, src *byte, n int)

//go:noescape
func weighAVX2(w *weighing)

//go:noescape
func weighAVX512(w *weighing)
