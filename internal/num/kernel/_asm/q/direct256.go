package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// direct256 multiplies panels with n rows, unpacking as it goes, eight weight
// rows at a time.
func direct256(c constants2, f form, n int) {
	name := fmt.Sprintf("direct256%sx%d", f.name, n)
	TEXT(name, NOSPLIT, directSignature)
	Doc(fmt.Sprintf("%s multiplies panels with %d rows.", name, n))
	d := &direct2{x: loadRows(n), u: newUnpacker2(c, f, GP64()), n: n}
	at := func(tile Register, t, half int) Mem { return Mem{Base: tile, Disp: 64*t + 32*half} }
	l := loop{name: name, f: f, n: n, x: d.x, w: d.u.w, low: d.u.low, unit: d.unit}
	l.begin = func(tile Register) {
		d.tile = tile
		if n > 2 {
			return
		}
		for half := range 2 {
			for t := range n {
				d.acc[half] = append(d.acc[half], YMM())
				VMOVUPS(at(tile, t, half), d.acc[half][t])
			}
		}
	}
	l.end = func(tile Register) {
		for half := range 2 {
			for t, r := range d.acc[half] {
				VMOVUPS(r, at(tile, t, half))
			}
		}
	}
	l.emit()
	VZEROUPPER()
	RET()
}

// direct2 is the state of a loop that unpacks as it goes. With more than two
// rows accumulators stay in the tile: registers are too few.
type direct2 struct {
	x    rows
	u    *unpacker2
	n    int
	tile Register
	acc  [2][]VecVirtual // of rows 0..7 and 8..15
}

// unit adds the products of 64 columns.
func (d *direct2) unit(head Register) {
	for d.u.block = range 2 {
		for d.u.half = range 2 {
			d.multiply(head)
		}
	}
}

// multiply adds the products of eight weight rows and one block.
func (d *direct2) multiply(head Register) {
	switch u := d.u; {
	case u.f.part == upper:
		d.finish(d.groups(0, 8, u.six, u.c.fours), u.f.beginAt(), u.float(head, 0), nil)
	case u.f.bits == 8:
		d.finish(d.bytes(), u.f.beginAt(), u.float(head, 0), nil)
	case u.f.kind == kindHalf:
		for h := range 2 {
			d.finish(d.groups(4*h, 4*h+4, u.group, u.c.ones), offZero32+4*h, u.float(head, h), nil)
		}
	case u.f.kind == kindMin:
		d.finish(d.whole(), 0, u.float(head, 0), u.float(head, 1))
	default:
		d.finish(d.whole(), u.f.beginAt(), u.float(head, 0), nil)
	}
}

// spread broadcasts group g of row t's activations.
func (d *direct2) spread(t, g int) VecVirtual {
	v := YMM()
	VPBROADCASTD(d.x.at(d.x.base, t, recordBytes*d.u.block+4*g), v)
	return v
}

// whole sums a block of 4 or 5 bits.
func (d *direct2) whole() []VecVirtual {
	u := d.u
	a, b := newSums2(d.n), newSums2(d.n) // groups 0..3 and 4..7
	low, high := YMM(), YMM()
	for j := range 4 {
		u.groups(j, low, high)
		for t := range d.n {
			a.add(t, d.spread(t, j), low)
			b.add(t, d.spread(t, j+4), high)
		}
		a.fresh, b.fresh = false, false
	}
	if fits(u.f.bits) == 8 { // both together
		for t := range d.n {
			VPADDW(b.narrow[t], a.narrow[t], a.narrow[t])
		}
		a.flush(u.c.ones)
		return a.wide
	}
	a.flush(u.c.ones)
	b.flush(u.c.ones)
	for t := range d.n {
		VPADDD(b.wide[t], a.wide[t], a.wide[t])
	}
	return a.wide
}

// groups sums groups g to end of six bits, which load unpacks; each sum counts
// factor times.
func (d *direct2) groups(g, end int, load func(g int, dst VecVirtual), factor Mem) []VecVirtual {
	s, w := newSums2(d.n), YMM()
	for ; g < end; g++ {
		load(g, w)
		for t := range d.n {
			s.add(t, d.spread(t, g), w)
		}
		s.fresh = false
		if (g+1)%fits(6) == 0 {
			s.flush(factor)
		}
	}
	return s.wide
}

// bytes sums a block of 8 bits, low nibbles and high ones.
func (d *direct2) bytes() []VecVirtual {
	u := d.u
	a, b := newSums2(d.n), newSums2(d.n)
	low, high := YMM(), YMM()
	for _, g := range splitOrder {
		u.planes(g, low, high)
		for t := range d.n {
			v := d.spread(t, g)
			a.add(t, v, low)
			b.add(t, v, high)
		}
		a.fresh, b.fresh = false, false
	}
	a.flush(u.c.ones)
	b.flush(u.c.sixteens)
	for t := range d.n {
		VPADDD(b.wide[t], a.wide[t], a.wide[t])
	}
	return a.wide
}

// finish adds integer sums, scaled, to the accumulators. begin is where a record
// has what they should have begun with, 0 for nothing; second, if any, is added
// for each sum of activations.
func (d *direct2) finish(sums []VecVirtual, begin int, scale, second VecVirtual) {
	rec := recordBytes * d.u.block
	fromRecord := func(t, off int) VecVirtual {
		v := YMM()
		VBROADCASTSS(d.x.at(d.x.base, t, rec+off), v)
		return v
	}
	for t, sum := range sums {
		if begin != 0 {
			VPADDD(fromRecord(t, begin), sum, sum)
		}
		VCVTDQ2PS(sum, sum)
		VMULPS(fromRecord(t, offScale), sum, sum)
		at := Mem{Base: d.tile, Disp: 64*t + 32*d.u.half}
		acc := YMM()
		if d.n > 2 {
			VMOVUPS(at, acc)
		} else {
			acc = d.acc[d.u.half][t]
		}
		VFMADD231PS(sum, scale, acc)
		if second != nil {
			VFMADD231PS(fromRecord(t, offSum), second, acc)
		}
		if d.n > 2 {
			VMOVUPS(acc, at)
		}
	}
}
