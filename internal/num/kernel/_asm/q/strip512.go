package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unpack512 writes a panel as a strip.
func unpack512(f form) {
	name := "unpack512" + f.name
	TEXT(name, NOSPLIT, "func(dst, w"+f.lowParam()+" *byte, units int)")
	Doc(name + " writes a panel of units as a strip.")
	dst := Load(Param("dst"), GP64())
	w := Load(Param("w"), GP64())
	units := Load(Param("units"), GP64())
	z := &zmm{}
	u := newUnpacker(f, w, z)
	if u.low != nil {
		Load(Param("low"), u.low)
	}
	pairs := z.many(8)
	scale, second := z.one(), z.one()
	overUnits(name, f, w, units, func(head Register) {
		prefetch(f, w, u.low, head)
		for half := range 2 {
			u.half = half
			at := stripBlock * half
			for j := range 4 {
				low, high := pairs[2*j], pairs[2*j+1]
				u.groups(j, low, high)
				VMOVDQU64(low, Mem{Base: dst, Disp: at + 64*j})
				VMOVDQU64(high, Mem{Base: dst, Disp: at + 64*(j+4)})
			}
			u.scalesInto(head, scale, second)
			VMOVUPS(scale, Mem{Base: dst, Disp: at + stripScale})
			if f.kind != kindZero {
				VMOVUPS(second, Mem{Base: dst, Disp: at + stripSecond})
			}
		}
		ADDQ(U32(2*stripBlock), dst)
		nextLow(u.low)
	})
	VZEROUPPER()
	RET()
}

// aheadLines is how many lines of the weights to come a strip loop asks for
// with each block at most; one where that is enough (step).
const aheadLines = 6

// Integer sums begin at the bits of 1.5·2^23, a float32 whose neighbours are one
// apart on both sides: read as float32 they are that number and the sum,
// exactly, as long as the sum is below 2^22 (it is below 2^21). A fused multiply
// then converts and scales at once: (1.5·2^23 + sum)·s - 1.5·2^23·s is sum·s,
// rounded once, since the product subtracted is exact: s has 22 bits (acts.go).
const (
	sumBegin = 0x4b400000 // 1.5·2^23
	sumEnd   = 0xcb400000 // -1.5·2^23
)

// strip is a loop that multiplies strips of some panels with some rows.
type strip struct {
	k        kind
	w        Register
	wstride  Register
	x        rows
	begin    Register
	acc, sum [][]VecPhysical // (panels, rows)
	q        []VecPhysical   // weights of each panel; in the end their scales
	spread   VecPhysical     // activations of a row, or their sum
	scale    VecPhysical     // of a row
	offset   VecPhysical     // sumEnd times scale
	from, to VecPhysical     // sumBegin and sumEnd
}

// strip512 multiplies the strips of panels with n rows. A load costs nearly as
// much as a product here: the weights serve all rows, and the activations,
// spread over a register once, all panels. Three panels and four rows have the
// fewest loads that the registers allow.
func strip512(k kind, panels, n int) {
	name := fmt.Sprintf("strip512%s%dx%d", kindNames[k], panels, n)
	TEXT(name, NOSPLIT, "func(out *float32, ldo int, w *byte, wstride int, x *byte, xstride, begin, blocks int, ahead *byte, step int)")
	Doc(fmt.Sprintf("%s multiplies the strips of %d panels with %d rows.", name, panels, n))
	s := &strip{k: k, w: Load(Param("w"), GP64()), wstride: Load(Param("wstride"), GP64()), x: loadRows(n)}
	blocks := Load(Param("blocks"), GP64())
	if k == kindZero {
		s.begin = Load(Param("begin"), GP64())
		ADDQ(s.x.base, s.begin)
	}
	ahead := Load(Param("ahead"), GP64())
	step := Load(Param("step"), GP64())
	s.registers(panels, n)

	Label(name + "Block")
	PREFETCHT1(Mem{Base: ahead})
	CMPQ(step, U32(64))
	JLE(LabelRef(name + "Sums"))
	for i := 1; i < aheadLines; i++ {
		PREFETCHT1(Mem{Base: ahead, Disp: 64 * i})
	}
	Label(name + "Sums")
	ADDQ(step, ahead)
	s.block()
	ADDQ(U32(stripBlock), s.w)
	ADDQ(U32(recordBytes), s.x.base)
	if s.begin != nil {
		ADDQ(U32(recordBytes), s.begin)
	}
	DECQ(blocks)
	JNE(LabelRef(name + "Block"))

	out := Load(Param("out"), GP64())
	ldo := Load(Param("ldo"), GP64())
	for t := range n {
		for p := range panels {
			VMOVUPS(s.acc[p][t], Mem{Base: out, Disp: 64 * p})
		}
		if t < n-1 {
			ADDQ(ldo, out)
		}
	}
	VZEROUPPER()
	RET()
}

// registers hands them out: 32 with three panels and four rows.
func (s *strip) registers(panels, n int) {
	z := &zmm{}
	for range panels {
		s.acc = append(s.acc, z.many(n))
		s.sum = append(s.sum, z.many(n))
	}
	s.q = z.many(panels)
	s.spread, s.scale, s.offset, s.from, s.to = z.one(), z.one(), z.one(), z.one(), z.one()
	spreadWord(sumBegin, s.from)
	spreadWord(sumEnd, s.to)
	for _, regs := range s.acc {
		for _, r := range regs {
			VPXORD(r, r, r)
		}
	}
}

// at is byte off of panel p's block.
func (s *strip) at(p, off int) Mem {
	m := Mem{Base: s.w, Disp: off}
	if p > 0 {
		m.Index, m.Scale = s.wstride, uint8(p)
	}
	return m
}

// block multiplies 32 columns.
func (s *strip) block() {
	if s.k == kindHalf {
		for half := range 2 {
			s.start(s.x.base, offZero32+4*half)
			for g := range 4 {
				s.group(4*half + g)
			}
			s.finish(half)
		}
		return
	}
	s.start(s.begin, 0)
	for g := range 8 {
		s.group(g)
	}
	s.finish(0)
}

// start sets the integer sums to where they begin, which the zero point moves.
func (s *strip) start(base Register, off int) {
	for t := range s.sum[0] {
		for p := range s.sum {
			switch r := s.sum[p][t]; {
			case s.k == kindMin:
				VMOVDQA64(s.from, r)
			case p == 0:
				VPBROADCASTD(s.x.at(base, t, off), r)
				VPADDD(s.from, r, r)
			default:
				VMOVDQA64(s.sum[0][t], r)
			}
		}
	}
}

// group multiplies four columns.
func (s *strip) group(g int) {
	for p, q := range s.q {
		VMOVDQU64(s.at(p, 64*g), q)
	}
	for t := range s.sum[0] {
		VPBROADCASTD(s.x.at(s.x.base, t, 4*g), s.spread)
		for p, q := range s.q {
			VPDPBUSD(s.spread, q, s.sum[p][t])
		}
	}
}

// finish adds the integer sums, scaled, to the accumulators.
func (s *strip) finish(half int) {
	for p, q := range s.q {
		VMOVUPS(s.at(p, stripScale+64*half), q)
	}
	for t := range s.sum[0] {
		VBROADCASTSS(s.x.at(s.x.base, t, offScale), s.scale)
		VMULPS(s.scale, s.to, s.offset)
		for p, q := range s.q {
			r := s.sum[p][t]
			VFMADD213PS(s.offset, s.scale, r) // r = r·scale + offset
			VFMADD231PS(r, q, s.acc[p][t])
		}
	}
	if s.k != kindMin {
		return
	}
	for p, q := range s.q {
		VMOVUPS(s.at(p, stripSecond), q)
	}
	for t := range s.sum[0] {
		VBROADCASTSS(s.x.at(s.x.base, t, offSum), s.spread)
		for p, q := range s.q {
			VFMADD231PS(s.spread, q, s.acc[p][t])
		}
	}
}
