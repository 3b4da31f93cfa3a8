package kernel

import (
	"encoding/binary"
	"math"
)

// This file is the definition of the 8-bit form of activations.

const (
	bitsInf  = 0x7f800000
	bitsHuge = (127 + 100) << 23 // 2^100
	bitsTiny = (127 - 100) << 23 // 2^-100
)

// quantizeRowGeneric writes row into slot (0..3) of a quad's records.
func quantizeRowGeneric(quad []byte, slot int, row []float32) {
	for ; len(quad) >= recordBytes; quad = quad[recordBytes:] {
		n := min(blockCols, len(row))
		quantizeBlock((*[recordBytes]byte)(quad), slot, row[:n])
		row = row[n:]
	}
}

// quantizeBlock quantises up to 32 values; missing ones are zero. The scale is
// max|x|/127, rounded up to 22 bits: its product with any block's integer dot
// product (at most 22 bits) then rounds once whether computed as a product or
// as a sum with a power of two.
func quantizeBlock(rec *[recordBytes]byte, slot int, x []float32) {
	scale, inverse := blockScale(x)
	q := (*[blockCols]byte)(rec[slot*blockCols:])
	*q = [blockCols]byte{}
	var low, high int32
	if inverse != 0 {
		for i, v := range x {
			n := int32(math.RoundToEven(float64(v * inverse)))
			q[i] = byte(n)
			if i < 16 {
				low += n
			} else {
				high += n
			}
		}
	}
	put := func(off int, v uint32) { binary.LittleEndian.PutUint32(rec[off+4*slot:], v) }
	put(offScale, math.Float32bits(scale))
	put(offScale2, math.Float32bits(scale))
	put(offSum, math.Float32bits(scale*float32(low+high)))
	put(offZero8, uint32(-8*(low+high)))
	put(offZero16, uint32(-16*(low+high)))
	put(offZero32, uint32(-32*low))
	put(offZero32+16, uint32(-32*high))
	put(offZero7, uint32(-128*(low+high)))
}

// blockScale returns the scale of a block and its inverse; 0, 0 for a block of
// zeros; NaN, 0 for one with values out of range. Magnitudes are compared as
// integers, which puts infinities and NaNs above all numbers.
func blockScale(x []float32) (scale, inverse float32) {
	var most uint32
	for _, v := range x {
		most = max(most, math.Float32bits(v)&0x7fffffff)
	}
	switch {
	case most >= bitsHuge:
		return float32(math.NaN()), 0
	case most < bitsTiny:
		return 0, 0
	}
	bits := math.Float32bits(math.Float32frombits(most) / 127)
	scale = math.Float32frombits((bits + 3) &^ 3)
	return scale, 1 / scale
}
