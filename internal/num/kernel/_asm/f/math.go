package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Polynomials were fitted with mpmath's chebyfit at 40 digits; the error given
// is that of the fit alone.
var (
	// e^r = 1 + r + r²·q(r) for |r| ≤ ln2/2, within 8e-9; Horner down to the 1s.
	expPoly = []float64{0.00139261835877, 0.00836317905272, 0.0416665546172, 0.166665769897, 0.5, 1, 1}
	// 2^r = 1 + r·q(r) for |r| ≤ ½, within 4e-9; Horner down to the 1.
	exp2Poly = []float64{0.0001545318283, 0.00133908863321, 0.00961808251999, 0.0555035707115, 0.240226507606, 0.693147188035, 1}
	// tanh y = y + y³·q(y²) for |y| ≤ 0.625, within 1.7e-8.
	tanhPoly = []float64{-0.00609671416591, 0.0209971789991, -0.0538509095785, 0.13332769737, -0.333333289441}
	// erfc z = t·e^(q(t) - z²), t = 1/(1 + z/2), for 0 ≤ z ≤ 10, within 5.2e-8.
	erfcPoly = []float64{0.148046053975, -0.697536590715, 1.19532767457, -0.746469894702, -0.0398663175512,
		-0.0195080034994, 0.0413959641948, 0.385283633586, 0.99878245955, -1.26545493018}
)

const (
	// ln 2 in two parts, the first with few enough bits for n·ln2High to be exact.
	ln2High = 0.693145751953125
	ln2Low  = 1.42860682030941723212e-6
	// Beyond these the exponential is 0 or +Inf for certain.
	expLow  = -104
	expHigh = 89
	// weightLow is the exponent of 2 where weights become exactly 0: the scale's
	// own exponent is 0 then.
	weightLow = -127
	// weightMagic brings the nearest integer plus the bias of exponents into the
	// lowest bits of a float32 that it is added to.
	weightMagic = 1.5*(1<<23) + 127
)

// table is the constants of one file, eight copies of each.
type table struct {
	name string
	at   map[uint32]int
	bits []uint32
}

func newTable(name string) *table { return &table{name: name, at: map[uint32]int{}} }

// word returns the address of eight copies of a 32-bit pattern.
func (c *table) word(b uint32) Mem {
	i, ok := c.at[b]
	if !ok {
		i = len(c.bits)
		c.at[b] = i
		c.bits = append(c.bits, b)
	}
	return NewDataAddr(NewStaticSymbol(c.name), 32*i)
}

// float returns the address of eight copies of a float32.
func (c *table) float(v float64) Mem { return c.word(math.Float32bits(float32(v))) }

// emit writes the table; call it last.
func (c *table) emit() {
	GLOBL(c.name, RODATA|NOPTR)
	for i, b := range c.bits {
		for j := range 8 {
			DATA(32*i+4*j, U32(b))
		}
	}
}

// vecMath writes arithmetic with constants.
type vecMath struct {
	isa
	c        *table
	low, top VecVirtual // clamps of exp
	magic    VecVirtual // of weight
}

// splat loads a constant into a new register.
func (m vecMath) splat(v float64) VecVirtual {
	r := m.reg()
	VBROADCASTSS(m.c.float(v), r)
	return r
}

// fma computes p = p·x + v.
func (m vecMath) fma(v float64, x, p VecVirtual) {
	if m.lanes == 16 {
		VFMADD213PS_BCST(m.c.float(v), x, p)
		return
	}
	VFMADD213PS(m.c.float(v), x, p)
}

// mul computes dst = x·v.
func (m vecMath) mul(v float64, x, dst VecVirtual) {
	if m.lanes == 16 {
		VMULPS_BCST(m.c.float(v), x, dst)
		return
	}
	VMULPS(m.c.float(v), x, dst)
}

// add computes dst = x + v.
func (m vecMath) add(v float64, x, dst VecVirtual) {
	if m.lanes == 16 {
		VADDPS_BCST(m.c.float(v), x, dst)
		return
	}
	VADDPS(m.c.float(v), x, dst)
}

// addWord computes x += b as integers.
func (m vecMath) addWord(b uint32, x VecVirtual) {
	if m.lanes == 16 {
		VPADDD_BCST(m.c.word(b), x, x)
		return
	}
	VPADDD(m.c.word(b), x, x)
}

// bitwise computes dst = x op pattern.
func (m vecMath) and(b uint32, x, dst VecVirtual) {
	if m.lanes == 16 {
		VPANDD_BCST(m.c.word(b), x, dst)
		return
	}
	VANDPS(m.c.word(b), x, dst)
}

func (m vecMath) xor(b uint32, x, dst VecVirtual) {
	if m.lanes == 16 {
		VPXORD_BCST(m.c.word(b), x, dst)
		return
	}
	VXORPS(m.c.word(b), x, dst)
}

// horner returns the polynomial in x.
func (m vecMath) horner(coefficients []float64, x VecVirtual) VecVirtual {
	p := m.splat(coefficients[0])
	for _, c := range coefficients[1:] {
		m.fma(c, x, p)
	}
	return p
}

// reduce splits x, clamped, into n·ln2 + r and returns n and e^r; x becomes r.
func (m vecMath) reduce(x VecVirtual) (n, p VecVirtual) {
	n = m.reg()
	m.mul(1/math.Ln2, x, n)
	if m.lanes == 16 {
		VRNDSCALEPS(U8(8), n, n)
		VFNMADD231PS_BCST(m.c.float(ln2High), n, x)
		VFNMADD231PS_BCST(m.c.float(ln2Low), n, x)
	} else {
		VROUNDPS(U8(8), n, n)
		VFNMADD231PS(m.c.float(ln2High), n, x)
		VFNMADD231PS(m.c.float(ln2Low), n, x)
	}
	return n, m.horner(expPoly, x)
}

// clamps loads what exp needs in registers.
func (m *vecMath) clamps() { m.low, m.top = m.splat(expLow), m.splat(expHigh) }

// exp returns e^x and destroys x. The order of the operands of min and max lets
// a NaN through.
func (m vecMath) exp(x VecVirtual) VecVirtual {
	VMAXPS(x, m.low, x)
	VMINPS(x, m.top, x)
	n, p := m.reduce(x)
	if m.lanes == 16 {
		VSCALEFPS(n, p, p)
		return p
	}
	// 2^n in two factors, since n runs from -150 to 128.
	half := m.reg()
	VCVTPS2DQ(n, n)
	VPSRAD(U8(1), n, half)
	VPSUBD(half, n, n)
	m.addWord(127, half)
	m.addWord(127, n)
	VPSLLD(U8(23), half, half)
	VPSLLD(U8(23), n, n)
	VMULPS(half, p, p)
	VMULPS(n, p, p)
	return p
}

// weight returns 2^x for x ≤ 0, exactly 0 up to -126.5, and destroys x. low
// holds weightLow; the order of the operands of max lets a NaN through.
func (m vecMath) weight(x VecVirtual) VecVirtual {
	VMAXPS(x, m.low, x)
	scale, n := m.reg(), m.reg()
	VADDPS(m.magic, x, scale)
	VSUBPS(m.magic, scale, n)
	VSUBPS(n, x, x)
	VPSLLD(U8(23), scale, scale)
	p := m.horner(exp2Poly, x)
	VMULPS(scale, p, p)
	return p
}

// horizontal reduces x with op to the lowest lane of the result.
func (m vecMath) horizontal(op func(a, b, dst Op), x VecVirtual) VecVirtual {
	y := YMM()
	if m.lanes == 16 {
		VEXTRACTF64X4(U8(1), x, y)
		op(x.AsY(), y, y)
	} else {
		VMOVAPS(x, y)
	}
	half := XMM()
	VEXTRACTF128(U8(1), y, half)
	op(y.AsX(), half, half)
	other := XMM()
	VPERMILPS(U8(0x4e), half, other)
	op(other, half, half)
	VPERMILPS(U8(0xb1), half, other)
	op(other, half, half)
	return half
}

func vmax(a, b, dst Op) { VMAXPS(a, b, dst) }
func vadd(a, b, dst Op) { VADDPS(a, b, dst) }

func label(name string, s isa) string { return fmt.Sprintf("%s%s", name, s.name) }
