package quant

import "encoding/binary"

// The formats with one scale (and perhaps one offset) per 32 values. Except in
// Q8_0 the low nibbles of the 16 bytes are the first 16 values of a block, the
// high nibbles the other 16.

// small holds the floats 0..255: a load is cheaper than converting an integer.
// signed holds -128..127 by bit pattern.
var small, signed = func() (u, s [256]float32) {
	for i := range u {
		u[i] = float32(i)
		s[i] = float32(int8(i))
	}
	return u, s
}()

// Q8_0: d, q[32] int8; value = q*d.
func decodeQ8_0(dst []float32, src []byte) {
	for ; len(src) >= 34 && len(dst) >= 32; src, dst = src[34:], dst[32:] {
		d := scale16(src)
		q := (*[32]byte)(src[2:])
		y := (*[32]float32)(dst)
		for j := range q {
			y[j] = signed[q[j]] * d
		}
	}
}

// Q4_0: d, q[16]; value = (nibble-8)*d.
func decodeQ4_0(dst []float32, src []byte) {
	for ; len(src) >= 18 && len(dst) >= 32; src, dst = src[18:], dst[32:] {
		d := scale16(src)
		q := (*[16]byte)(src[2:])
		y := (*[32]float32)(dst)
		for j := range q {
			y[j] = signed[q[j]&15-8] * d
			y[j+16] = signed[q[j]>>4-8] * d
		}
	}
}

// Q4_1: d, m, q[16]; value = nibble*d + m.
func decodeQ4_1(dst []float32, src []byte) {
	for ; len(src) >= 20 && len(dst) >= 32; src, dst = src[20:], dst[32:] {
		d, m := scale16(src), scale16(src[2:])
		q := (*[16]byte)(src[4:])
		y := (*[32]float32)(dst)
		for j := range q {
			y[j] = float32(small[q[j]&15]*d) + m
			y[j+16] = float32(small[q[j]>>4]*d) + m
		}
	}
}

// Q5_0: d, high[4], q[16]; bit j of high is the fifth bit of value j;
// value = (q-16)*d.
func decodeQ5_0(dst []float32, src []byte) {
	for ; len(src) >= 22 && len(dst) >= 32; src, dst = src[22:], dst[32:] {
		d := scale16(src)
		high := binary.LittleEndian.Uint32(src[2:])
		q := (*[16]byte)(src[6:])
		y := (*[32]float32)(dst)
		for j := range q {
			lo := q[j]&15 | byte(high>>j&1)<<4
			hi := q[j]>>4 | byte(high>>(j+16)&1)<<4
			y[j] = signed[lo-16] * d
			y[j+16] = signed[hi-16] * d
		}
	}
}

// Q5_1: d, m, high[4], q[16]; value = q*d + m with q as in Q5_0.
func decodeQ5_1(dst []float32, src []byte) {
	for ; len(src) >= 24 && len(dst) >= 32; src, dst = src[24:], dst[32:] {
		d, m := scale16(src), scale16(src[2:])
		high := binary.LittleEndian.Uint32(src[4:])
		q := (*[16]byte)(src[8:])
		y := (*[32]float32)(dst)
		for j := range q {
			lo := q[j]&15 | byte(high>>j&1)<<4
			hi := q[j]>>4 | byte(high>>(j+16)&1)<<4
			y[j] = float32(small[lo]*d) + m
			y[j+16] = float32(small[hi]*d) + m
		}
	}
}
