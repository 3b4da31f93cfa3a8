package quant

import (
	"encoding/binary"
	"fmt"
	"math"

	"malmoi/internal/num/half"
)

// Encode rounds the values of src, which must fill whole blocks, to blocks of t
// in dst, which must hold exactly those. The result depends on the values alone
// and equals that of ggml's reference quantisers without an importance matrix.
// A value that is not finite, or too large for the half precision scale of its
// block, is an error (F32, F16 and BF16 take any value); dst is then undefined.
func Encode(t Type, dst []byte, src []float32) error {
	want, err := t.RowBytes(len(src))
	if err != nil {
		return err
	}
	if len(dst) != want {
		return fmt.Errorf("quant: %d bytes for %d values of %v, want %d", len(dst), len(src), t, want)
	}
	switch t {
	case F32:
		for i, v := range src {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
		}
		return nil
	case F16:
		for i, v := range src {
			binary.LittleEndian.PutUint16(dst[2*i:], half.FromF32(v))
		}
		return nil
	case BF16:
		for i, v := range src {
			binary.LittleEndian.PutUint16(dst[2*i:], half.BF16FromF32(v))
		}
		return nil
	}
	enc, ok := encoders[t]
	if !ok {
		return fmt.Errorf("quant: no encoder for %v", t)
	}
	vals, bytes := t.BlockLen(), t.BlockBytes()
	for i := 0; i < len(src); i += vals {
		x, block := src[i:i+vals], dst[i/vals*bytes:(i/vals+1)*bytes]
		if j := firstNotFinite(x); j >= 0 {
			return fmt.Errorf("quant: value %d is %v, which %v cannot hold", i+j, x[j], t)
		}
		enc.block(block, x)
		for _, at := range enc.scales {
			if block[at+1]&0x7c == 0x7c {
				return fmt.Errorf("quant: values %d to %d are too large for the scale of a %v block", i, i+vals-1, t)
			}
		}
	}
	return nil
}

// encoder rounds one block; scales are the places of its binary16 fields.
type encoder struct {
	block  func(dst []byte, x []float32)
	scales []int
}

var encoders = map[Type]encoder{
	Q8_0:   {encodeQ8_0, []int{0}},
	Q4_0:   {encodeQ4_0, []int{0}},
	Q4_1:   {encodeQ4_1, []int{0, 2}},
	Q5_0:   {encodeQ5_0, []int{0}},
	Q5_1:   {encodeQ5_1, []int{0, 2}},
	Q2_K:   {encodeQ2_K, []int{80, 82}},
	Q3_K:   {encodeQ3_K, []int{108}},
	Q4_K:   {encodeQ4_K, []int{0, 2}},
	Q5_K:   {encodeQ5_K, []int{0, 2}},
	Q6_K:   {encodeQ6_K, []int{208}},
	IQ4_NL: {encodeIQ4_NL, []int{0}},
	IQ4_XS: {encodeIQ4_XS, []int{0}},
	MXFP4:  {encodeMXFP4, nil},
}

func firstNotFinite(x []float32) int {
	if largestBits(x) < 0x7f800000 {
		return -1
	}
	for i, v := range x {
		if v-v != 0 { // NaN for infinities too
			return i
		}
	}
	return -1
}

// largestBits returns the bit pattern of the largest magnitude; patterns order
// as magnitudes do, NaN above infinity. Two lanes halve the chain of maxima.
// len(x) is even.
func largestBits(x []float32) uint32 {
	var a, b uint32
	for ; len(x) >= 2; x = x[2:] {
		a = max(a, math.Float32bits(x[0])&^(1<<31))
		b = max(b, math.Float32bits(x[1])&^(1<<31))
	}
	return max(a, b)
}

// putScale stores d as binary16 at the head of b and returns what a decoder
// will read there.
func putScale(b []byte, d float32) float32 {
	h := half.FromF32(d)
	binary.LittleEndian.PutUint16(b, h)
	return half.ToF32(h)
}

// inverse is 1/d, and 0 for 0: the multiplier that takes values to steps of d.
func inverse(d float32) float32 {
	if d == 0 {
		return 0
	}
	return 1 / d
}

// nearest rounds to the nearest integer, ties to even, for |v| < 2^22: the sum
// has no room for a fraction, so the processor's own rounding does it, and the
// integer stands in the low bits. What is larger gives some larger number of
// the same sign.
func nearest(v float32) int32 {
	const shift, shiftBits = 3 << 22, 0x4b400000
	return int32(math.Float32bits(float32(v)+shift)) - shiftBits // the conversion keeps a product v from being fused
}

// maxMagnitude returns the value farthest from zero, the first of equals. len(x)
// is even.
func maxMagnitude(x []float32) float32 {
	largest := largestBits(x)
	if largest == 0 { // of either sign; the reference then has +0
		return 0
	}
	for _, v := range x {
		if math.Float32bits(v)&^(1<<31) == largest {
			return v
		}
	}
	return 0
}

func abs(v float32) float32 {
	return math.Float32frombits(math.Float32bits(v) &^ (1 << 31))
}

func sqrt(v float32) float32 { return float32(math.Sqrt(float64(v))) }
