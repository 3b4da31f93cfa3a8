// Package half converts between float32 and the two 16-bit float formats that
// model files use: IEEE 754 binary16 ("F16") and bfloat16 ("BF16").
//
// It knows nothing of tensors or blocks. All functions are pure. Rounding is to
// nearest, ties to even; infinities stay infinities, NaN stays NaN (made quiet,
// its upper payload bits kept), and a value too large for F16 becomes infinity,
// as the conversion instructions of processors do it.
package half

import "math"

// ToF32 returns the value of a binary16 bit pattern; every one is exact in
// float32.
func ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h>>10) & 0x1f
	frac := uint32(h & 0x3ff)
	switch exp {
	case 0: // zero or subnormal: frac units of 2^-24, exact in float32
		f := float32(frac) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 31: // infinity or NaN
		bits := sign | 0x7f800000 | frac<<13
		if frac != 0 {
			bits |= 0x00400000
		}
		return math.Float32frombits(bits)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | frac<<13)
}

// FromF32 rounds to the nearest binary16 and returns its bit pattern.
func FromF32(f float32) uint16 {
	bits := math.Float32bits(f)
	sign := uint16(bits >> 16 & 0x8000)
	abs := bits & 0x7fffffff
	switch {
	case abs > 0x7f800000: // NaN
		return sign | 0x7e00 | uint16(abs>>13&0x3ff)
	case abs >= 0x477ff000: // 65520 and more round to 65536, which has no pattern
		return sign | 0x7c00
	case abs < 0x38800000: // below 2^-14: subnormal or zero
		// 0.5 as float32 has units of 2^-24 in its last place: adding it makes
		// the processor round to a whole number of them, ties to even.
		sum := math.Float32frombits(abs) + 0.5
		return sign | uint16(math.Float32bits(sum)-math.Float32bits(0.5))
	}
	abs += 0xfff + abs>>13&1 // round half to even at bit 13; may carry into the exponent
	return sign | uint16(abs>>13-112<<10)
}

// BF16ToF32 returns the value of a bfloat16 bit pattern: the upper half of a
// float32.
func BF16ToF32(b uint16) float32 { return math.Float32frombits(uint32(b) << 16) }

// BF16FromF32 rounds to the nearest bfloat16 and returns its bit pattern.
func BF16FromF32(f float32) uint16 {
	bits := math.Float32bits(f)
	if bits&0x7fffffff > 0x7f800000 {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}
