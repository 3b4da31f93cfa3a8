package quant

import (
	"encoding/binary"
	"math"
)

// The formats whose four bits choose from a table of sixteen values.

// valuesIQ4 are the sixteen levels of IQ4_NL and IQ4_XS: denser around zero,
// as weights are.
var valuesIQ4 = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

// valuesFP4 are the sixteen E2M1 numbers, doubled so as to be whole; the block
// scale of MXFP4 is halved in turn.
var valuesFP4 = [16]float32{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12}

// IQ4_NL: d, q[16] in nibble order of Q4_0; value = d*level.
func decodeIQ4_NL(dst []float32, src []byte) {
	for ; len(src) >= 18 && len(dst) >= 32; src, dst = src[18:], dst[32:] {
		decodeLevels((*[32]float32)(dst), (*[16]byte)(src[2:]), scale16(src), &valuesIQ4)
	}
}

// IQ4_XS: d, high uint16, low[4], q[128]: sub-block s of 32 values has a six-bit
// scale, nibble s of low and bits 2s, 2s+1 of high; value = d*(scale-32)*level.
func decodeIQ4_XS(dst []float32, src []byte) {
	for ; len(src) >= 136 && len(dst) >= 256; src, dst = src[136:], dst[256:] {
		d := scale16(src)
		high := binary.LittleEndian.Uint16(src[2:])
		for s := range 8 {
			scale := src[4+s/2]>>(s%2*4)&15 | byte(high>>(2*s)&3)<<4
			decodeLevels((*[32]float32)(dst[s*32:]), (*[16]byte)(src[8+s*16:]), d*signed[scale-32], &valuesIQ4)
		}
	}
}

// MXFP4: e, q[16] in nibble order of Q4_0; value = 2^(e-128)*level.
func decodeMXFP4(dst []float32, src []byte) {
	for ; len(src) >= 17 && len(dst) >= 32; src, dst = src[17:], dst[32:] {
		decodeLevels((*[32]float32)(dst), (*[16]byte)(src[1:]), scaleMXFP4(src[0]), &valuesFP4)
	}
}

// decodeLevels writes d*levels[nibble] for a block of 32.
func decodeLevels(y *[32]float32, q *[16]byte, d float32, levels *[16]float32) {
	var scaled [16]float32
	for i, v := range levels {
		scaled[i] = d * v
	}
	for j := range q {
		y[j] = scaled[q[j]&15]
		y[j+16] = scaled[q[j]>>4]
	}
}

// scaleMXFP4 is 2^(e-128): half of what the E8M0 exponent e stands for. The two
// smallest are subnormal float32 numbers.
func scaleMXFP4(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e)
	}
	return math.Float32frombits(uint32(e-1) << 23)
}
