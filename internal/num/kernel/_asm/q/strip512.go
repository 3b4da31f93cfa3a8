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
		prefetchUnit(f, w, 2048)
		prefetchLow(u.low)
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
// with each block.
const aheadLines = 6

// strip512 multiplies two panels' strips with n rows: the activations, spread
// over a register once, serve both.
func strip512(k kind, n int) {
	name := fmt.Sprintf("strip512%sx%d", kindNames[k], n)
	TEXT(name, NOSPLIT, "func(out *float32, ldo int, w *byte, wstride int, x *byte, xstride, begin, blocks int, ahead *byte, step int)")
	Doc(fmt.Sprintf("%s multiplies the strips of two panels with %d rows.", name, n))
	out := Load(Param("out"), GP64())
	ldo := Load(Param("ldo"), GP64())
	w := []Register{Load(Param("w"), GP64()), GP64()}
	MOVQ(w[0], w[1])
	wstride := Load(Param("wstride"), GP64())
	ADDQ(wstride, w[1])
	x := loadRows(n)
	blocks := Load(Param("blocks"), GP64())
	var begin Register
	if k == kindZero {
		begin = Load(Param("begin"), GP64())
		ADDQ(x.base, begin)
	}
	ahead := Load(Param("ahead"), GP64())
	step := Load(Param("step"), GP64())
	z := &zmm{}
	acc := [][]VecPhysical{z.many(n), z.many(n)}
	sum := [][]VecPhysical{z.many(n), z.many(n)}
	q := z.many(2)
	spread := z.one()
	for p := range 2 {
		for _, r := range acc[p] {
			VPXORD(r, r, r)
		}
	}
	Label(name + "Block")
	for i := range aheadLines {
		PREFETCHT1(Mem{Base: ahead, Disp: 64 * i})
	}
	ADDQ(step, ahead)
	group := func(g int) {
		for p := range 2 {
			VMOVDQU64(Mem{Base: w[p], Disp: 64 * g}, q[p])
		}
		for t := range n {
			VPBROADCASTD(x.at(x.base, t, 4*g), spread)
			VPDPBUSD(spread, q[0], sum[0][t])
			VPDPBUSD(spread, q[1], sum[1][t])
		}
	}
	start := func(base Register, off int) {
		for t := range n {
			if k == kindMin {
				VPXORD(sum[0][t], sum[0][t], sum[0][t])
				VPXORD(sum[1][t], sum[1][t], sum[1][t])
				continue
			}
			VPBROADCASTD(x.at(base, t, off), sum[0][t])
			VMOVDQA64(sum[0][t], sum[1][t])
		}
	}
	if k == kindHalf {
		for half := range 2 {
			start(x.base, offZero32+4*half)
			for g := range 4 {
				group(4*half + g)
			}
			for p := range 2 {
				VMOVUPS(Mem{Base: w[p], Disp: stripScale + 64*half}, q[p])
				finish512(kindZero, x, 0, acc[p], sum[p], nil, q[p], nil)
			}
		}
	} else {
		start(begin, 0)
		for g := range 8 {
			group(g)
		}
		for p := range 2 {
			VMOVUPS(Mem{Base: w[p], Disp: stripScale}, q[p])
			if k == kindMin {
				VMOVUPS(Mem{Base: w[p], Disp: stripSecond}, spread)
			}
			finish512(k, x, 0, acc[p], sum[p], nil, q[p], spread)
		}
	}
	ADDQ(U32(stripBlock), w[0])
	ADDQ(U32(stripBlock), w[1])
	ADDQ(U32(recordBytes), x.base)
	if begin != nil {
		ADDQ(U32(recordBytes), begin)
	}
	DECQ(blocks)
	JNE(LabelRef(name + "Block"))
	for t := range n {
		VMOVUPS(acc[0][t], Mem{Base: out})
		VMOVUPS(acc[1][t], Mem{Base: out, Disp: 64})
		if t < n-1 {
			ADDQ(ldo, out)
		}
	}
	VZEROUPPER()
	RET()
}
