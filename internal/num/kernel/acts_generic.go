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

// quantizeRowGeneric writes the records of a row.
func quantizeRowGeneric(records []byte, row []float32) {
	for ; len(records) >= recordBytes; records = records[recordBytes:] {
		n := min(blockCols, len(row))
		quantizeBlock((*[recordBytes]byte)(records), row[:n])
		row = row[n:]
	}
}

// quantizeBlock quantises up to 32 values; missing ones are zero. The scale is
// max|x|/127, its last two bits cleared; that and the rounding of its inverse
// leave max|x|/scale within 127 ± 0.0001, so that no x becomes 128.
func quantizeBlock(rec *[recordBytes]byte, x []float32) {
	scale, inverse := blockScale(x)
	*rec = [recordBytes]byte{}
	var low, high int32
	if inverse != 0 {
		for i, v := range x {
			n := int32(math.RoundToEven(float64(v * inverse)))
			rec[i] = byte(n)
			if i < 16 {
				low += n
			} else {
				high += n
			}
		}
	}
	put := func(off int, v uint32) { binary.LittleEndian.PutUint32(rec[off:], v) }
	put(offScale, math.Float32bits(scale))
	put(offSum, math.Float32bits(scale*float32(low+high)))
	put(offZero8, uint32(-8*(low+high)))
	put(offZero16, uint32(-16*(low+high)))
	put(offZero32, uint32(-32*low))
	put(offZero32+4, uint32(-32*high))
	put(offZero128, uint32(-128*(low+high)))
	put(offUpper, uint32(-253*(low+high)>>1))
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
	scale = math.Float32frombits(math.Float32bits(math.Float32frombits(most)/127) &^ 3)
	return scale, 1 / scale
}
