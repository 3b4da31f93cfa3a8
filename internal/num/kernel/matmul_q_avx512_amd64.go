//go:build !purego

package kernel

import "math/bits"

// The AVX-512 VNNI loops: VPDPBUSD multiplies four unsigned weights of sixteen
// rows with four signed activations, exactly, and adds to 32-bit sums. A block's
// sum is at most 32·255·127 + 128·32·127 in magnitude, far from overflow.

//go:generate sh -c "cd _asm/q && go run . -level avx512 -out ../../matmul_q512_amd64.s -stubs ../../matmul_q512_amd64.go -pkg kernel"

var avx512Kernels = quantKernels{
	direct: direct512, directRows: 8,
	unpack: unpack512,
	strip:  strip512, stripRows: func(*form) int { return 4 },
	blockBytes: func(*form) int { return stripBlock },
	screen:     screen512, screenRows: 2,
}

// direct512Table has the loops for 1, 2, 4 and 8 rows.
var direct512Table = [...][4]directFunc{
	id4Zero:  {direct5124Zerox1, direct5124Zerox2, direct5124Zerox4, direct5124Zerox8},
	id4Min:   {direct5124Minx1, direct5124Minx2, direct5124Minx4, direct5124Minx8},
	id4K:     {direct5124Kx1, direct5124Kx2, direct5124Kx4, direct5124Kx8},
	id5Zero:  {direct5125Zerox1, direct5125Zerox2, direct5125Zerox4, direct5125Zerox8},
	id5Min:   {direct5125Minx1, direct5125Minx2, direct5125Minx4, direct5125Minx8},
	id5K:     {direct5125Kx1, direct5125Kx2, direct5125Kx4, direct5125Kx8},
	id6K:     {direct5126Kx1, direct5126Kx2, direct5126Kx4, direct5126Kx8},
	id8Zero:  {direct5128Zerox1, direct5128Zerox2, direct5128Zerox4, direct5128Zerox8},
	id8Wide:  {direct5128Widex1, direct5128Widex2, direct5128Widex4, direct5128Widex8},
	id8Split: {direct5128Splitx1, direct5128Splitx2, direct5128Splitx4, direct5128Splitx8},
}

func direct512(s *streams) { s.call(direct512Table[s.form.id][bits.Len(uint(s.n))-1]) }

// screen512Table has the loops of the split form's upper bits.
var screen512Table = [...]directFunc{direct5128Upperx1, direct5128Upperx2, direct5128Upperx4, direct5128Upperx8}

func screen512(s *streams) { s.call(screen512Table[bits.Len(uint(s.n))-1]) }

var unpack512Table = [...]unpackFunc{
	id4Zero: unpack5124Zero, id4Min: unpack5124Min, id4K: unpack5124K,
	id5Zero: unpack5125Zero, id5Min: unpack5125Min, id5K: unpack5125K,
	id6K: unpack5126K, id8Zero: unpack5128Zero, id8Wide: unpack5128Wide,
}

func unpack512(f *form, dst, w, low []byte, blocks int) {
	_, _ = dst[blocks*stripBlock-1], w[f.panelBytes(blocks*blockCols)-1]
	if f.low > 0 {
		_ = low[blocks/2*f.low-1]
		unpack5128Split(&dst[0], &w[0], &low[0], blocks/2)
		return
	}
	unpack512Table[f.id](&dst[0], &w[0], blocks/2)
}

// strip512Table has the loops for 1 to 3 panels and 1 to 4 rows.
var strip512Table = [...][PanelStep][4]func(out *float32, ldo int, w *byte, wstride int, x *byte, xstride, begin, blocks int, ahead *byte, step int){
	kindZero: {
		{strip512Zero1x1, strip512Zero1x2, strip512Zero1x3, strip512Zero1x4},
		{strip512Zero2x1, strip512Zero2x2, strip512Zero2x3, strip512Zero2x4},
		{strip512Zero3x1, strip512Zero3x2, strip512Zero3x3, strip512Zero3x4},
	},
	kindMin: {
		{strip512Min1x1, strip512Min1x2, strip512Min1x3, strip512Min1x4},
		{strip512Min2x1, strip512Min2x2, strip512Min2x3, strip512Min2x4},
		{strip512Min3x1, strip512Min3x2, strip512Min3x3, strip512Min3x4},
	},
	kindHalf: {
		{strip512Half1x1, strip512Half1x2, strip512Half1x3, strip512Half1x4},
		{strip512Half2x1, strip512Half2x2, strip512Half2x3, strip512Half2x4},
		{strip512Half3x1, strip512Half3x2, strip512Half3x3, strip512Half3x4},
	},
}

func strip512(f *form, out []float32, ldo int, w []byte, wstride, panels int, x []byte, n, blocks int, ahead []byte) {
	xstride := blocks * recordBytes
	_, _, _ = out[(n-1)*ldo+panels*PanelRows-1], x[n*xstride-1], w[(panels-1)*wstride+blocks*stripBlock-1]
	strip512Table[f.kind][panels-1][n-1](&out[0], ldo*4, &w[0], wstride, &x[0], xstride, f.beginAt(), blocks, &ahead[0], len(ahead)/blocks)
}
