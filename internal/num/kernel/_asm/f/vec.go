package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vecs writes what is done to rows with an instruction or two a value.
func vecs() {
	c := newTable("vecConst")
	for _, s := range isas {
		m := func() *vecMath { return &vecMath{isa: s, c: c} }
		addScaled(m())
		scale(m())
		mulScaled(m())
		sumSquares(m())
		ropeHalves(m())
	}
	m := func() *vecMath { return &vecMath{isa: avx2, c: c} }
	maxOf(m())
	ropePairs(m())
	widen()
	narrow(m(), "narrowAVX2", narrowRow)
	narrow(m(), "narrowColumnAVX2", narrowColumn)
	c.emit()
	emitTailMask()
}

func addScaled(m *vecMath) {
	TEXT("addScaled"+m.name, NOSPLIT, "func(dst, x *float32, n int, s float32)")
	w := &span{m: m}
	w.open("dst", "x")
	s := m.reg()
	VBROADCASTSS(NewParamAddr("s", 24), s)
	w.walk(func() {
		y := w.load(0)
		VFMADD231PS(w.load(1), s, y)
		w.store(y, 0)
	})
	w.close()
}

func scale(m *vecMath) {
	TEXT("scale"+m.name, NOSPLIT, "func(x *float32, n int, s float32)")
	w := &span{m: m}
	w.open("x")
	s := m.reg()
	VBROADCASTSS(NewParamAddr("s", 16), s)
	w.walk(func() {
		x := w.load(0)
		VMULPS(s, x, x)
		w.store(x, 0)
	})
	w.close()
}

func mulScaled(m *vecMath) {
	TEXT("mulScaled"+m.name, NOSPLIT, "func(dst, x, w *float32, n int, s float32)")
	w := &span{m: m}
	w.open("dst", "x", "w")
	s := m.reg()
	VBROADCASTSS(NewParamAddr("s", 32), s)
	w.walk(func() {
		x := w.load(1)
		VMULPS(s, x, x)
		VMULPS(w.load(2), x, x)
		w.store(x, 0)
	})
	w.close()
}

// sumSquares adds in float64: it neither overflows nor loses digits.
func sumSquares(m *vecMath) {
	TEXT("sumSquares"+m.name, NOSPLIT, "func(x *float32, n int) float64")
	w := &span{m: m}
	w.open("x")
	low, high := m.reg(), m.reg()
	m.zero(low)
	m.zero(high)
	w.walk(func() {
		x := w.load(0)
		a, b := m.doubles(x)
		VFMADD231PD(a, a, low)
		VFMADD231PD(b, b, high)
	})
	VADDPD(high, low, low)
	if m.lanes == 16 {
		VEXTRACTF64X4(U8(1), low, high.AsY())
		VADDPD(high.AsY(), low.AsY(), low.AsY())
	}
	half := XMM()
	VEXTRACTF128(U8(1), low.AsY(), half)
	VADDPD(low.AsX(), half, half)
	other := XMM()
	VPERMILPD(U8(1), half, other)
	VADDSD(other, half, half)
	VZEROUPPER()
	Store(half, ReturnIndex(0))
	RET()
}

// doubles returns the lower and the upper half of x as float64.
func (m *vecMath) doubles(x VecVirtual) (low, high VecVirtual) {
	low, high = m.reg(), m.reg()
	if m.lanes == 16 {
		VEXTRACTF64X4(U8(1), x, high.AsY())
		VCVTPS2PD(x.AsY(), low)
		VCVTPS2PD(high.AsY(), high)
		return low, high
	}
	VEXTRACTF128(U8(1), x, high.AsX())
	VCVTPS2PD(x.AsX(), low)
	VCVTPS2PD(high.AsX(), high)
	return low, high
}

func maxOf(m *vecMath) {
	TEXT("maxOfAVX2", NOSPLIT, "func(x *float32, n int) float32")
	w := &span{m: m}
	w.open("x")
	least := m.splat(math.Inf(-1))
	most := m.reg()
	VMOVAPS(least, most)
	w.walk(func() {
		x := w.load(0)
		if w.mask != nil {
			VBLENDVPS(w.mask.(VecVirtual), x, least, x)
		}
		VMAXPS(x, most, most)
	})
	top := m.horizontal(vmax, most)
	VZEROUPPER()
	Store(top, ReturnIndex(0))
	RET()
}

// ropeHalves turns (a[i], b[i]) by the angle of (cos[i], sin[i]).
func ropeHalves(m *vecMath) {
	TEXT("ropeHalves"+m.name, NOSPLIT, "func(a, b, cos, sin *float32, n int)")
	w := &span{m: m}
	w.open("a", "b", "cos", "sin")
	w.walk(func() {
		a, b, c, s := w.load(0), w.load(1), w.load(2), w.load(3)
		x, y := m.reg(), m.reg()
		VMULPS(s, b, x)
		VMULPS(s, a, y)
		VFMSUB231PS(c, a, x)
		VFMADD231PS(c, b, y)
		w.store(x, 0)
		w.store(y, 1)
	})
	w.close()
}

// ropePairs turns n whole pairs (x[2i], x[2i+1]), n a multiple of 4.
func ropePairs(m *vecMath) {
	TEXT("ropePairsAVX2", NOSPLIT, "func(x, cos, sin *float32, n int)")
	x, cos := Load(Param("x"), GP64()).(GPVirtual), Load(Param("cos"), GP64()).(GPVirtual)
	sin, n := Load(Param("sin"), GP64()).(GPVirtual), Load(Param("n"), GP64()).(GPVirtual)
	Label("loop")
	SUBQ(U8(4), n)
	JLT(LabelRef("end"))
	pairs, swapped := YMM(), YMM()
	VMOVUPS(Mem{Base: x}, pairs)
	VPERMILPS(U8(0xb1), pairs, swapped)
	VMULPS(twice(sin), swapped, swapped)
	VFMADDSUB213PS(swapped, twice(cos), pairs)
	VMOVUPS(pairs, Mem{Base: x})
	ADDQ(U8(32), x)
	ADDQ(U8(16), cos)
	ADDQ(U8(16), sin)
	JMP(LabelRef("loop"))
	Label("end")
	VZEROUPPER()
	RET()
}

// twice loads four values, each into two neighbouring lanes.
func twice(at GPVirtual) VecVirtual {
	r, high := YMM(), XMM()
	VMOVUPS(Mem{Base: at}, high)
	VUNPCKLPS(high, high, r.AsX())
	VUNPCKHPS(high, high, high)
	VINSERTF128(U8(1), high, r, r)
	return r
}

// widen writes rows of 16·panels float16 values, lds bytes apart, as panels of
// float32, (rows, 16) each and panel bytes apart.
func widen() {
	TEXT("widenAVX2", NOSPLIT, "func(dst, src *byte, rows, lds, panels, panel int)")
	param := func(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }
	dst, src, lds, panels, panel := param("dst"), param("src"), param("lds"), param("panels"), param("panel")
	Label("panel")
	to, from, rows := GP64(), GP64(), param("rows")
	MOVQ(dst, to)
	MOVQ(src, from)
	Label("row")
	for i := range 2 {
		x := YMM()
		VCVTPH2PS(Mem{Base: from, Disp: 16 * i}, x)
		VMOVUPS(x, Mem{Base: to, Disp: 32 * i})
	}
	ADDQ(lds, from)
	ADDQ(U8(64), to)
	DECQ(rows)
	JNE(LabelRef("row"))
	ADDQ(panel, dst)
	ADDQ(U8(32), src)
	DECQ(panels)
	JNE(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// pageTokens is kernel.PageTokens.
const pageTokens = 32

// narrow writes n float32 values, a multiple of 8, as float16, those beyond its
// range as its largest: side by side, or down a column of a page of keys. The
// order of the operands lets a NaN through.
func narrow(m *vecMath, name string, write func(x VecVirtual, dst Register)) {
	TEXT(name, NOSPLIT, "func(dst *byte, src *float32, n int)")
	dst, src := Load(Param("dst"), GP64()).(GPVirtual), Load(Param("src"), GP64()).(GPVirtual)
	n := Load(Param("n"), GP64()).(GPVirtual)
	least, most := m.splat(-65504), m.splat(65504)
	Label("loop")
	x := YMM()
	VMOVUPS(Mem{Base: src}, x)
	VMAXPS(x, least, x)
	VMINPS(x, most, x)
	write(x, dst)
	ADDQ(U8(32), src)
	SUBQ(U8(8), n)
	JNE(LabelRef("loop"))
	VZEROUPPER()
	RET()
}

func narrowRow(x VecVirtual, dst Register) {
	VCVTPS2PH(U8(0), x, Mem{Base: dst}) // to nearest, ties to even
	ADDQ(U8(16), dst)
}

func narrowColumn(x VecVirtual, dst Register) {
	h := XMM()
	VCVTPS2PH(U8(0), x, h)
	for i := range 8 {
		VPEXTRW(U8(i), h, Mem{Base: dst, Disp: 2 * pageTokens * i})
	}
	ADDQ(U32(8*2*pageTokens), dst)
}
