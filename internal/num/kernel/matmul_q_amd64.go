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
	// directFunc multiplies panels with its number of rows; _asm/q/direct.go says
	// what the parameters are.
	directFunc = func(out *float32, ldo, ostride, rows int, tile *float32, w *byte, wstride int, low *byte, lowstride int,
		x *byte, xstride, units, panels int)
	unpackFunc = func(dst, w *byte, units int)
)

// call runs a loop on s.
func (s *streams) call(loop directFunc) {
	xstride := s.blocks * recordBytes
	_, _ = s.tile[s.count*s.n*PanelRows-1], s.out[(s.rows-1)*s.ldo+(s.count-1)*s.step*PanelRows+PanelRows-1]
	_, _ = s.x[s.n*xstride-1], s.w[((s.count-1)*s.step+1)*s.wbytes-1]
	low := &s.w[0]
	if s.low != nil {
		_ = s.low[((s.count-1)*s.step+1)*s.lowBytes-1]
		low = &s.low[0]
	}
	loop(&s.out[0], s.ldo*4, s.step*PanelRows*4, s.rows, &s.tile[0], &s.w[0], s.step*s.wbytes, low, s.step*s.lowBytes,
		&s.x[0], xstride, s.blocks/2, s.count)
}

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
