package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// zmm hands out the 32 registers by role.
type zmm struct{ next int }

var zmms = []VecPhysical{
	Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
}

func (a *zmm) one() VecPhysical {
	r := zmms[a.next]
	a.next++
	return r
}

func (a *zmm) many(n int) []VecPhysical {
	rs := zmms[a.next : a.next+n]
	a.next += n
	return rs
}

// rows addresses up to eight rows of activations from a moving pointer, or from
// two where there are more than four.
type rows struct {
	base, base4 Register // rows 0 and 4
	s1, s3      Register // stride, and three times it, where needed
}

func loadRows(n int) rows {
	r := rows{base: Load(Param("x"), GP64())}
	stride := Load(Param("xstride"), GP64())
	if n > 1 {
		r.s1 = stride
	}
	if n > 3 {
		s := GP64()
		LEAQ(Mem{Base: stride, Index: stride, Scale: 2}, s)
		r.s3 = s
	}
	if n > 4 {
		r.base4 = GP64()
		LEAQ(Mem{Base: r.base, Index: stride, Scale: 4}, r.base4)
	}
	return r
}

// move adds n bytes to the pointers.
func (r rows) move(n int32) {
	for _, p := range []Register{r.base, r.base4} {
		if p != nil {
			ADDQ(I32(n), p)
		}
	}
}

// at is byte disp of row t's record, from base (r.base or a copy of it).
func (r rows) at(base Register, t, disp int) Mem {
	m := Mem{Base: base, Disp: disp}
	if t >= 4 {
		m.Base, t = r.base4, t-4
	}
	switch t {
	case 1, 2:
		m.Index, m.Scale = r.s1, uint8(t)
	case 3:
		m.Index, m.Scale = r.s3, 1
	}
	return m
}

// unpacker turns the bits of a form into bytes.
type unpacker struct {
	f        form
	w        Register // the unit
	low4     VecPhysical
	highMask VecPhysical
	tmp      VecPhysical
	half     int // block A or B

	// The split 8-bit form: masks, and the block's lower nibbles, of groups
	// 0 and 2, 1 and 3, 4 and 6, 5 and 7.
	low        Register // the plane of lowest bits; nil without
	top4, mask VecPhysical
	lower      []VecPhysical
}

func newUnpacker(f form, w Register, z *zmm) *unpacker {
	u := &unpacker{f: f, w: w}
	if f.part != whole {
		u.top4, u.mask, u.lower = z.one(), z.one(), z.many(4)
		broadcastByte(0xf0, u.top4)
		broadcastByte(map[part]uint32{upper: 0xcc, both: 0x33}[f.part], u.mask)
	}
	if f.part == both {
		u.low, u.tmp = GP64(), z.one()
	}
	if f.bits < 8 {
		u.low4 = z.one()
		broadcastByte(0x0f, u.low4)
	}
	if f.bits == 5 || f.bits == 6 {
		u.highMask, u.tmp = z.one(), z.one()
		broadcastByte(map[int]uint32{5: 0x10, 6: 0x30}[f.bits], u.highMask)
	}
	return u
}

// broadcastByte sets every byte of dst to b.
func broadcastByte(b uint32, dst Op) { spreadWord(b*0x01010101, dst) }

// spreadWord sets every word of dst to v.
func spreadWord(v uint32, dst Op) {
	r := GP32()
	MOVL(U32(v), r)
	VPBROADCASTD(r, dst)
}

// lowers puts the lower nibbles of the block's groups together, from bits 2 and
// 3 and from the plane of bits 0 and 1, which count as zero in the upper part.
func (u *unpacker) lowers() {
	for i := range 2 {
		mid := Mem{Base: u.w, Disp: 512 + 128*u.half + 64*i}
		even, odd := u.lower[2*i], u.lower[2*i+1]
		VPSLLW(U8(2), mid, even)
		if u.f.part == upper {
			VPANDD(even, u.mask, even)
			VPANDD(mid, u.mask, odd)
			continue
		}
		low := Mem{Base: u.low, Disp: 128*u.half + 64*i}
		VPTERNLOGD(U8(0xb8), low, u.mask, even) // the low bits where the mask is
		VMOVDQU64(mid, odd)
		VPSRLW(U8(2), low, u.tmp)
		VPTERNLOGD(U8(0xb8), u.tmp, u.mask, odd)
	}
}

// groups loads groups j and j+4 of the block into low and high.
func (u *unpacker) groups(j int, low, high VecPhysical) {
	if u.f.part != whole {
		if j == 0 {
			u.lowers()
		}
		q := Mem{Base: u.w, Disp: 256*u.half + 64*j}
		VPSLLW(U8(4), q, low)
		VMOVDQU64(q, high)
		for i, dst := range []VecPhysical{low, high} {
			nibbles := u.lower[2*i+j%2]
			if j >= 2 {
				VPSRLW(U8(4), nibbles, nibbles) // its low half has been used
			}
			VPTERNLOGD(U8(0xe4), u.top4, nibbles, dst) // dst keeps its upper nibbles
		}
		return
	}
	if u.f.bits == 8 {
		VMOVDQU64(Mem{Base: u.w, Disp: 512*u.half + 64*j}, low)
		VMOVDQU64(Mem{Base: u.w, Disp: 512*u.half + 64*(j+4)}, high)
		return
	}
	q := Mem{Base: u.w, Disp: 256*u.half + 64*j}
	VPSRLW(U8(4), q, high)
	VPANDD(q, u.low4, low)
	VPANDD(high, u.low4, high)
	u.upper(j, low)
	u.upper(j+4, high)
}

// upper adds the upper bits of group g.
func (u *unpacker) upper(g int, dst VecPhysical) {
	var m Mem
	var left int // shift that brings the bits to bit 4
	switch u.f.bits {
	case 5:
		m, left = Mem{Base: u.w, Disp: 512 + 64*u.half}, 4-g
	case 6:
		m, left = Mem{Base: u.w, Disp: 512 + 128*u.half + 64*(g/4)}, 4-2*(g%4)
	default:
		return
	}
	switch {
	case left > 0:
		VPSLLW(U8(left), m, u.tmp)
	case left < 0:
		VPSRLW(U8(-left), m, u.tmp)
	default:
		VMOVDQU64(m, u.tmp)
	}
	VPTERNLOGD(U8(0xf8), u.highMask, u.tmp, dst) // dst |= tmp & highMask
}

// scalesInto loads the block's scales (and second floats) as float32. head
// holds the chunk's d and d2 where the form has them.
func (u *unpacker) scalesInto(head Register, scale, second VecPhysical) {
	at := func(off int) Mem { return Mem{Base: u.w, Disp: u.f.scales + u.half*u.f.scaleStep + off} }
	switch u.f.scale {
	case scaleF16:
		VCVTPH2PS(at(0), scale)
		if u.f.kind == kindMin {
			VCVTPH2PS(at(32), second)
		}
	case scaleF32:
		VMOVUPS(at(0), scale)
	case scaleK:
		for i, r := range []VecPhysical{scale, second} {
			d := zmms[31]
			VPMOVZXBD(at(16*i), r)
			VCVTPH2PS(Mem{Base: head, Disp: 32 * i}, d)
			VCVTDQ2PS(r, r)
			VMULPS(d, r, r)
		}
	case scaleK6:
		for i, r := range []VecPhysical{scale, second} {
			VPMOVSXBD(at(16*i), r)
			VCVTDQ2PS(r, r)
			VMULPS(Mem{Base: head}, r, r)
		}
	}
}

// overUnits emits the loop over a panel's units; body emits both blocks of one.
// For forms with heads, head points at the chunk's.
func overUnits(name string, f form, w, units Register, body func(head Register)) {
	var head Register
	if f.head > 0 {
		head = GP64()
		Label(name + "Chunk")
		MOVQ(w, head)
		ADDQ(U32(f.head), w)
		left := GP64()
		MOVQ(U32(chunkUnits), left)
		Label(name + "Unit")
		body(head)
		ADDQ(U32(f.unit), w)
		DECQ(left)
		JNE(LabelRef(name + "Unit"))
		SUBQ(U32(chunkUnits), units)
		JNE(LabelRef(name + "Chunk"))
		return
	}
	Label(name + "Unit")
	body(head)
	ADDQ(U32(f.unit), w)
	DECQ(units)
	JNE(LabelRef(name + "Unit"))
}

// chunkUnits is how many units lie under one head.
const chunkUnits = 4

// lowParam declares the plane of lowest bits for those that read it.
func (f form) lowParam() string {
	if f.part == both {
		return ", low"
	}
	return ""
}

// ahead is how far ahead of the weights in use the next are fetched, in bytes;
// half as far in the plane of lowest bits, of which there are fewer.
const ahead = 2048

// prefetch asks for a unit of weights to come, and for the head of the next chunk,
// which is in no unit. low and head are nil where there are none.
func prefetch(f form, w, low, head Register) {
	for i := 0; i < f.unit; i += 64 {
		PREFETCHT0(Mem{Base: w, Disp: ahead + i})
	}
	if low != nil {
		for i := 0; i < lowUnit; i += 64 {
			PREFETCHT0(Mem{Base: low, Disp: ahead/2 + i})
		}
	}
	if head != nil {
		PREFETCHT0(Mem{Base: head, Disp: f.head + chunkUnits*f.unit})
	}
}

// nextLow moves low, if any, to the next unit.
func nextLow(low Register) {
	if low != nil {
		ADDQ(U32(lowUnit), low)
	}
}
