package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
)

// This file is the definition of the product of quantised weights. It is not
// fast: every other version must agree with it.
//
// One output element is one float32 accumulator that takes the blocks in
// ascending order: acc = fma(dot·xscale, scale, acc), where dot is the exact
// integer dot product of a block (kindHalf: of each half block), and for
// kindMin then acc = fma(second, xsum, acc).

// unpackGeneric writes a panel as a strip.
func unpackGeneric(f *form, dst, panel, low []byte, blocks int) {
	var head []byte
	for b := range blocks {
		if f.head > 0 && b%8 == 0 {
			head, panel = panel[:f.head], panel[f.head:]
		}
		unpackBlock(f, (*[stripBlock]byte)(dst[b*stripBlock:]), panel, head, b%2)
		if f.low > 0 {
			addLow(dst[b*stripBlock:], low[b*f.low/2:])
		}
		if b%2 == 1 {
			panel = panel[f.unit:]
		}
	}
}

// unpackBlock unpacks block half (0: A, 1: B) of a unit.
func unpackBlock(f *form, dst *[stripBlock]byte, unit, head []byte, half int) {
	q := dst[:stripScale]
	switch {
	case f.low > 0:
		unpackUpper(q, unit, half)
	case f.bits == 8:
		copy(q, unit[half*512:])
	default:
		for i, v := range unit[half*256:][:256] {
			q[i], q[i+256] = v&15, v>>4
		}
	}
	switch f.bits {
	case 5:
		for i, v := range unit[512+half*64:][:64] {
			for g := range 8 {
				q[64*g+i] |= v >> g & 1 << 4
			}
		}
	case 6:
		for i, v := range unit[512+half*128:][:128] {
			for g := range 4 {
				q[i/64*256+64*g+i%64] |= v >> (2 * g) & 3 << 4
			}
		}
	}
	for r := range PanelRows {
		a, b := unpackScales(f, unit, head, half, r)
		binary.LittleEndian.PutUint32(dst[stripScale+4*r:], math.Float32bits(a))
		binary.LittleEndian.PutUint32(dst[stripSecond+4*r:], math.Float32bits(b))
	}
}

// unpackScales returns the two floats of row r that follow a strip's block.
func unpackScales(f *form, unit, head []byte, block, r int) (scale, second float32) {
	f16 := func(b []byte) float32 { return half.ToF32(binary.LittleEndian.Uint16(b)) }
	f32 := func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	switch f.id {
	case id4Zero:
		return f16(unit[512+block*32+2*r:]), 0
	case id4Min:
		return f16(unit[512+block*64+2*r:]), f16(unit[544+block*64+2*r:])
	case id5Zero:
		return f16(unit[640+block*32+2*r:]), 0
	case id5Min:
		return f16(unit[640+block*64+2*r:]), f16(unit[672+block*64+2*r:])
	case id8Zero:
		return f16(unit[1024+block*32+2*r:]), 0
	case id8Split:
		return f16(unit[768+block*32+2*r:]), 0
	case id8Wide:
		return f32(unit[1024+block*64+4*r:]), 0
	case id6K:
		s := unit[scales6K+block*32+r:]
		d := f32(head[4*r:])
		return d * float32(int8(s[0])), d * float32(int8(s[16]))
	}
	at := scales4K
	if f.id == id5K {
		at = scales5K
	}
	s := unit[at+block*32+r:]
	return f16(head[2*r:]) * float32(s[0]), f16(head[32+2*r:]) * float32(s[16])
}

// stripGeneric multiplies strips of panels with n rows.
func stripGeneric(f *form, out []float32, ldo int, w []byte, wstride, panels int, x []byte, n, blocks int, _ []byte) {
	for i := range n {
		records := x[i*blocks*recordBytes:]
		for p := range panels {
			y := (*[PanelRows]float32)(out[i*ldo+p*PanelRows:])
			*y = [PanelRows]float32{}
			for b := range blocks {
				block := (*[stripBlock]byte)(w[p*wstride+b*stripBlock:])
				mulBlock(f, y, block, (*[recordBytes]byte)(records[b*recordBytes:]))
			}
		}
	}
}

// portableKernels are the definition as a level. It has no direct loop.
var portableKernels = quantKernels{
	unpack: unpackGeneric, strip: stripGeneric, stripRows: func(*form) int { return 4 },
	screen:     screenGeneric,
	blockBytes: func(*form) int { return stripBlock },
}

// mulBlock adds the products of one block.
func mulBlock(f *form, acc *[PanelRows]float32, w *[stripBlock]byte, x *[recordBytes]byte) {
	f32 := func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) }
	i32 := func(off int) int32 { return int32(binary.LittleEndian.Uint32(x[off:])) }
	q := (*[blockCols]byte)(x[:])
	xscale, xsum := f32(x[offScale:]), f32(x[offSum:])
	var begin, beginHigh int32
	switch f.zero {
	case 8:
		begin = i32(offZero8)
	case 16:
		begin = i32(offZero16)
	case 32:
		begin, beginHigh = i32(offZero32), i32(offZero32+4)
	case 128:
		begin = i32(offZero128)
	}
	for r := range PanelRows {
		low, high := begin, beginHigh
		for g := range 4 {
			a, b := w[64*g+4*r:], w[64*(g+4)+4*r:]
			for k := range 4 {
				low += int32(a[k]) * int32(int8(q[4*g+k]))
				high += int32(b[k]) * int32(int8(q[16+4*g+k]))
			}
		}
		scale, second := f32(w[stripScale+4*r:]), f32(w[stripSecond+4*r:])
		if f.kind == kindHalf {
			acc[r] = fma(float32(low)*xscale, scale, acc[r])
			acc[r] = fma(float32(high)*xscale, second, acc[r])
			continue
		}
		acc[r] = fma(float32(low+high)*xscale, scale, acc[r])
		if f.kind == kindMin {
			acc[r] = fma(second, xsum, acc[r])
		}
	}
}

// fma is a·b+c rounded nearly once: the product is exact in float64 and the sum
// rounds there before it rounds to float32, which differs from the processor's
// instruction about once in 2^29.
func fma(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }
