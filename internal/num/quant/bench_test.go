package quant

import (
	"math/rand/v2"
	"testing"
)

var benchTypes = append([]Type{F32}, blockTypes...)

const benchLen = 1 << 16 // values per call: 256 KiB of float32, as long as a few rows

// benchValues are Gaussian, as weights are.
func benchValues(n int) []float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64()) * 0.02
	}
	return x
}

// Bytes per second count the float32 side.
func BenchmarkDecode(b *testing.B) {
	for _, typ := range benchTypes {
		b.Run(typ.String(), func(b *testing.B) {
			x := benchValues(benchLen)
			n, _ := typ.RowBytes(benchLen)
			blocks := make([]byte, n)
			if err := Encode(typ, blocks, x); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(4 * benchLen)
			b.ResetTimer()
			for b.Loop() {
				if err := Decode(typ, x, blocks); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, typ := range benchTypes {
		b.Run(typ.String(), func(b *testing.B) {
			x := benchValues(benchLen)
			n, _ := typ.RowBytes(benchLen)
			blocks := make([]byte, n)
			b.SetBytes(4 * benchLen)
			for b.Loop() {
				if err := Encode(typ, blocks, x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
