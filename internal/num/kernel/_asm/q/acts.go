package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// quantize writes the records of whole blocks of 32 activations; AVX2. See
// quantizeFours for AVX-512.
func quantize() {
	factors := words("recordFactors", 0, 0, -8, -16, -32, -32, -128, -253)
	halved := words("recordHalved", 0, 0, 0, 0, 0, 0, 0, 1) // shifts right: -253/2 sums in the last field
	order := words("recordOrder", 0, 4, 1, 5, 2, 6, 3, 7)

	TEXT("quantizeBlocks", NOSPLIT, "func(records *byte, x *float32, blocks int)")
	Doc("quantizeBlocks writes the records of whole blocks of activations.")
	dst := Load(Param("records"), GP64())
	src := Load(Param("x"), GP64())
	blocks := Load(Param("blocks"), GP64())
	abs, ones8, ones16, ones32, of127, one := YMM(), YMM(), YMM(), XMM(), XMM(), XMM()
	constant(0x7fffffff, abs)
	constant(0x01010101, ones8)
	constant(0x00010001, ones16)
	r := GP32()
	MOVL(U32(1), r)
	VMOVD(r, ones32)
	MOVL(U32(math.Float32bits(127)), r)
	VMOVD(r, of127)
	MOVL(U32(math.Float32bits(1)), r)
	VMOVD(r, one)

	Label("quantizeBlock")
	x := []VecVirtual{YMM(), YMM(), YMM(), YMM()}
	m := []VecVirtual{YMM(), YMM(), YMM(), YMM()}
	for i := range x {
		VMOVUPS(Mem{Base: src, Disp: 32 * i}, x[i])
		VPAND(x[i], abs, m[i])
	}
	VPMAXUD(m[0], m[1], m[0])
	VPMAXUD(m[2], m[3], m[2])
	VPMAXUD(m[0], m[2], m[0])
	most, t := XMM(), XMM()
	VEXTRACTI128(U8(1), m[0], t)
	VPMAXUD(m[0].AsX(), t, most)
	VPSHUFD(U8(0x4e), most, t)
	VPMAXUD(most, t, most)
	VPSHUFD(U8(0xb1), most, t)
	VPMAXUD(most, t, most)
	bits := GP32()
	VMOVD(most, bits)
	CMPL(bits, U32((127+100)<<23))
	JAE(LabelRef("quantizeHuge"))
	CMPL(bits, U32((127-100)<<23))
	JB(LabelRef("quantizeTiny"))

	scale, inverse := XMM(), YMM()
	VDIVSS(of127, most, scale)
	VPSRLD(U8(2), scale, scale) // to 22 bits
	VPSLLD(U8(2), scale, scale)
	VDIVSS(scale, one, inverse.AsX())
	VBROADCASTSS(inverse.AsX(), inverse)
	for i := range x {
		VMULPS(inverse, x[i], x[i])
		VCVTPS2DQ(x[i], x[i])
	}
	VPACKSSDW(x[1], x[0], x[0])
	VPACKSSDW(x[3], x[2], x[2])
	VPACKSSWB(x[2], x[0], x[0])
	o := YMM()
	VMOVDQU(order, o)
	VPERMD(x[0], o, x[0])
	VMOVDQU(x[0], Mem{Base: dst})

	sums := YMM()
	VPMADDUBSW(x[0], ones8, sums)
	VPMADDWD(ones16, sums, sums)
	low, high := sums.AsX(), XMM()
	VEXTRACTI128(U8(1), sums, high)
	VPHADDD(high, low, low)
	VPHADDD(low, low, low)  // low, high, low, high
	VPHADDD(low, low, high) // four times their sum
	VPBLENDD(U8(3), low, high, low)
	VPBLENDD(U8(1), ones32, high, high)
	fields := YMM()
	VINSERTI128(U8(1), low, high.AsY(), fields) // 1, sum, sum, sum, low, high, sum, sum
	floats := YMM()
	VCVTDQ2PS(fields, floats)
	spread := YMM()
	VBROADCASTSS(scale, spread)
	VMULPS(spread, floats, floats)
	VPMULLD(factors, fields, fields)
	VPSRAVD(halved, fields, fields)
	VPBLENDD(U8(3), floats, fields, fields)
	VMOVDQU(fields, Mem{Base: dst, Disp: 32})

	Label("quantizeNext")
	ADDQ(U32(128), src)
	ADDQ(U32(recordBytes), dst)
	DECQ(blocks)
	JNE(LabelRef("quantizeBlock"))
	VZEROUPPER()
	RET()

	zero := YMM()
	Label("quantizeTiny")
	VPXOR(zero, zero, zero)
	VMOVDQU(zero, Mem{Base: dst})
	VMOVDQU(zero, Mem{Base: dst, Disp: 32})
	JMP(LabelRef("quantizeNext"))

	Label("quantizeHuge")
	VPXOR(zero, zero, zero)
	VMOVDQU(zero, Mem{Base: dst})
	VMOVDQU(zero, Mem{Base: dst, Disp: 32})
	MOVL(U32(0x7fc00000), Mem{Base: dst, Disp: offScale})
	MOVL(U32(0x7fc00000), Mem{Base: dst, Disp: offSum})
	JMP(LabelRef("quantizeNext"))
}

func constant(v uint32, dst VecVirtual) {
	r := GP32()
	MOVL(U32(v), r)
	VMOVD(r, dst.AsX())
	VPBROADCASTD(dst.AsX(), dst)
}
