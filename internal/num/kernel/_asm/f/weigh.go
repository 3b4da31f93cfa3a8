package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of weighing's fields; TestAssemblyOffsets holds them to the type.
const (
	weighS      = 0
	weighLDS    = 24
	weighRows   = 32
	weighWidth  = 40
	weighMax    = 48
	weighSum    = 72
	weighFactor = 96
)

// weighs writes the step of the online softmax.
func weighs() {
	c := newTable("weighConst")
	for _, s := range isas {
		weigh(s, c)
	}
	c.emit()
}

// weigh keeps one maximum and one sum per lane and position within 32, so the
// order of a sum does not depend on where in a group a row begins. Maxima are
// kept as exponents of 2: e^(s-max) = 2^(s·log₂e - max').
func weigh(s isa, c *table) {
	TEXT("weigh"+s.name, NOSPLIT, "func(w *byte)")
	Doc("weigh" + s.name + " turns rows of scores into weights.")
	w := Load(Param("w"), GP64())
	at, lds, left, width := field(w, weighS), field(w, weighLDS), field(w, weighRows), field(w, weighWidth)
	maxAt, sumAt, factorAt := field(w, weighMax), field(w, weighSum), field(w, weighFactor)
	SHLQ(U8(2), lds)
	n := 32 / s.lanes
	m := vecMath{isa: s, c: c}
	m.low, m.magic = m.splat(weightLow), m.splat(weightMagic)
	log2e := m.splat(1 / math.Ln2)

	// All rows' maxima first: each is one long chain of shuffles, and chains of
	// several rows overlap only if little else lies between them.
	Label("maxRow")
	old := s.reg()
	VBROADCASTSS(Mem{Base: maxAt}, old)
	most := s.regs(n)
	for _, r := range most {
		VBROADCASTSS(m.c.float(math.Inf(-1)), r)
	}
	eachPage(at, width, "max", func(p GPVirtual) {
		for j, r := range most {
			VMAXPS(Mem{Base: p, Disp: j * s.bytes()}, r, r)
		}
	})
	m.join(vmax, most)
	top := s.reg()
	VBROADCASTSS(m.horizontal(vmax, most[0]), top)
	VMULPS(log2e, top, top)
	VMAXPS(top, old, top)
	VMOVSS(top.AsX(), Mem{Base: maxAt})

	VSUBPS(top, old, old)
	factor := m.weight(old)
	VMOVSS(factor.AsX(), Mem{Base: factorAt})
	nextRow := func(name string, ptrs ...GPVirtual) {
		ADDQ(lds, at)
		for _, p := range ptrs {
			ADDQ(U8(4), p)
		}
		DECQ(left)
		JNE(LabelRef(name))
	}
	nextRow("maxRow", maxAt, factorAt)

	reload := func(offset int, p GPVirtual) { MOVQ(Mem{Base: w, Disp: offset}, p) }
	reload(weighS, at)
	reload(weighRows, left)
	reload(weighMax, maxAt)
	reload(weighFactor, factorAt)
	Label("sumRow")
	top = s.reg()
	VBROADCASTSS(Mem{Base: maxAt}, top)
	sums := s.regs(n)
	for _, r := range sums {
		s.zero(r)
	}
	eachPage(at, width, "weigh", func(p GPVirtual) {
		for j, r := range sums {
			x := s.reg()
			here := Mem{Base: p, Disp: j * s.bytes()}
			VMOVUPS(here, x)
			VMULPS(log2e, x, x) // rounded, as top was: the largest becomes 2^0
			VSUBPS(top, x, x)
			e := m.weight(x)
			VMOVUPS(e, here)
			VADDPS(e, r, r)
		}
	})
	m.join(vadd, sums)
	total := m.horizontal(vadd, sums[0])
	before := XMM()
	VMOVSS(Mem{Base: sumAt}, before)
	VFMADD231SS(Mem{Base: factorAt}, before, total.AsX())
	VMOVSS(total.AsX(), Mem{Base: sumAt})
	nextRow("sumRow", maxAt, factorAt, sumAt)
	VZEROUPPER()
	RET()
}

// eachPage repeats body for every 32 of width values from at on.
func eachPage(at, width GPVirtual, name string, body func(p GPVirtual)) {
	p, left := GP64(), GP64()
	MOVQ(at, p)
	MOVQ(width, left)
	Label(name)
	body(p)
	ADDQ(U8(128), p)
	SUBQ(U8(32), left)
	JNE(LabelRef(name))
}

// join combines the registers pairwise into the first.
func (m vecMath) join(op func(a, b, dst Op), r []VecVirtual) {
	for step := 1; step < len(r); step *= 2 {
		for i := 0; i+step < len(r); i += 2 * step {
			op(r[i+step], r[i], r[i])
		}
	}
}
