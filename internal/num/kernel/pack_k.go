package kernel

import (
	"encoding/binary"

	"malmoi/internal/num/half"
	"math"
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
	qs = qs[:32]
	q = q[4*r : 4*r+452]
	for j := range 4 {
		first, second := binary.LittleEndian.Uint32(qs[4*j:]), binary.LittleEndian.Uint32(qs[4*j+16:])
		binary.LittleEndian.PutUint32(q[64*j:], first&nibbles|second&nibbles<<4)
		binary.LittleEndian.PutUint32(q[64*j+256:], first>>4&nibbles|second&^nibbles)
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
	var high [8]uint32 // of group g: bit s of each byte is the fifth bit in sub-block s
	for g := range high {
		high[g] = binary.LittleEndian.Uint32(src[16+4*g:])
	}
	for s := range 8 {
		var w uint32
		for g, h := range high {
			w |= h >> s & bit0s << g
		}
		binary.LittleEndian.PutUint32(dst[headK+s/2*unit5K+512+s%2*64+4*r:], w)
	}
	for u := range 4 {
		put4K(dst[headK+u*unit5K:], src[48+32*u:], r)
	}
}

// put6 writes 32 values of six bits, given as eight words (a group each, one
// byte a value), to block b of a chunk.
func put6(dst []byte, b int, w *[8]uint32, r int) {
	unit := dst[headK+b/2*unit6K:]
	q := unit[b%2*256+4*r:]
	for j := range 4 {
		binary.LittleEndian.PutUint32(q[64*j:], w[j]&nibbles|w[j+4]&nibbles<<4)
	}
	high := unit[512+b%2*128+4*r:]
	for i := range 2 {
		g := w[4*i:]
		binary.LittleEndian.PutUint32(high[64*i:],
			g[0]>>4&bits01|g[1]>>4&bits01<<2|g[2]>>4&bits01<<4|g[3]>>4&bits01<<6)
	}
}

func packQ6_K(dst, src []byte, r int) {
	d := half.ToF32(binary.LittleEndian.Uint16(src[208:]))
	binary.LittleEndian.PutUint32(dst[4*r:], math.Float32bits(d))
	for b := range 8 { // quarter b%4 of half b/4
		low := src[b/4*64+b%2*32:]
		high := src[128+b/4*32:]
		shift := b % 4 / 2 * 4 // quarters 2, 3 are high nibbles
		var w [8]uint32
		for g := range w {
			l := binary.LittleEndian.Uint32(low[4*g:]) >> shift & nibbles
			h := binary.LittleEndian.Uint32(high[4*g:]) >> (b % 4 * 2) & bits01
			w[g] = l | h<<4
		}
		put6(dst, b, &w, r)
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
		var w [8]uint32
		for g := range w {
			low := binary.LittleEndian.Uint32(src[32+b/4*32+4*g:]) >> (b % 4 * 2) & bits01
			high := binary.LittleEndian.Uint32(src[4*g:]) >> b & bit0s
			w[g] = low + high<<2 + 28*bit0s
		}
		put6(dst, b, &w, r)
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
