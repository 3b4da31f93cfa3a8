package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unpack256 writes a panel as a strip. The 8-bit forms become two planes of
// 512 bytes a block, low nibbles and high.
func unpack256(c constants2, f form) {
	name := "unpack256" + f.name
	TEXT(name, NOSPLIT, "func(dst, w"+f.lowParam()+" *byte, units int)")
	Doc(name + " writes a panel of units as a strip.")
	dst := Load(Param("dst"), GP64())
	w := Load(Param("w"), GP64())
	units := Load(Param("units"), GP64())
	u := newUnpacker2(c, f, w)
	if u.low != nil {
		Load(Param("low"), u.low)
	}
	block, floats := stripBlock, stripScale
	if f.bits == 8 {
		block, floats = stripBlock+512, stripScale+512
	}
	overUnits(name, f, w, units, func(head Register) {
		prefetch(f, w, u.low, head)
		for u.block = range 2 {
			at := u.block * block
			for u.half = range 2 {
				low, high := YMM(), YMM()
				if f.bits == 8 {
					for _, g := range splitOrder {
						u.planes(g, low, high)
						VMOVDQU(low, Mem{Base: dst, Disp: at + 64*g + 32*u.half})
						VMOVDQU(high, Mem{Base: dst, Disp: at + 512 + 64*g + 32*u.half})
					}
				} else {
					for j := range 4 {
						u.groups(j, low, high)
						VMOVDQU(low, Mem{Base: dst, Disp: at + 64*j + 32*u.half})
						VMOVDQU(high, Mem{Base: dst, Disp: at + 64*(j+4) + 32*u.half})
					}
				}
				VMOVUPS(u.float(head, 0), Mem{Base: dst, Disp: at + floats + 32*u.half})
				if f.kind != kindZero {
					VMOVUPS(u.float(head, 1), Mem{Base: dst, Disp: at + floats + 64 + 32*u.half})
				}
			}
		}
		ADDQ(U32(2*block), dst)
		nextLow(u.low)
	})
	VZEROUPPER()
	RET()
}

// strip256 multiplies one panel's strip with n rows. The accumulators do not
// fit in registers beside the sums and live on the stack.
func strip256(c constants2, bits int, k kind, n int) {
	name := fmt.Sprintf("strip256b%d%sx%d", bits, kindNames[k], n)
	TEXT(name, NOSPLIT, "func(out *float32, ldo int, w *byte, x *byte, xstride, begin, blocks int, ahead *byte, step int)")
	Doc(fmt.Sprintf("%s multiplies a %d-bit panel's strip with %d rows.", name, bits, n))
	w := Load(Param("w"), GP64())
	x := loadRows(n)
	blocks := Load(Param("blocks"), GP64())
	var begin Register = x.base
	if k == kindZero {
		begin = Load(Param("begin"), GP64())
		ADDQ(x.base, begin)
	}
	ahead := Load(Param("ahead"), GP64())
	step := Load(Param("step"), GP64())
	local := AllocLocal(64 * n)
	acc := func(t, half int) Mem { return local.Offset(64*t + 32*half) }
	zero := YMM()
	VXORPS(zero, zero, zero)
	for t := range n {
		VMOVUPS(zero, acc(t, 0))
		VMOVUPS(zero, acc(t, 1))
	}
	block, floats, planes, factor := stripBlock, stripScale, 1, c.ones
	if bits == 8 {
		block, floats, planes = stripBlock+512, stripScale+512, 2
	}

	Label(name + "Block")
	for i := range aheadLines / 2 {
		PREFETCHT1(Mem{Base: ahead, Disp: 64 * i})
	}
	ADDQ(step, ahead)
	s := newSums2(2 * n) // of row t and half h at 2t+h
	for plane := range planes {
		narrowBits := bits
		if bits == 8 {
			narrowBits = 4
			factor = []Mem{c.ones, c.sixteens}[plane]
		}
		for g := range 8 {
			w0, w1 := YMM(), YMM()
			VMOVDQU(Mem{Base: w, Disp: 512*plane + 64*g}, w0)
			VMOVDQU(Mem{Base: w, Disp: 512*plane + 64*g + 32}, w1)
			for t := range n {
				v := YMM()
				VPBROADCASTD(x.at(x.base, t, 4*g), v)
				s.add(2*t, v, w0)
				s.add(2*t+1, v, w1)
			}
			s.fresh = false
			if (g+1)%fits(narrowBits) == 0 {
				s.flush(factor)
			}
			if k == kindHalf && g%4 == 3 {
				scale := Mem{Base: w, Disp: floats + 64*(g/4)}
				finishStrip2(k, x, begin, offZero32+4*(g/4), acc, s, scale, Mem{})
				s.begun = false
			}
		}
	}
	if k != kindHalf {
		finishStrip2(k, x, begin, 0, acc, s, Mem{Base: w, Disp: floats}, Mem{Base: w, Disp: floats + 64})
	}
	ADDQ(U32(block), w)
	ADDQ(U32(recordBytes), x.base)
	if k == kindZero {
		ADDQ(U32(recordBytes), begin)
	}
	DECQ(blocks)
	JNE(LabelRef(name + "Block"))

	out := Load(Param("out"), GP64())
	ldo := Load(Param("ldo"), GP64())
	for t := range n {
		for half := range 2 {
			v := YMM()
			VMOVUPS(acc(t, half), v)
			VMOVUPS(v, Mem{Base: out, Disp: 32 * half})
		}
		if t < n-1 {
			ADDQ(ldo, out)
		}
	}
	VZEROUPPER()
	RET()
}

// finishStrip2 adds integer sums, scaled, to the accumulators, which lie in
// memory like the weights' scales.
func finishStrip2(k kind, x rows, begin Register, off int, acc func(t, half int) Mem, s *sums2, scale, second Mem) {
	for i, r := range s.wide {
		t, half := i/2, i%2
		v := YMM()
		if k != kindMin {
			VPBROADCASTD(x.at(begin, t, off), v)
			VPADDD(v, r, r)
		}
		VCVTDQ2PS(r, r)
		v = YMM()
		VBROADCASTSS(x.at(x.base, t, offScale), v)
		VMULPS(v, r, r)
		v = YMM()
		VMOVUPS(acc(t, half), v)
		VFMADD132PS(scale.Offset(32*half), v, r) // r = r·scale + acc
		if k == kindMin {
			v = YMM()
			VBROADCASTSS(x.at(x.base, t, offSum), v)
			VFMADD231PS(second.Offset(32*half), v, r)
		}
		VMOVUPS(r, acc(t, half))
	}
}
