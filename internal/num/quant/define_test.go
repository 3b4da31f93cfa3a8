package quant

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/half"
)

// The block formats once more, one value at a time, as their tables define
// them: value i of block b. Slow, and written apart from the decoders, so that
// a slip in one shows against the other.

func f16at(b []byte, at int) float32 { return half.ToF32(binary.LittleEndian.Uint16(b[at:])) }

// bitsOf returns count bits of b from bit position at on.
func bitsOf(b byte, at, count int) int { return int(b) >> at & (1<<count - 1) }

// nibble returns value i of 32 whose low nibbles come first.
func nibble(q []byte, i int) int { return bitsOf(q[i%16], i/16*4, 4) }

func scaled(d float32, q int) float32             { return float32(q) * d }
func shifted(d float32, q int, m float32) float32 { return float32(float32(q)*d) + m }

// pair6 returns scale and offset s of the 12 packed bytes of Q4_K and Q5_K.
func pair6(p []byte, s int) (scale, offset int) {
	if s < 4 {
		return bitsOf(p[s], 0, 6), bitsOf(p[s+4], 0, 6)
	}
	return bitsOf(p[s+4], 0, 4) + 16*bitsOf(p[s-4], 6, 2), bitsOf(p[s+4], 4, 4) + 16*bitsOf(p[s], 6, 2)
}

var define = map[Type]func(b []byte, i int) float32{
	F32:  func(b []byte, i int) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
	F16:  func(b []byte, i int) float32 { return f16at(b, 0) },
	BF16: func(b []byte, i int) float32 { return half.BF16ToF32(binary.LittleEndian.Uint16(b)) },
	Q8_0: func(b []byte, i int) float32 { return scaled(f16at(b, 0), int(int8(b[2+i]))) },
	Q4_0: func(b []byte, i int) float32 { return scaled(f16at(b, 0), nibble(b[2:], i)-8) },
	Q4_1: func(b []byte, i int) float32 { return shifted(f16at(b, 0), nibble(b[4:], i), f16at(b, 2)) },
	Q5_0: func(b []byte, i int) float32 {
		return scaled(f16at(b, 0), nibble(b[6:], i)+16*bitsOf(b[2+i/8], i%8, 1)-16)
	},
	Q5_1: func(b []byte, i int) float32 {
		return shifted(f16at(b, 0), nibble(b[8:], i)+16*bitsOf(b[4+i/8], i%8, 1), f16at(b, 2))
	},
	Q2_K: func(b []byte, i int) float32 {
		s := b[i/16]
		q := bitsOf(b[16+i/128*32+i%32], i%128/32*2, 2)
		return shifted(f16at(b, 80)*float32(s&15), q, -float32(f16at(b, 82)*float32(s>>4)))
	},
	Q3_K: func(b []byte, i int) float32 {
		s := i / 16
		scale := bitsOf(b[96+s%8], s/8*4, 4) + 16*bitsOf(b[104+s%4], s/4*2, 2) - 32
		q := bitsOf(b[32+i/128*32+i%32], i%128/32*2, 2)
		if bitsOf(b[i%32], i/32, 1) == 0 {
			q -= 4
		}
		return scaled(f16at(b, 108)*float32(scale), q)
	},
	Q4_K: func(b []byte, i int) float32 {
		scale, offset := pair6(b[4:], i/32)
		q := bitsOf(b[16+i/64*32+i%32], i%64/32*4, 4)
		return shifted(f16at(b, 0)*float32(scale), q, -float32(f16at(b, 2)*float32(offset)))
	},
	Q5_K: func(b []byte, i int) float32 {
		scale, offset := pair6(b[4:], i/32)
		q := bitsOf(b[48+i/64*32+i%32], i%64/32*4, 4) + 16*bitsOf(b[16+i%32], i/32, 1)
		return shifted(f16at(b, 0)*float32(scale), q, -float32(f16at(b, 2)*float32(offset)))
	},
	Q6_K: func(b []byte, i int) float32 {
		low := bitsOf(b[i/128*64+i%64], i%128/64*4, 4)
		high := bitsOf(b[128+i/128*32+i%32], i%128/32*2, 2)
		return scaled(f16at(b, 208)*float32(int8(b[192+i/16])), low+16*high-32)
	},
	IQ4_NL: func(b []byte, i int) float32 { return f16at(b, 0) * valuesIQ4[nibble(b[2:], i)] },
	IQ4_XS: func(b []byte, i int) float32 {
		s := i / 32
		scale := bitsOf(b[4+s/2], s%2*4, 4) + 16*bitsOf(b[2+s/4], s%4*2, 2) - 32
		return f16at(b, 0) * float32(scale) * valuesIQ4[nibble(b[8+16*s:], i%32)]
	},
	MXFP4: func(b []byte, i int) float32 {
		return float32(math.Ldexp(float64(valuesFP4[nibble(b[1:], i)]), int(b[0])-128))
	},
}

// scaleFields are the places of binary16 fields in blocks, which the test keeps
// finite.
func scaleFields(t Type) []int { return encoders[t].scales }

func TestDecodeMatchesDefinition(t *testing.T) {
	for typ := range layouts {
		rng := rand.New(rand.NewPCG(7, uint64(typ)))
		for range 300 {
			block := make([]byte, typ.BlockBytes())
			for i := range block {
				block[i] = byte(rng.Uint32())
			}
			for _, at := range scaleFields(typ) {
				block[at+1] &^= 0x04
			}
			got := make([]float32, typ.BlockLen())
			if err := Decode(typ, got, block); err != nil {
				t.Fatal(err)
			}
			for i, v := range got {
				want := define[typ](block, i)
				if v != want && (v == v || want == want) {
					t.Fatalf("%v: value %d is %v, want %v; block % x", typ, i, v, want, block)
				}
			}
		}
	}
}
