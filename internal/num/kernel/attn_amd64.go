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

// distance returns how far behind from the bytes of to lie, 0 if there are none.
func distance(from, to []byte) int {
	if len(to) == 0 {
		return 0
	}
	return int(uintptr(unsafe.Pointer(unsafe.SliceData(to))) - uintptr(unsafe.Pointer(unsafe.SliceData(from))))
}

// widen fills w with the pages of g where three tiles of rows and more would each
// convert them. Two tiles convert faster than they write and read again.
func (w *attnWide) widen(g *attnGroup, a *Attn) {
	w.on = g.e == elemF16 && a.R > 2*tileRows() && cpu.Current() != cpu.Portable
	if !w.on {
		return
	}
	w.positions = g.pages * PageTokens
	w.keys = sized(w.keys, w.positions*a.D*elemF32.bytes())
	w.values = sized(w.values, w.positions*a.D*elemF32.bytes())
	for i := range g.pages {
		page := a.Pages[g.page0+i]
		const row = vec * 2
		widenAVX2(&w.keysOf(i, a.D)[0], &keysOf(page, a.D, g.e)[0], PageTokens/vec*a.D, row, 1, 0)
		if n := a.D / vec; n > 0 {
			widenAVX2(&w.values[i*PageTokens*wideColumn], &valuesOf(page, a.D, g.e)[0], PageTokens, 2*a.D, n, w.positions*wideColumn)
		}
	}
}

// widenAVX2 turns rows of 16·panels float16 values, lds bytes apart, into panels
// of float32, (rows, 16) each and panel bytes apart.
//
//go:noescape
func widenAVX2(dst, src *byte, rows, lds, panels, panel int)

//go:noescape
func weighAVX2(w *weighing)

//go:noescape
func weighAVX512(w *weighing)
