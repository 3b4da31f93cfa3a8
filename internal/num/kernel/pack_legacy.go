package kernel

import (
	"encoding/binary"
	"math"
)

// The formats of 32 values a block with one scale. Their low nibbles are the
// first sixteen values, as in our 4-bit registers, so packing them moves words.

// blockOf returns where block b of a piece has its quants: word j of row 0 is
// at offset 64j.
func blockOf(dst []byte, unit, b, bytes int) []byte {
	return dst[b/2*unit+b%2*bytes:]
}

// put4 writes the sixteen nibble bytes of a block for row r.
func put4(q []byte, qs *[16]byte, r int) {
	d := (*[196]byte)(q[4*r:])
	for j := range 4 {
		binary.LittleEndian.PutUint32(d[64*j:], binary.LittleEndian.Uint32(qs[4*j:]))
	}
}

// spread turns two groups' fifth bits (bits 0..3 and 4..7 of a byte, one a
// column) into bits 0 and 1 of the four columns' bytes.
var spread = func() (t [256]uint32) {
	for b := range t {
		for k := range 4 {
			t[b] |= uint32(b>>k&1)<<(8*k) | uint32(b>>(4+k)&1)<<(8*k+1)
		}
	}
	return t
}()

// fifthBits turns the fifth bits of 32 columns, column c at bit c, into the
// word of a row: byte k has bit g for column 4g+k.
func fifthBits(h uint32) uint32 {
	return spread[h&255] | spread[h>>8&255]<<2 | spread[h>>16&255]<<4 | spread[h>>24]<<6
}

func packQ4_0(dst, src []byte, r int) {
	for b := 0; len(src) >= 18; b, src = b+1, src[18:] {
		put4(blockOf(dst, 576, b, 256), (*[16]byte)(src[2:]), r)
		copy(dst[b/2*576+512+b%2*32+2*r:][:2], src[:2])
	}
}

func packQ4_1(dst, src []byte, r int) {
	for b := 0; len(src) >= 20; b, src = b+1, src[20:] {
		put4(blockOf(dst, 640, b, 256), (*[16]byte)(src[4:]), r)
		scales := dst[b/2*640+512+b%2*64+2*r:]
		copy(scales[:2], src[:2])
		copy(scales[32:34], src[2:4])
	}
}

func packQ5_0(dst, src []byte, r int) {
	for b := 0; len(src) >= 22; b, src = b+1, src[22:] {
		put4(blockOf(dst, 704, b, 256), (*[16]byte)(src[6:]), r)
		binary.LittleEndian.PutUint32(dst[b/2*704+512+b%2*64+4*r:], fifthBits(binary.LittleEndian.Uint32(src[2:])))
		copy(dst[b/2*704+640+b%2*32+2*r:][:2], src[:2])
	}
}

func packQ5_1(dst, src []byte, r int) {
	for b := 0; len(src) >= 24; b, src = b+1, src[24:] {
		put4(blockOf(dst, 768, b, 256), (*[16]byte)(src[8:]), r)
		binary.LittleEndian.PutUint32(dst[b/2*768+512+b%2*64+4*r:], fifthBits(binary.LittleEndian.Uint32(src[4:])))
		scales := dst[b/2*768+640+b%2*64+2*r:]
		copy(scales[:2], src[:2])
		copy(scales[32:34], src[2:4])
	}
}

func packQ8_0(dst, src []byte, r int) {
	for b := 0; len(src) >= 34; b, src = b+1, src[34:] {
		put8(blockOf(dst, 1088, b, 512), (*[32]byte)(src[2:]), r)
		copy(dst[b/2*1088+1024+b%2*32+2*r:][:2], src[:2])
	}
}

// put8 writes 32 signed bytes for row r, made unsigned by adding 128.
func put8(q []byte, qs *[32]byte, r int) {
	d := (*[452]byte)(q[4*r:])
	for j := range 8 {
		binary.LittleEndian.PutUint32(d[64*j:], binary.LittleEndian.Uint32(qs[4*j:])^0x80808080)
	}
}

// The levels of IQ4_NL and IQ4_XS, and of MXFP4 (doubled), as signed bytes:
// these formats are kept as 8-bit values.
var (
	levelsIQ4 = levelTable(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
	levelsFP4 = levelTable(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)
)

func levelTable(v ...int8) (t [16]byte) {
	for i := range t {
		t[i] = byte(v[i])
	}
	return t
}

// lookUp turns sixteen bytes of nibbles, low ones first, into 32 levels.
func lookUp(levels *[16]byte, qs *[16]byte) (v [32]byte) {
	for j, b := range qs {
		v[j], v[j+16] = levels[b&15], levels[b>>4]
	}
	return v
}

func packIQ4_NL(dst, src []byte, r int) {
	for b := 0; len(src) >= 18; b, src = b+1, src[18:] {
		v := lookUp(&levelsIQ4, (*[16]byte)(src[2:]))
		put8(blockOf(dst, 1088, b, 512), &v, r)
		copy(dst[b/2*1088+1024+b%2*32+2*r:][:2], src[:2])
	}
}

func packMXFP4(dst, src []byte, r int) {
	for b := 0; len(src) >= 17; b, src = b+1, src[17:] {
		v := lookUp(&levelsFP4, (*[16]byte)(src[1:]))
		putWide(dst, b, r, &v, halfExponent(src[0]))
	}
}

// halfExponent is 2^(e-128), half of what the E8M0 exponent e stands for: the
// levels are doubled.
func halfExponent(e byte) float32 {
	return float32(math.Ldexp(1, int(e)-128))
}

// putWide writes block b of the 8-bit form with float32 scales.
func putWide(dst []byte, b, r int, v *[32]byte, scale float32) {
	put8(blockOf(dst, 1152, b, 512), v, r)
	binary.LittleEndian.PutUint32(dst[b/2*1152+1024+b%2*64+4*r:], math.Float32bits(scale))
}
