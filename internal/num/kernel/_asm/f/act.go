package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	geluA = 2 * 0.797884560802865355879892119868763737
	geluB = geluA * 0.044715

	signBit = 0x80000000
	allBut  = 0x7fffffff
)

// acts writes the functions made of an exponential.
func acts() {
	c := newTable("actConst")
	for _, s := range isas {
		unary(s, c, "exp", func(m *vecMath, x VecVirtual) VecVirtual { return m.exp(x) })
		unary(s, c, "silu", (*vecMath).silu)
		unary(s, c, "geluTanh", (*vecMath).geluTanh)
		unary(s, c, "gelu", (*vecMath).gelu)
		gated(s, c, "siluMul", (*vecMath).silu)
		gated(s, c, "geluTanhMul", (*vecMath).geluTanh)
		tanhCap(s, c)
		expSum(s, c)
	}
	c.emit()
	emitTailMask()
}

// sigmoidOf returns x / (1 + e^arg) and destroys arg.
func (m *vecMath) sigmoidOf(x, arg VecVirtual) VecVirtual {
	e := m.exp(arg)
	m.add(1, e, e)
	VDIVPS(e, x, e)
	return e
}

func (m *vecMath) silu(x VecVirtual) VecVirtual {
	arg := m.reg()
	m.xor(signBit, x, arg)
	return m.sigmoidOf(x, arg)
}

func (m *vecMath) geluTanh(x VecVirtual) VecVirtual {
	square, arg := m.reg(), m.splat(-geluB)
	VMULPS(x, x, square)
	m.fma(-geluA, square, arg)
	VMULPS(x, arg, arg)
	return m.sigmoidOf(x, arg)
}

// gelu returns x·Φ(x). With z = |x|/√2, h = ½erfc(z): Φ is h for negative x and
// 1 - h for the others.
func (m *vecMath) gelu(x VecVirtual) VecVirtual {
	size, t, one := m.reg(), m.reg(), m.splat(1)
	m.and(allBut, x, size)
	m.mul(0.5/math.Sqrt2, size, t)
	VADDPS(one, t, t)
	VDIVPS(t, one, t)
	q := append([]float64(nil), erfcPoly...)
	q[len(q)-1] -= math.Ln2 // the ½
	arg := m.horner(q, t)
	half := m.reg()
	m.mul(-0.5, x, half)
	VFMADD231PS(x, half, arg) // q - z²
	h := m.exp(arg)
	VMULPS(t, h, h)
	rest := m.reg()
	VSUBPS(h, one, rest)
	if m.lanes == 16 {
		k := K()
		VPMOVD2M(x, k) // the signs
		VMOVAPS(h, k, rest)
	} else {
		VBLENDVPS(x, h, rest, rest)
	}
	VMULPS(x, rest, rest)
	return rest
}

// tanh returns tanh y: the polynomial up to 0.625, above it
// (1 - e)/(1 + e) with e = e^(-2|y|) and y's sign.
func (m *vecMath) tanh(y VecVirtual) VecVirtual {
	size, square, one := m.reg(), m.reg(), m.splat(1)
	m.and(allBut, y, size)
	VMULPS(y, y, square)
	low := m.horner(tanhPoly, square)
	VMULPS(square, low, low)
	VFMADD213PS(y, y, low) // y + y·(y²·q)
	arg := m.reg()
	m.mul(-2, size, arg)
	e := m.exp(arg)
	high, sum := m.reg(), m.reg()
	VSUBPS(e, one, high)
	VADDPS(e, one, sum)
	VDIVPS(sum, high, high)
	sign := m.reg()
	m.and(signBit, y, sign)
	if m.lanes == 16 {
		VPORD(sign, high, high)
		k := K()
		VCMPPS_BCST(U8(0x11), m.c.float(0.625), size, k) // less than
		VMOVAPS(low, k, high)
		return high
	}
	VORPS(sign, high, high)
	mask := m.reg()
	VCMPPS(U8(0x11), m.c.float(0.625), size, mask)
	VBLENDVPS(mask, low, high, high)
	return high
}

// span walks over n values of several arrays, a register at a time, the last
// ones under a mask.
type span struct {
	m    *vecMath
	n    GPVirtual
	at   GPVirtual // values done
	ptrs []GPVirtual
	mask Register // of the tail; nil before it
}

// load reads the next values of array i; masked ones are 0.
func (w *span) load(i int) VecVirtual {
	r := w.m.reg()
	at := Mem{Base: w.ptrs[i], Index: w.at, Scale: 4}
	switch {
	case w.mask == nil:
		VMOVUPS(at, r)
	case w.m.lanes == 16:
		VMOVUPS_Z(at, w.mask, r)
	default:
		VMASKMOVPS(at, w.mask, r)
	}
	return r
}

// store writes the next values of array i.
func (w *span) store(r VecVirtual, i int) {
	at := Mem{Base: w.ptrs[i], Index: w.at, Scale: 4}
	switch {
	case w.mask == nil:
		VMOVUPS(r, at)
	case w.m.lanes == 16:
		VMOVUPS(r, w.mask, at)
	default:
		VMASKMOVPS(r, w.mask, at)
	}
}

// walk writes the loop and its tail.
func (w *span) walk(body func()) {
	lanes := w.m.lanes
	w.at = GP64()
	XORQ(w.at, w.at)
	SUBQ(U8(lanes), w.n) // the last place where a whole register fits
	JLT(LabelRef("tail"))
	Label("loop")
	body()
	ADDQ(U8(lanes), w.at)
	CMPQ(w.at, w.n)
	JLE(LabelRef("loop"))
	Label("tail")
	ADDQ(U8(lanes), w.n)
	SUBQ(w.at, w.n)
	JEQ(LabelRef("end"))
	w.makeMask()
	body()
	Label("end")
}

func (w *span) makeMask() {
	if w.m.lanes == 16 {
		bits := GP64()
		MOVQ(I32(-1), bits)
		SHLXQ(w.n, bits, bits)
		NOTQ(bits)
		k := K()
		KMOVW(bits.As32(), k)
		w.mask = k
		return
	}
	// Eight ones and eight zeros: the mask of n begins 8-n words in.
	from, at := GP64(), GP64()
	LEAQ(NewDataAddr(NewStaticSymbol("tailMask"), 0), from)
	MOVQ(U32(8), at)
	SUBQ(w.n, at)
	mask := YMM()
	VMOVUPS(Mem{Base: from, Index: at, Scale: 4}, mask)
	w.mask = mask
}

// emitTailMask writes the table that makeMask reads.
func emitTailMask() {
	GLOBL("tailMask", RODATA|NOPTR)
	for i := range 16 {
		v := U32(0)
		if i < 8 {
			v = 0xffffffff
		}
		DATA(4*i, v)
	}
}

func (w *span) open(params ...string) {
	for _, p := range params {
		w.ptrs = append(w.ptrs, Load(Param(p), GP64()).(GPVirtual))
	}
	w.n = Load(Param("n"), GP64()).(GPVirtual)
}

func (w *span) close() {
	VZEROUPPER()
	RET()
}

// unary writes dst[i] = f(x[i]).
func unary(s isa, c *table, name string, f func(*vecMath, VecVirtual) VecVirtual) {
	TEXT(name+s.name, NOSPLIT, "func(dst, x *float32, n int)")
	w := &span{m: &vecMath{isa: s, c: c}}
	w.open("dst", "x")
	w.m.clamps()
	w.walk(func() { w.store(f(w.m, w.load(1)), 0) })
	w.close()
}

// gated writes dst[i] = f(gate[i])·up[i].
func gated(s isa, c *table, name string, f func(*vecMath, VecVirtual) VecVirtual) {
	TEXT(name+s.name, NOSPLIT, "func(dst, gate, up *float32, n int)")
	w := &span{m: &vecMath{isa: s, c: c}}
	w.open("dst", "gate", "up")
	w.m.clamps()
	w.walk(func() {
		y := f(w.m, w.load(1))
		VMULPS(w.load(2), y, y)
		w.store(y, 0)
	})
	w.close()
}

// tanhCap writes x[i] = limit·tanh(x[i]/limit).
func tanhCap(s isa, c *table) {
	TEXT("tanhCap"+s.name, NOSPLIT, "func(x *float32, n int, limit, inverse float32)")
	w := &span{m: &vecMath{isa: s, c: c}}
	w.open("x")
	w.m.clamps()
	limit, inverse := s.reg(), s.reg()
	VBROADCASTSS(NewParamAddr("limit", 16), limit)
	VBROADCASTSS(NewParamAddr("inverse", 20), inverse)
	w.walk(func() {
		x := w.load(0)
		VMULPS(inverse, x, x)
		y := w.m.tanh(x)
		VMULPS(limit, y, y)
		w.store(y, 0)
	})
	w.close()
}

// expSum writes Σ e^(x[i]-most), and dst[i] = e^(x[i]-most) unless dst is nil.
func expSum(s isa, c *table) {
	TEXT("expSum"+s.name, NOSPLIT, "func(dst, x *float32, n int, most float32) float32")
	w := &span{m: &vecMath{isa: s, c: c}}
	w.open("dst", "x")
	w.m.clamps()
	most, sum := s.reg(), s.reg()
	VBROADCASTSS(NewParamAddr("most", 24), most)
	s.zero(sum)
	dst := GP64()
	MOVQ(w.ptrs[0], dst)
	w.walk(func() {
		x := w.load(1)
		VSUBPS(most, x, x)
		e := w.m.exp(x)
		skip := "sum"
		if w.mask != nil {
			skip = "tailSum"
			e = w.onlyMasked(e)
		}
		TESTQ(dst, dst)
		JEQ(LabelRef(skip))
		w.store(e, 0)
		Label(skip)
		VADDPS(e, sum, sum)
	})
	total := w.m.horizontal(vadd, sum)
	VZEROUPPER()
	Store(total.AsX(), ReturnIndex(0))
	RET()
}

// onlyMasked makes what lies beyond the tail 0.
func (w *span) onlyMasked(x VecVirtual) VecVirtual {
	if w.m.lanes == 16 {
		VMOVAPS_Z(x, w.mask, x)
	} else {
		VANDPS(w.mask.(VecVirtual), x, x)
	}
	return x
}
