package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
)

// The formats of 256 values a block. A piece is one block: a chunk of four
// units behind d and dmin. The functions work on words of four values at once.

const (
	nibbles = 0x0f0f0f0f
	bit0s   = 0x01010101
	bits01  = 0x03030303
)

// K4 and K5 chunks: where unit u begins, and where its scales lie.
const (
	unit4K, scales4K = 576, 512
	unit5K, scales5K = 704, 640
	unit6K, scales6K = 832, 768
	headK            = 64
)

// scalesK unpacks the eight six-bit scales and minima of Q4_K and Q5_K: the
// first four of each in the low six bits of bytes 0..3 and 4..7; of the others
// the nibbles in bytes 8..11, the upper two bits above the first four.
func scalesK(p []byte) (scales, mins [8]byte) {
	_ = p[11]
	for s := range 4 {
		scales[s], mins[s] = p[s]&63, p[s+4]&63
		scales[s+4] = p[s+8]&15 | p[s]>>6<<4
		mins[s+4] = p[s+8]>>4 | p[s+4]>>6<<4
	}
	return scales, mins
}

// putScalesK writes the scales and minima of one row of a chunk.
func putScalesK(dst []byte, unit, at int, packed []byte, r int) {
	scales, mins := scalesK(packed)
	for s := range 8 {
		d := dst[headK+s/2*unit+at+s%2*32+r:]
		d[0], d[16] = scales[s], mins[s]
	}
}

// putHeadK writes d and -dmin of one row of a chunk.
func putHeadK(dst, src []byte, r int) {
	dst[2*r], dst[2*r+1] = src[0], src[1]
	dst[32+2*r], dst[32+2*r+1] = src[2], src[3]^0x80
}

// put4K writes 64 values, low nibbles of qs the first 32, high ones the other
// 32, to the 4-bit registers of a unit's two blocks.
func put4K(q []byte, qs []byte, r int) {
	in, out := (*[32]byte)(qs), (*[452]byte)(q[4*r:])
	for j := range 2 {
		first, second := binary.LittleEndian.Uint64(in[8*j:]), binary.LittleEndian.Uint64(in[8*j+16:])
		a, b := first&nibbles64|second&nibbles64<<4, first>>4&nibbles64|second&^nibbles64
		binary.LittleEndian.PutUint32(out[128*j:], uint32(a))
		binary.LittleEndian.PutUint32(out[128*j+64:], uint32(a>>32))
		binary.LittleEndian.PutUint32(out[128*j+256:], uint32(b))
		binary.LittleEndian.PutUint32(out[128*j+320:], uint32(b>>32))
	}
}

func packQ4_K(dst, src []byte, r int) {
	putHeadK(dst, src, r)
	putScalesK(dst, unit4K, scales4K, src[4:16], r)
	for u := range 4 {
		put4K(dst[headK+u*unit4K:], src[16+32*u:], r)
	}
}

func packQ5_K(dst, src []byte, r int) {
	putHeadK(dst, src, r)
	putScalesK(dst, unit5K, scales5K, src[4:16], r)
	// Bit s of byte c is the fifth bit of column c in sub-block s.
	h0, h1 := binary.LittleEndian.Uint64(src[16:]), binary.LittleEndian.Uint64(src[24:])
	h2, h3 := binary.LittleEndian.Uint64(src[32:]), binary.LittleEndian.Uint64(src[40:])
	for s := range 8 {
		const ones = bit0s<<32 | bit0s
		w := h0>>s&ones | h1>>s&ones<<2 | h2>>s&ones<<4 | h3>>s&ones<<6 // even groups low, odd ones high
		binary.LittleEndian.PutUint32(dst[headK+s/2*unit5K+512+s%2*64+4*r:], uint32(w)|uint32(w>>32)<<1)
	}
	for u := range 4 {
		put4K(dst[headK+u*unit5K:], src[48+32*u:], r)
	}
}

// put6 writes 32 values of six bits, given as four double words of eight values
// each, one a byte, to block b of a chunk.
func put6(dst []byte, b int, w0, w1, w2, w3 uint64, r int) {
	unit := dst[headK+b/2*unit6K:]
	q := (*[196]byte)(unit[b%2*256+4*r:])
	low0, low1 := w0&nibbles64|w2&nibbles64<<4, w1&nibbles64|w3&nibbles64<<4
	binary.LittleEndian.PutUint32(q[0:], uint32(low0))
	binary.LittleEndian.PutUint32(q[64:], uint32(low0>>32))
	binary.LittleEndian.PutUint32(q[128:], uint32(low1))
	binary.LittleEndian.PutUint32(q[192:], uint32(low1>>32))
	high := (*[68]byte)(unit[512+b%2*128+4*r:])
	binary.LittleEndian.PutUint32(high[0:], upper6(w0, w1))
	binary.LittleEndian.PutUint32(high[64:], upper6(w2, w3))
}

const nibbles64 = nibbles<<32 | nibbles

// upper6 gathers the upper two bits of four groups.
func upper6(w0, w1 uint64) uint32 {
	h0, h1 := w0>>4&(bits01<<32|bits01), w1>>4&(bits01<<32|bits01)
	return uint32(h0) | uint32(h0>>32)<<2 | uint32(h1)<<4 | uint32(h1>>32)<<6
}

func packQ6_K(dst, src []byte, r int) {
	d := half.ToF32(binary.LittleEndian.Uint16(src[208:]))
	binary.LittleEndian.PutUint32(dst[4*r:], math.Float32bits(d))
	for b := range 8 { // quarter b%4 of half b/4
		low := (*[32]byte)(src[b/4*64+b%2*32:])
		high := (*[32]byte)(src[128+b/4*32:])
		shift, up := b%4/2*4, b%4*2 // quarters 2, 3 are high nibbles
		word := func(i int) uint64 {
			return binary.LittleEndian.Uint64(low[8*i:])>>shift&nibbles64 |
				binary.LittleEndian.Uint64(high[8*i:])>>up&(bits01<<32|bits01)<<4
		}
		put6(dst, b, word(0), word(1), word(2), word(3), r)
		scales := dst[headK+b/2*unit6K+scales6K+b%2*32+r:]
		scales[0], scales[16] = src[192+2*b], src[192+2*b+1]
	}
}

// Q3_K has the shape of Q6_K: a scale for sixteen values and a zero point. Its
// values -4..3 become 28..35.
func packQ3_K(dst, src []byte, r int) {
	d := half.ToF32(binary.LittleEndian.Uint16(src[108:]))
	binary.LittleEndian.PutUint32(dst[4*r:], math.Float32bits(d))
	scales := scalesQ3(src[96:108])
	for b := range 8 {
		low := (*[32]byte)(src[32+b/4*32:])
		high := (*[32]byte)(src)
		shift := b % 4 * 2
		word := func(i int) uint64 {
			return binary.LittleEndian.Uint64(low[8*i:])>>shift&(bits01<<32|bits01) +
				binary.LittleEndian.Uint64(high[8*i:])>>b&(bit0s<<32|bit0s)<<2 + 28*(bit0s<<32|bit0s)
		}
		put6(dst, b, word(0), word(1), word(2), word(3), r)
		s := dst[headK+b/2*unit6K+scales6K+b%2*32+r:]
		s[0], s[16] = scales[2*b], scales[2*b+1]
	}
}

// scalesQ3 unpacks sixteen six-bit scales, less 32, as signed bytes: the low
// nibbles lie in bytes 0..7 (first eight scales low, last eight high), the
// upper two bits in bytes 8..11.
func scalesQ3(p []byte) (scales [16]byte) {
	for s := range scales {
		low := p[s%8] >> (s / 8 * 4) & 15
		high := p[8+s%4] >> (s / 4 * 2) & 3
		scales[s] = (low | high<<4) - 32
	}
	return scales
}

// IQ4_XS: d, high uint16, low[4], q[128]: a six-bit scale for each 32 values.
func packIQ4_XS(dst, src []byte, r int) {
	d := half.ToF32(binary.LittleEndian.Uint16(src))
	high := binary.LittleEndian.Uint16(src[2:])
	for b := range 8 {
		scale := int(src[4+b/2]>>(b%2*4)&15) | int(high>>(2*b)&3)<<4
		v := lookUp(&levelsIQ4, (*[16]byte)(src[8+16*b:]))
		putWide(dst, b, r, &v, d*float32(scale-32))
	}
}
