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

// loop goes over the panels in turns: it takes some columns of each panel before
// it goes on in the first. So memory is read in as many streams as there are
// panels, which come in faster than one.
type loop struct {
	name   string
	f      form
	n      int // rows
	x      rows
	w, low Register // where unit finds the weights
	// begin and end load and store a panel's accumulators, unit adds 64
	// columns' products to them. head is where the form's chunk begins.
	begin, end func(tile Register)
	unit       func(head Register)
}

func (l *loop) emit() {
	w, units := Load(Param("w"), GP64()), Load(Param("units"), GP64())
	var low Register
	if l.low != nil {
		low = Load(Param("low"), GP64())
	}
	x, tile, panels := GP64(), GP64(), GP64()
	l.clear(tile, panels)
	MOVQ(l.x.base, x)
	Label(l.name + "Turn")
	MOVQ(w, l.w)
	if low != nil {
		MOVQ(low, l.low)
	}
	Load(Param("tile"), tile)
	Load(Param("panels"), panels)
	Label(l.name + "Panel")
	l.begin(tile)
	l.turn(x, units)
	l.end(tile)
	ADDQ(U32(64*l.n), tile)
	addParam("wstride", l.w)
	if low != nil {
		addParam("lowstride", l.low)
	}
	DECQ(panels)
	JNE(LabelRef(l.name + "Panel"))
	ADDQ(U32(l.f.head+turnUnits*l.f.unit), w)
	if low != nil {
		ADDQ(U32(turnUnits*lowUnit), low)
	}
	ADDQ(U32(turnUnits*unitRecords), x)
	l.x.set(x)
	SUBQ(U32(turnUnits), units)
	JHI(LabelRef(l.name + "Turn"))
	l.write(tile, panels)
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

func addParam(name string, r Register) {
	p, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	ADDQ(p.Addr, r)
}

// turn emits one panel's turn and leaves w, low and the rows as they were. x is
// where the first row was, units how many there are still.
func (l *loop) turn(x, units Register) {
	start, left := GP64(), GP64()
	MOVQ(l.w, start)
	MOVQ(U32(turnUnits), left)
	if l.f.head > 0 {
		PREFETCHT0(Mem{Base: l.w, Disp: ahead})
		ADDQ(U32(l.f.head), l.w)
	} else { // the last turn may be shorter
		CMPQ(units, left)
		CMOVQLT(units, left)
	}
	Label(l.name + "Unit")
	prefetchUnit(l.f, l.w, ahead)
	prefetchLow(l.low)
	l.unit(start)
	ADDQ(U32(l.f.unit), l.w)
	nextLow(l.low)
	l.x.move(unitRecords)
	DECQ(left)
	JNE(LabelRef(l.name + "Unit"))
	MOVQ(start, l.w)
	if l.low != nil {
		SUBQ(l.x.base, x)
		LEAQ(Mem{Base: l.low, Index: x, Scale: lowUnit / unitRecords}, l.low)
		ADDQ(l.x.base, x)
	}
	l.x.set(x)
}

// turnUnits is how many units a turn has: as many as lie under one head.
const turnUnits = 4

// unitRecords are the bytes of a row's records for a unit.
const unitRecords = 2 * recordBytes

// ahead is how far ahead of the weights in use the next are fetched, in bytes.
const ahead = 2048
