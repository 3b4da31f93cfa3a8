//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

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

//go:noescape
func weighAVX2(w *weighing)

//go:noescape
func weighAVX512(w *weighing)
