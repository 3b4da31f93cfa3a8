package kernel

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/quant"
)

// BenchmarkRead is the memory read bandwidth that products with few rows are
// held against: a sum over a gigabyte.
func BenchmarkRead(b *testing.B) {
	data := alignedBytes(1 << 29)
	for i := 0; i < len(data); i += 4096 {
		data[i] = 1
	}
	b.SetBytes(int64(len(data)))
	b.ResetTimer()
	var sum uint64
	for range b.N {
		for p := data; len(p) >= 64; p = p[64:] {
			sum += binary.LittleEndian.Uint64(p) // one load a line: the line is the cost
		}
	}
	if sum == 1 {
		b.Log(sum)
	}
}

// BenchmarkMul multiplies weights of 64 MB (more than any cache here) with T
// rows and prints the bytes of weights and the multiply-adds per second.
func BenchmarkMul(b *testing.B) {
	for _, typ := range []quant.Type{quant.Q4_0, quant.Q4_1, quant.Q4_K, quant.Q5_0, quant.Q5_1, quant.Q5_K, quant.Q6_K, quant.Q8_0} {
		const C = 1536
		rowBytes, _ := typ.RowBytes(C)
		rows := (64 << 20) / rowBytes &^ 31
		rng := rand.New(rand.NewPCG(1, 1))
		m, err := Pack(typ, randomWeights(rng, typ, rows, C), rows, C, Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, T := range []int{1, 2, 4, 8, 16, 128, 512} {
			b.Run(fmt.Sprintf("%v/T=%d", typ, T), func(b *testing.B) {
				x := randomActs(rng, T, C)
				out := make([]float32, T*rows)
				b.ResetTimer()
				macs := 0.0
				step := m.Panels()
				if T > 16 { // a slice of the weights is enough
					step = 64
				}
				for i := range b.N {
					p := 0
					if step < m.Panels() {
						p = i * step % (m.Panels() - step) &^ 1
					}
					m.Mul(out, rows, x, p, p+step)
					macs += float64(step) * PanelRows * C * float64(T)
				}
				s := b.Elapsed().Seconds()
				b.ReportMetric(macs/s/1e9, "GMAC/s")
				b.ReportMetric(macs/float64(T)/C*float64(m.Bytes())/float64(m.Rows())/s/1e9, "GB/s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkPack prints the bytes of a file laid out per second on one core.
func BenchmarkPack(b *testing.B) {
	for _, typ := range append(allTypes, quant.Q8_0) {
		const C, rows = 1536, 1024
		data := randomWeights(rand.New(rand.NewPCG(1, 1)), typ, rows, C)
		dst := alignedBytes(64 << 20)
		b.Run(typ.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for range b.N {
				if _, err := Pack(typ, data, rows, C, Options{Alloc: func(n int) []byte { return dst[:n] }}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkQuantize prints the float32 bytes of activations quantised per
// second.
func BenchmarkQuantize(b *testing.B) {
	x := randomActs(rand.New(rand.NewPCG(1, 1)), 1, 1536)
	b.SetBytes(1536 * 4)
	for range b.N {
		x.Quantize(0)
	}
}
