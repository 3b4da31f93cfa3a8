//go:build !purego

package kernel

import "math/bits"

// The AVX2 loops: VPMADDUBSW multiplies bytes and adds pairs in 16 bits. How
// many such sums 16 bits hold is proved in _asm/q/avx2.go.

//go:generate sh -c "cd _asm/q && go run . -level avx2 -out ../../matmul_q256_amd64.s -stubs ../../matmul_q256_amd64.go -pkg kernel"

var avx2Kernels = quantKernels{
	direct: direct256, directRows: 4,
	unpack: unpack256,
	strip:  strip256, stripRows: stripRows256,
	blockBytes: blockBytes256,
	screen:     screen256, screenRows: 2,
}

// stripRows256 is 4 for 4-bit weights; others need more registers for sums.
func stripRows256(f *form) int {
	if f.bits == 4 {
		return 4
	}
	return 3
}

// blockBytes256 is larger for 8-bit weights, which are kept as two planes of
// nibbles.
func blockBytes256(f *form) int {
	if f.bits == 8 {
		return stripBlock + 512
	}
	return stripBlock
}

// direct256Table has the loops for 1, 2 and 4 rows.
var direct256Table = [...][3]directFunc{
	id4Zero:  {direct2564Zerox1, direct2564Zerox2, direct2564Zerox4},
	id4Min:   {direct2564Minx1, direct2564Minx2, direct2564Minx4},
	id4K:     {direct2564Kx1, direct2564Kx2, direct2564Kx4},
	id5Zero:  {direct2565Zerox1, direct2565Zerox2, direct2565Zerox4},
	id5Min:   {direct2565Minx1, direct2565Minx2, direct2565Minx4},
	id5K:     {direct2565Kx1, direct2565Kx2, direct2565Kx4},
	id6K:     {direct2566Kx1, direct2566Kx2, direct2566Kx4},
	id8Zero:  {direct2568Zerox1, direct2568Zerox2, direct2568Zerox4},
	id8Wide:  {direct2568Widex1, direct2568Widex2, direct2568Widex4},
	id8Split: {direct2568Splitx1, direct2568Splitx2, direct2568Splitx4},
}

func direct256(s *streams) { s.call(direct256Table[s.form.id][bits.Len(uint(s.n))-1]) }

// screen256Table has the loops of the split form's upper bits.
var screen256Table = [...]directFunc{direct2568Upperx1, direct2568Upperx2, direct2568Upperx4}

func screen256(s *streams) { s.call(screen256Table[bits.Len(uint(s.n))-1]) }

var unpack256Table = [...]unpackFunc{
	id4Zero: unpack2564Zero,
	id4Min:  unpack2564Min,
	id4K:    unpack2564K,
	id5Zero: unpack2565Zero,
	id5Min:  unpack2565Min,
	id5K:    unpack2565K,
	id6K:    unpack2566K,
	id8Zero: unpack2568Zero,
	id8Wide: unpack2568Wide,
}

func unpack256(f *form, dst, w, low []byte, blocks int) {
	_, _ = dst[blocks*blockBytes256(f)-1], w[f.panelBytes(blocks*blockCols)-1]
	if f.low > 0 {
		_ = low[blocks/2*f.low-1]
		unpack2568Split(&dst[0], &w[0], &low[0], blocks/2)
		return
	}
	unpack256Table[f.id](&dst[0], &w[0], blocks/2)
}

// strip256Table has the loops of each width for 1 to stripRows256 rows.
var strip256Table = [...][4]func(out *float32, ldo int, w, x *byte, xstride, begin, blocks int, ahead *byte, step int){
	id4Zero:  {strip256b4Zerox1, strip256b4Zerox2, strip256b4Zerox3, strip256b4Zerox4},
	id4Min:   {strip256b4Minx1, strip256b4Minx2, strip256b4Minx3, strip256b4Minx4},
	id4K:     {strip256b4Minx1, strip256b4Minx2, strip256b4Minx3, strip256b4Minx4},
	id5Zero:  {strip256b5Zerox1, strip256b5Zerox2, strip256b5Zerox3},
	id5Min:   {strip256b5Minx1, strip256b5Minx2, strip256b5Minx3},
	id5K:     {strip256b5Minx1, strip256b5Minx2, strip256b5Minx3},
	id6K:     {strip256b6Halfx1, strip256b6Halfx2, strip256b6Halfx3},
	id8Zero:  {strip256b8Zerox1, strip256b8Zerox2, strip256b8Zerox3},
	id8Wide:  {strip256b8Zerox1, strip256b8Zerox2, strip256b8Zerox3},
	id8Split: {strip256b8Zerox1, strip256b8Zerox2, strip256b8Zerox3},
}

// strip256 multiplies the panels one after the other: there are too few
// registers to share the activations.
func strip256(f *form, out []float32, ldo int, w []byte, wstride, panels int, x []byte, n, blocks int, ahead []byte) {
	xstride, size := blocks*recordBytes, blocks*blockBytes256(f)
	_, _, _ = out[(n-1)*ldo+panels*PanelRows-1], x[n*xstride-1], w[(panels-1)*wstride+size-1]
	run, begin, share := strip256Table[f.id][n-1], f.beginAt(), len(ahead)/panels
	for p := range panels {
		run(&out[p*PanelRows], ldo*4, &w[p*wstride], &x[0], xstride, begin, blocks, &ahead[p*share], share/blocks)
	}
}
