package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// packs writes what laying out weights needs. SSE2 is enough for it, which every
// processor of this architecture has: memory bounds the rest.
func packs() {
	turn()
	split()
}

// turn writes the sixteen bytes of sixteen rows as four lines of sixteen words,
// four rows at a time.
func turn() {
	TEXT("turnSSE2", NOSPLIT, "func(dst, src *byte, stride int, flip uint32)")
	dst, src, stride := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	flip := spreadWord(Load(Param("flip"), GP32()))
	for four := range 4 {
		var row [4]VecVirtual
		for i := range row {
			row[i] = XMM()
			MOVOU(Mem{Base: src}, row[i])
			PXOR(flip, row[i])
			ADDQ(stride, src)
		}
		a, b := pairUp(PUNPCKLLQ, PUNPCKHLQ, row[0], row[1]) // words 0, 1 and 2, 3 of two rows
		c, d := pairUp(PUNPCKLLQ, PUNPCKHLQ, row[2], row[3])
		w0, w1 := pairUp(PUNPCKLQDQ, PUNPCKHQDQ, a, c)
		w2, w3 := pairUp(PUNPCKLQDQ, PUNPCKHQDQ, b, d)
		for j, w := range []VecVirtual{w0, w1, w2, w3} {
			MOVOU(w, Mem{Base: dst, Disp: 64*j + 16*four})
		}
	}
	RET()
}

// pairUp interleaves the lower and the upper halves of two registers, the first
// of which it uses up.
func pairUp(lower, upper func(mx, x Op), a, b VecVirtual) (lo, hi VecVirtual) {
	lo = XMM()
	MOVOA(a, lo)
	lower(b, lo)
	upper(b, a)
	return lo, a
}

// spreadWord returns a register that holds v four times.
func spreadWord(v Register) VecVirtual {
	x := XMM()
	MOVD(v, x)
	PSHUFD(U8(0), x, x)
	return x
}

func constant(v uint32) VecVirtual {
	r := GP32()
	MOVL(U32(v), r)
	return spreadWord(r)
}

// split cuts a block of the 8-bit form as splitGeneric does, sixteen bytes at a
// time. Bits are masked before they are shifted, so that none leaves its byte.
func split() {
	TEXT("splitSSE2", NOSPLIT, "func(nibbles, mid, low, q *byte)")
	nibbles, mid := Load(Param("nibbles"), GP64()), Load(Param("mid"), GP64())
	low, q := Load(Param("low"), GP64()), Load(Param("q"), GP64())
	top, two, one := constant(0xf0f0f0f0), constant(0x0c0c0c0c), constant(0x03030303)
	for at := 0; at < 64; at += 16 {
		var w [8]VecVirtual
		for g := range w {
			w[g] = XMM()
			MOVOU(Mem{Base: q, Disp: 64*g + at}, w[g])
		}
		for i := range 2 {
			gather(w[4*i:4*i+4], two, -2, Mem{Base: mid, Disp: 64*i + at})
			gather(w[4*i:4*i+4], one, 0, Mem{Base: low, Disp: 64*i + at})
		}
		for j := range 4 {
			PAND(top, w[j])
			PSRLW(U8(4), w[j])
			PAND(top, w[j+4])
			POR(w[j+4], w[j])
			MOVOU(w[j], Mem{Base: nibbles, Disp: 64*j + at})
		}
	}
	RET()
}

// gather puts the masked bits of four registers beside each other, those of the
// first shifted left by first.
func gather(w []VecVirtual, mask VecVirtual, first int, to Mem) {
	sum, t := XMM(), XMM()
	for g, v := range w {
		x := t
		if g == 0 {
			x = sum
		}
		MOVOA(v, x)
		PAND(mask, x)
		switch shift := first + 2*g; {
		case shift < 0:
			PSRLW(U8(-shift), x)
		case shift > 0:
			PSLLW(U8(shift), x)
		}
		if g > 0 {
			POR(x, sum)
		}
	}
	MOVOU(sum, to)
}
