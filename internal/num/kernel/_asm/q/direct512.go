package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// direct512 multiplies panels with n rows, unpacking as it goes.
func direct512(f form, n int) {
	name := fmt.Sprintf("direct512%sx%d", f.name, n)
	TEXT(name, NOSPLIT, directSignature)
	Doc(fmt.Sprintf("%s multiplies panels with %d rows.", name, n))
	z := &zmm{}
	d := &direct{f: f, x: loadRows(n), u: newUnpacker(f, GP64(), z)}
	d.acc, d.lowSum = z.many(n), z.many(n)
	d.highSum = d.lowSum
	// With few rows two sums a row shorten the chains of dependent sums.
	if d.split = n <= 2 || f.kind == kindHalf; d.split {
		d.highSum = z.many(n)
	}
	d.low, d.high, d.scale, d.second = z.one(), z.one(), z.one(), z.one()
	at := func(tile Register, t int) Mem { return Mem{Base: tile, Disp: 64 * t} }
	l := loop{name: name, f: f, n: n, x: d.x, w: d.u.w, low: d.u.low}
	l.begin = func(tile Register) {
		for t, r := range d.acc {
			VMOVUPS(at(tile, t), r)
		}
	}
	l.unit = d.unit
	l.end = func(tile Register) {
		for t, r := range d.acc {
			VMOVUPS(r, at(tile, t))
		}
	}
	l.emit()
	VZEROUPPER()
	RET()
}

// direct is the state of a loop that unpacks as it goes.
type direct struct {
	f                        form
	x                        rows
	u                        *unpacker
	split                    bool
	acc, lowSum, highSum     []VecPhysical
	low, high, scale, second VecPhysical
}

// unit adds the products of 64 columns.
func (d *direct) unit(head Register) {
	for d.u.half = range 2 {
		rec := recordBytes * d.u.half
		d.start(rec)
		for j := range 4 {
			d.u.groups(j, d.low, d.high)
			for t := range d.acc {
				VPDPBUSD_BCST(d.x.at(d.x.base, t, rec+4*j), d.low, d.lowSum[t])
			}
			for t := range d.acc {
				VPDPBUSD_BCST(d.x.at(d.x.base, t, rec+16+4*j), d.high, d.highSum[t])
			}
		}
		d.u.scalesInto(head, d.scale, d.second)
		d.finish(rec)
	}
}

// start sets a block's sums to what they begin with.
func (d *direct) start(rec int) {
	for t, sum := range d.lowSum {
		switch d.f.kind {
		case kindZero:
			VPBROADCASTD(d.x.at(d.x.base, t, rec+d.f.beginAt()), sum)
		case kindMin:
			VPXORD(sum, sum, sum)
		case kindHalf:
			VPBROADCASTD(d.x.at(d.x.base, t, rec+offZero32), sum)
			VPBROADCASTD(d.x.at(d.x.base, t, rec+offZero32+4), d.highSum[t])
			continue
		}
		if d.split {
			VPXORD(d.highSum[t], d.highSum[t], d.highSum[t])
		}
	}
}

// finish adds a block's integer sums, scaled, to the accumulators.
func (d *direct) finish(rec int) {
	add := func(t int, sum, scale VecPhysical) {
		VCVTDQ2PS(sum, sum)
		VMULPS_BCST(d.x.at(d.x.base, t, rec+offScale), sum, sum)
		VFMADD231PS(sum, scale, d.acc[t])
	}
	if d.f.kind == kindHalf {
		for t, sum := range d.lowSum {
			add(t, sum, d.scale)
		}
		for t, sum := range d.highSum {
			add(t, sum, d.second)
		}
		return
	}
	for t, sum := range d.lowSum {
		if d.split {
			VPADDD(d.highSum[t], sum, sum)
		}
		add(t, sum, d.scale)
		if d.f.kind == kindMin {
			VFMADD231PS_BCST(d.x.at(d.x.base, t, rec+offSum), d.second, d.acc[t])
		}
	}
}
