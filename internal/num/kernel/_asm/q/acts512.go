package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// foursConst is what quantizeFours keeps in registers.
type foursConst struct {
	abs, ones8 Op
	order      Op // of the 32-bit words of two blocks after packing
	lane       [4]Op
	pair       [2]Op // lanes 2p and 2p+1, eight of each
	spread     Op
	first      Register // mask of field 0 of two records
	floats     Register // mask of their fields 0 and 1
	// In memory: four words.
	one, of127, huge, tiny Mem
	// In memory: sixteen.
	factors, halved Mem
}

func newFoursConst() *foursConst {
	c := &foursConst{}
	load := func(m Mem) Op { r := ZMM(); VMOVDQU32(m, r); return r }
	splat := func(v uint32) Op { z := ZMM(); spreadWord(v, z); return z }
	mask := func(bits uint32) Register {
		r, k := GP32(), K()
		MOVL(U32(bits), r)
		KMOVW(r, k)
		return k
	}
	four := func(name string, v int32) Mem { return words(name, v, v, v, v) }
	c.abs, c.ones8 = splat(0x7fffffff), splat(0x01010101)
	c.one, c.of127 = four("foursOne", int32(math.Float32bits(1))), four("fours127", int32(math.Float32bits(127)))
	c.huge, c.tiny = four("foursHuge", (127+100)<<23), four("foursTiny", (127-100)<<23)
	c.order = load(words("foursOrder", 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15))
	for i := range c.lane {
		c.lane[i] = splat(uint32(i))
	}
	c.pair[0] = load(words("foursPair0", 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1))
	c.pair[1] = load(words("foursPair1", 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3))
	// From (low, high) of both blocks and, at 16 and on, their sums.
	c.spread = load(words("foursSpread", 16, 16, 16, 16, 0, 1, 16, 16, 18, 18, 18, 18, 2, 3, 18, 18))
	const low16 = 0xffff
	factors := []int32{0, 0, -8 & low16, -16 & low16, -32 & low16, -32 & low16, -128 & low16, -253 & low16}
	c.factors = words("foursFactors", append(factors, factors...)...)
	c.halved = words("foursHalved", 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1)
	c.first, c.floats = mask(0x0101), mask(0x0303)
	return c
}

// quantizeFours writes the records of four blocks at a time, until one of them
// holds a value out of range. Four blocks share what quantizeBlocks does for
// each: reducing sixteen maxima, two divisions, the sums.
func quantizeFours() {
	TEXT("quantizeFours", NOSPLIT, "func(records *byte, x *float32, fours int) int")
	Doc("quantizeFours writes the records of fours times four blocks; it returns how many fours it did, less where one holds values out of range.")
	dst, src := Load(Param("records"), GP64()), Load(Param("x"), GP64())
	fours := Load(Param("fours"), GP64())
	done := GP64()
	XORQ(done, done)
	c := newFoursConst()

	Label("foursLoop")
	var x [8]VecVirtual
	for i := range x {
		x[i] = ZMM()
		VMOVUPS(Mem{Base: src, Disp: 64 * i}, x[i])
	}
	most := c.maxima(x)
	out := K()
	VPCMPUD(U8(5), c.huge, most, out) // most ≥ huge
	KTESTW(out, out)
	JNE(LabelRef("foursEnd"))
	scale, inverse := c.scales(most)
	for p := range 2 {
		q, sums := c.bytes(x[4*p:4*p+4], inverse, 2*p)
		c.records(Mem{Base: dst, Disp: 2 * recordBytes * p}, q, sums, scale, p)
	}
	ADDQ(U32(512), src)
	ADDQ(U32(4*recordBytes), dst)
	INCQ(done)
	CMPQ(done, fours)
	JLT(LabelRef("foursLoop"))
	Label("foursEnd")
	VZEROUPPER()
	Store(done, ReturnIndex(0))
	RET()
}

// maxima returns the largest magnitude of each of four blocks.
func (c *foursConst) maxima(x [8]VecVirtual) VecVirtual {
	var m [4]VecVirtual
	for b := range m {
		other := ZMM()
		m[b] = ZMM()
		VPANDD(x[2*b], c.abs, m[b])
		VPANDD(x[2*b+1], c.abs, other)
		VPMAXUD(m[b], other, m[b])
	}
	// Two by two, then four: lane b of each quarter becomes block b.
	var two [2]VecVirtual
	for i := range two {
		high := ZMM()
		two[i] = ZMM()
		VPUNPCKLDQ(m[2*i+1], m[2*i], two[i])
		VPUNPCKHDQ(m[2*i+1], m[2*i], high)
		VPMAXUD(two[i], high, two[i])
	}
	low, high := ZMM(), ZMM()
	VPUNPCKLQDQ(two[1], two[0], low)
	VPUNPCKHQDQ(two[1], two[0], high)
	VPMAXUD(low, high, low)
	return quarters(low, func(a, b, dst Op) { VPMAXUD(a, b, dst) })
}

// quarters combines the four quarters of a register.
func quarters(z VecVirtual, op func(a, b, dst Op)) VecVirtual {
	y, x := YMM(), XMM()
	VEXTRACTI64X4(U8(1), z, y)
	op(z.AsY(), y, y)
	VEXTRACTI32X4(U8(1), y, x)
	op(y.AsX(), x, x)
	return x
}

// scales returns the scales of four blocks and their inverses, both 0 where all
// of a block counts as zero.
func (c *foursConst) scales(most VecVirtual) (scale, inverse VecVirtual) {
	scale, inverse = XMM(), XMM()
	some := K()
	VPCMPUD(U8(5), c.tiny, most, some) // most ≥ tiny
	VDIVPS_Z(c.of127, most, some, scale)
	VPSRLD(U8(2), scale, scale) // to 22 bits
	VPSLLD(U8(2), scale, scale)
	VMOVUPS(c.one, inverse)
	VDIVPS_Z(scale, inverse, some, inverse)
	return scale, inverse
}

// bytes returns the bytes of blocks b and b+1, whose values are x, and their sums
// (low and high half of b, of b+1).
func (c *foursConst) bytes(x []VecVirtual, inverse VecVirtual, b int) (q, sums VecVirtual) {
	for i := range x {
		if i%2 == 0 {
			by := ZMM()
			VPERMPS(inverse.AsZ(), c.lane[b+i/2], by)
			VMULPS(by, x[i], x[i])
			VMULPS(by, x[i+1], x[i+1])
		}
		VCVTPS2DQ(x[i], x[i])
	}
	VPACKSSDW(x[1], x[0], x[0])
	VPACKSSDW(x[3], x[2], x[2])
	VPACKSSWB(x[2], x[0], x[0]) // a quarter: four bytes of each of the four
	sum := ZMM()
	VPXORD(sum, sum, sum)
	VPDPBUSD(x[0], c.ones8, sum)
	q = ZMM()
	VPERMD(x[0], c.order, q)
	return q, quarters(sum, func(a, b, dst Op) { VPADDD(a, b, dst) })
}

// records writes blocks 2p and 2p+1. A sum has 13 bits and the factors fit in 16:
// one product of words does where VPMULLD takes two steps.
func (c *foursConst) records(dst Mem, q, sums, scale VecVirtual, p int) {
	total := XMM()
	VPSHUFD(U8(0xb1), sums, total)
	VPADDD(sums, total, total)
	fields := sums.AsZ().(VecVirtual)
	VPERMT2D(total.AsZ(), c.spread, fields)
	floats, by := ZMM(), ZMM()
	VCVTDQ2PS(fields, floats)
	VBROADCASTSS(c.one, c.first, floats)
	VPERMPS(scale.AsZ(), c.pair[p], by)
	VPMADDWD(c.factors, fields, fields)
	VPSRAVD(c.halved, fields, fields)
	VMULPS(by, floats, c.floats, fields)
	rec := ZMM()
	VINSERTI64X4(U8(1), fields.AsY(), q, rec)
	VMOVDQU32(rec, dst)
	second := ZMM()
	VSHUFI64X2(U8(0xee), fields, q, second)
	VMOVDQU32(second, dst.Offset(recordBytes))
}
