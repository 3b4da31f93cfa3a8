package quant

import (
	"encoding/binary"
	"fmt"
	"math"

	"malmoi/internal/num/half"
)

// Decode writes the float32 values of the blocks in src to dst. len(dst) must
// fill whole blocks and src must hold exactly those. The result is the product
// and sum that the format defines, each operation rounded to float32 and none
// fused, so that every machine decodes the same bits.
func Decode(t Type, dst []float32, src []byte) error {
	want, err := t.RowBytes(len(dst))
	if err != nil {
		return err
	}
	if len(src) != want {
		return fmt.Errorf("quant: %d bytes for %d values of %v, want %d", len(src), len(dst), t, want)
	}
	switch t {
	case F32:
		decodeF32(dst, src)
	case F16:
		decodeF16(dst, src)
	case BF16:
		decodeBF16(dst, src)
	case Q4_0:
		decodeQ4_0(dst, src)
	case Q4_1:
		decodeQ4_1(dst, src)
	case Q5_0:
		decodeQ5_0(dst, src)
	case Q5_1:
		decodeQ5_1(dst, src)
	case Q8_0:
		decodeQ8_0(dst, src)
	case Q2_K:
		decodeQ2_K(dst, src)
	case Q3_K:
		decodeQ3_K(dst, src)
	case Q4_K:
		decodeQ4_K(dst, src)
	case Q5_K:
		decodeQ5_K(dst, src)
	case Q6_K:
		decodeQ6_K(dst, src)
	case IQ4_NL:
		decodeIQ4_NL(dst, src)
	case IQ4_XS:
		decodeIQ4_XS(dst, src)
	case MXFP4:
		decodeMXFP4(dst, src)
	default:
		return fmt.Errorf("quant: no decoder for %v", t)
	}
	return nil
}

func decodeF32(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func decodeF16(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		h := uint32(src[2*i]) | uint32(src[2*i+1])<<8
		if e := h & 0x7c00; e != 0 && e != 0x7c00 { // normal numbers: shift and rebias
			dst[i] = math.Float32frombits(h&0x8000<<16 | (h&0x7fff<<13 + 112<<23))
			continue
		}
		dst[i] = half.ToF32(uint16(h))
	}
}

func decodeBF16(dst []float32, src []byte) {
	src = src[:2*len(dst)]
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(src[2*i])<<16 | uint32(src[2*i+1])<<24)
	}
}

// scale16 reads the binary16 field that opens b.
func scale16(b []byte) float32 { return half.ToF32(uint16(b[0]) | uint16(b[1])<<8) }
