package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// directSignature is that of all loops which unpack as they go. They multiply
// panels, wstride bytes apart, with n rows of records and write the first rows
// of the results, ldo bytes apart, panels ostride bytes apart. tile is
// (panels, n, 16), to work in. low and lowstride count in the split form alone.
const directSignature = "func(out *float32, ldo, ostride, rows int, tile *float32, w *byte, wstride int, low *byte, lowstride int, x *byte, xstride, units, panels int)"

// loop goes over the panels in turns: it takes 64 columns of each panel before it
// goes on in the first. So memory is read in as many streams as there are
// panels, which come in faster than one; with longer turns they do not.
type loop struct {
	name         string
	f            form
	n            int // rows
	x            rows
	w, low, head Register // where unit finds a panel's weights, and its chunk's head
	// begin and end load and store a panel's accumulators, unit adds a turn's
	// products to them.
	begin, end func(tile Register)
	unit       func(head Register)
}

func (l *loop) emit() {
	w, units := Load(Param("w"), GP64()), Load(Param("units"), GP64())
	var low Register
	if l.low != nil {
		low = Load(Param("low"), GP64())
	}
	if l.f.head > 0 {
		l.head = GP64()
	}
	tile, panels := GP64(), GP64()
	l.clear(tile, panels)
	overUnits(l.name, l.f, w, units, func(head Register) {
		MOVQ(w, l.w)
		if low != nil {
			MOVQ(low, l.low)
		}
		if head != nil {
			MOVQ(head, l.head)
		}
		l.turn(tile, panels)
		nextLow(low)
		l.x.move(2 * recordBytes)
	})
	l.write(tile, panels)
}

// turn takes 64 columns of each panel.
func (l *loop) turn(tile, panels Register) {
	Load(Param("tile"), tile)
	Load(Param("panels"), panels)
	Label(l.name + "Panel")
	prefetch(l.f, l.w, l.low, l.head)
	l.begin(tile)
	l.unit(l.head)
	l.end(tile)
	ADDQ(U32(64*l.n), tile)
	addParam("wstride", l.w)
	if l.low != nil {
		addParam("lowstride", l.low)
	}
	if l.head != nil {
		addParam("wstride", l.head)
	}
	DECQ(panels)
	JNE(LabelRef(l.name + "Panel"))
}

// addParam adds a parameter to r.
func addParam(name string, r Register) {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	ADDQ(p.Addr, r)
}

// clear zeroes the tile.
func (l *loop) clear(tile, panels Register) {
	Load(Param("tile"), tile)
	Load(Param("panels"), panels)
	zero := YMM()
	VPXOR(zero, zero, zero)
	Label(l.name + "Clear")
	for i := range 2 * l.n {
		VMOVDQU(zero, Mem{Base: tile, Disp: 32 * i})
	}
	ADDQ(U32(64*l.n), tile)
	DECQ(panels)
	JNE(LabelRef(l.name + "Clear"))
}

// write copies the tile to where the results belong.
func (l *loop) write(tile, panels Register) {
	out, ldo, ostride := Load(Param("out"), GP64()), Load(Param("ldo"), GP64()), Load(Param("ostride"), GP64())
	Load(Param("tile"), tile)
	Load(Param("panels"), panels)
	Label(l.name + "Write")
	row, from, left := GP64(), GP64(), GP64()
	MOVQ(out, row)
	MOVQ(tile, from)
	Load(Param("rows"), left)
	Label(l.name + "Row")
	for i := range 2 {
		v := YMM()
		VMOVDQU(Mem{Base: from, Disp: 32 * i}, v)
		VMOVDQU(v, Mem{Base: row, Disp: 32 * i})
	}
	ADDQ(U32(64), from)
	ADDQ(ldo, row)
	DECQ(left)
	JNE(LabelRef(l.name + "Row"))
	ADDQ(U32(64*l.n), tile)
	ADDQ(ostride, out)
	DECQ(panels)
	JNE(LabelRef(l.name + "Write"))
}
