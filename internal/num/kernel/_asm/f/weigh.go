package main

import (
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
// order of a sum does not depend on where in a group a row begins.
func weigh(s isa, c *table) {
	TEXT("weigh"+s.name, NOSPLIT, "func(w *byte)")
	Doc("weigh" + s.name + " turns rows of scores into weights.")
	w := Load(Param("w"), GP64())
	at, lds, rows, width := field(w, weighS), field(w, weighLDS), field(w, weighRows), field(w, weighWidth)
	maxAt, sumAt, factorAt := field(w, weighMax), field(w, weighSum), field(w, weighFactor)
	SHLQ(U8(2), lds)
	n := 32 / s.lanes
	m := vecMath{isa: s, c: c}
	m.low = m.splat(weightLow)

	Label("row")
	old := s.reg()
	VBROADCASTSS(Mem{Base: maxAt}, old)
	most := s.regs(n)
	for _, r := range most {
		VMOVUPS(old, r)
	}
	eachPage(at, width, "max", func(p GPVirtual) {
		for j, r := range most {
			VMAXPS(Mem{Base: p, Disp: j * s.bytes()}, r, r)
		}
	})
	m.join(vmax, most)
	top := s.reg()
	VBROADCASTSS(m.horizontal(vmax, most[0]), top)
	VMOVSS(top.AsX(), Mem{Base: maxAt})

	VSUBPS(top, old, old)
	factor := m.weight(old)
	VMOVSS(factor.AsX(), Mem{Base: factorAt})
	sums := s.regs(n)
	for _, r := range sums {
		s.zero(r)
	}
	eachPage(at, width, "weigh", func(p GPVirtual) {
		for j, r := range sums {
			x := s.reg()
			here := Mem{Base: p, Disp: j * s.bytes()}
			VMOVUPS(here, x)
			VSUBPS(top, x, x)
			e := m.weight(x)
			VMOVUPS(e, here)
			VADDPS(e, r, r)
		}
	})
	m.join(vadd, sums)
	total := m.horizontal(vadd, sums[0])
	VFMADD231SS(Mem{Base: sumAt}, factor.AsX(), total.AsX())
	VMOVSS(total.AsX(), Mem{Base: sumAt})

	ADDQ(lds, at)
	ADDQ(U8(4), maxAt)
	ADDQ(U8(4), sumAt)
	ADDQ(U8(4), factorAt)
	DECQ(rows)
	JNE(LabelRef("row"))
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
