package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX2 loops multiply unsigned weights with signed activations by
// VPMADDUBSW, whose sums of two products saturate at 16 bits, and add up in 16
// bits as long as that cannot overflow. An activation is within ±127, so with
// n additions of two products each the largest magnitude is
//
//	4 bits   15·127·2·8 = 30480   all eight groups of a block
//	5 bits   31·127·2·4 = 31496   four groups
//	6 bits   63·127·2·2 = 32004   two groups
//	limit                 32767
//
// 8 bits do not fit even once (255·127·2 = 64770): such a weight is multiplied
// as two 4-bit ones, low and high, and the high sum counts sixteen times, which
// the widening multiply does.

// fits is the number of groups that 16 bits hold.
func fits(bits int) int { return map[int]int{4: 8, 5: 4, 6: 2}[bits] }

// word is a constant of eight equal words.
func word(name string, v int32) Mem { return words(name, v, v, v, v, v, v, v, v) }

// constants2 are the memory operands that the loops share.
type constants2 struct{ nibble, bit4, bits45, ones, sixteens, fours, pairs, evens, odds, six Mem }

func newConstants2() constants2 {
	return constants2{
		nibble:   word("nibble256", 0x0f0f0f0f),
		bit4:     word("bit4x256", 0x10101010),
		bits45:   word("bits45x256", 0x30303030),
		ones:     word("ones256", 0x00010001),
		sixteens: word("sixteens256", 0x00100010),
		fours:    word("fours256", 0x00040004),
		pairs:    word("pairs256", 0x03030303),
		evens:    word("evens256", 0x33333333),
		odds:     word("odds256", -0x33333334),
		six:      word("six256", 0x3c3c3c3c),
	}
}

// unpacker2 turns the bits of a form into bytes, eight rows at a time.
type unpacker2 struct {
	c     constants2
	f     form
	w     Register
	block int      // A or B of the unit
	half  int      // rows 0..7 or 8..15
	low   Register // the plane of lowest bits of the split form; nil without
	lower VecVirtual
}

func newUnpacker2(c constants2, f form, w Register) *unpacker2 {
	u := &unpacker2{c: c, f: f, w: w}
	if f.part == both {
		u.low = GP64()
	}
	return u
}

func (u *unpacker2) at(off int) Mem { return Mem{Base: u.w, Disp: off + 32*u.half} }

// groups loads groups j and j+4.
func (u *unpacker2) groups(j int, low, high VecVirtual) {
	VMOVDQU(u.at(256*u.block+64*j), low)
	VPSRLW(U8(4), low, high)
	VPAND(u.c.nibble, low, low)
	VPAND(u.c.nibble, high, high)
	u.upper(j, low)
	u.upper(j+4, high)
}

// group loads group g alone.
func (u *unpacker2) group(g int, dst VecVirtual) {
	u.nibbleOf(g, 0, u.c.nibble, dst)
	u.upper(g, dst)
}

// splitOrder is an order of groups in which two that share a register of lower
// nibbles are neighbours.
var splitOrder = [8]int{0, 2, 1, 3, 4, 6, 5, 7}

// lowers puts the lower nibbles of groups g and g+2 together.
func (u *unpacker2) lowers(g int) {
	mid, low := u.at(512+128*u.block+64*(g/4)), Mem{Base: u.low, Disp: 128*u.block + 64*(g/4) + 32*u.half}
	u.lower = YMM()
	t := YMM()
	VMOVDQU(mid, u.lower)
	VMOVDQU(low, t)
	if g%2 == 0 {
		VPSLLW(U8(2), u.lower, u.lower)
	} else {
		VPSRLW(U8(2), t, t)
	}
	VPAND(u.c.odds, u.lower, u.lower)
	VPAND(u.c.evens, t, t)
	VPOR(t, u.lower, u.lower)
}

// nibbleOf loads the upper nibble of group g, shifted so that it begins at bit
// left, under mask.
func (u *unpacker2) nibbleOf(g, left int, mask Mem, dst VecVirtual) {
	VMOVDQU(u.at(256*u.block+64*(g%4)), dst)
	switch left -= g / 4 * 4; {
	case left > 0:
		VPSLLW(U8(left), dst, dst)
	case left < 0:
		VPSRLW(U8(-left), dst, dst)
	}
	VPAND(mask, dst, dst)
}

// six loads the upper six bits of group g.
func (u *unpacker2) six(g int, dst VecVirtual) {
	u.nibbleOf(g, 2, u.c.six, dst)
	t := YMM()
	VMOVDQU(u.at(512+128*u.block+64*(g/4)), t)
	if g%4 > 0 {
		VPSRLW(U8(2*(g%4)), t, t)
	}
	VPAND(u.c.pairs, t, t)
	VPOR(t, dst, dst)
}

// planes loads the low and high nibbles of group g of the 8-bit form; those of
// the split form in splitOrder.
func (u *unpacker2) planes(g int, low, high VecVirtual) {
	if u.f.part == both {
		u.nibbleOf(g, 0, u.c.nibble, high)
		if g%4 < 2 {
			u.lowers(g)
			VPAND(u.c.nibble, u.lower, low)
			return
		}
		VPSRLW(U8(4), u.lower, low)
		VPAND(u.c.nibble, low, low)
		return
	}
	VMOVDQU(u.at(512*u.block+64*g), low)
	VPSRLW(U8(4), low, high)
	VPAND(u.c.nibble, low, low)
	VPAND(u.c.nibble, high, high)
}

// upper adds the upper bits of group g.
func (u *unpacker2) upper(g int, dst VecVirtual) {
	var m, mask Mem
	var left int
	switch u.f.bits {
	case 5:
		m, mask, left = u.at(512+64*u.block), u.c.bit4, 4-g
	case 6:
		m, mask, left = u.at(512+128*u.block+64*(g/4)), u.c.bits45, 4-2*(g%4)
	default:
		return
	}
	t := YMM()
	VMOVDQU(m, t)
	if left > 0 {
		VPSLLW(U8(left), t, t)
	} else if left < 0 {
		VPSRLW(U8(-left), t, t)
	}
	VPAND(mask, t, t)
	VPOR(t, dst, dst)
}

// float loads the i-th float32 (scale, then second) of the block for eight rows.
func (u *unpacker2) float(head Register, i int) VecVirtual {
	off := u.f.scales + u.block*u.f.scaleStep
	r := YMM()
	switch u.f.scale {
	case scaleF16:
		VCVTPH2PS(Mem{Base: u.w, Disp: off + 32*i + 16*u.half}, r)
	case scaleF32:
		VMOVUPS(Mem{Base: u.w, Disp: off + 32*u.half}, r)
	case scaleK:
		d := YMM()
		VPMOVZXBD(Mem{Base: u.w, Disp: off + 16*i + 8*u.half}, r)
		VCVTPH2PS(Mem{Base: head, Disp: 32*i + 16*u.half}, d)
		VCVTDQ2PS(r, r)
		VMULPS(d, r, r)
	case scaleK6:
		VPMOVSXBD(Mem{Base: u.w, Disp: off + 16*i + 8*u.half}, r)
		VCVTDQ2PS(r, r)
		VMULPS(Mem{Base: head, Disp: 32 * u.half}, r, r)
	}
	return r
}

// sums2 are 16-bit sums that widen into 32-bit ones.
type sums2 struct {
	narrow, wide []VecVirtual
	fresh        bool // narrow holds nothing yet
	begun        bool // wide holds something
}

func newSums2(n int) *sums2 {
	s := &sums2{fresh: true}
	for range n {
		s.narrow = append(s.narrow, YMM())
		s.wide = append(s.wide, nil)
	}
	return s
}

// add multiplies w with the activations spread over x and adds to sum i.
func (s *sums2) add(i int, x, w VecVirtual) {
	if s.fresh {
		VPMADDUBSW(x, w, s.narrow[i])
		return
	}
	t := YMM()
	VPMADDUBSW(x, w, t)
	VPADDW(t, s.narrow[i], s.narrow[i])
}

// flush widens all sums, each counted factor times.
func (s *sums2) flush(factor Mem) {
	for i, r := range s.narrow {
		if !s.begun {
			s.wide[i] = YMM()
			VPMADDWD(factor, r, s.wide[i])
			continue
		}
		VPMADDWD(factor, r, r)
		VPADDD(r, s.wide[i], s.wide[i])
	}
	s.fresh, s.begun = true, true
}
