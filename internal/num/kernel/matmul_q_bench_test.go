package kernel

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/mem"
	"malmoi/internal/num/quant"
)

// The machines that run this are shared: a mean says more of the neighbours
// than of the code. quick times every call by itself and returns the time that
// one in ten calls stays under.
func quick(b *testing.B, call func(i int)) time.Duration {
	times := make([]time.Duration, max(b.N, 20))
	b.ResetTimer()
	for i := range times {
		start := time.Now()
		call(i)
		times[i] = time.Since(start)
	}
	b.StopTimer()
	slices.Sort(times)
	return times[len(times)/10]
}

// BenchmarkRead is the memory read bandwidth that products with few rows are
// held against.
func BenchmarkRead(b *testing.B) {
	const piece = 8 << 20
	data := alignedBytes(1 << 28)
	for i := 0; i < len(data); i += 4096 {
		data[i] = 1
	}
	var sum uint64
	t := quick(b, func(i int) {
		p := data[i*piece%len(data):][:piece]
		for ; len(p) >= 256; p = p[256:] { // one load a line: the line is the cost
			sum += binary.LittleEndian.Uint64(p) + binary.LittleEndian.Uint64(p[64:]) +
				binary.LittleEndian.Uint64(p[128:]) + binary.LittleEndian.Uint64(p[192:])
		}
	})
	if sum == 1 {
		b.Log(sum)
	}
	b.ReportMetric(piece/t.Seconds()/1e9, "GB/s")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkMul multiplies weights of 128 MB (more than the caches) with T rows
// and prints the bytes of weights and the multiply-adds per second.
func BenchmarkMul(b *testing.B) {
	for l := cpu.AVX2; l <= cpu.Best(); l++ {
		b.Run(l.String(), func(b *testing.B) {
			old := cpu.Current()
			defer func() { _ = cpu.Force(old) }()
			if err := cpu.Force(l); err != nil {
				b.Fatal(err)
			}
			benchmarkMul(b)
		})
	}
}

func benchmarkMul(b *testing.B) {
	for _, typ := range []quant.Type{quant.Q4_0, quant.Q4_1, quant.Q4_K, quant.Q5_0, quant.Q5_1, quant.Q5_K, quant.Q6_K, quant.Q8_0} {
		const C = 1536
		rowBytes, _ := typ.RowBytes(C)
		rows := (128 << 20) / rowBytes &^ 31
		data := randomWeights(rand.New(rand.NewPCG(1, 1)), typ, 32, C)
		data = bytes.Repeat(data, rows/32)
		var arena mem.Arena
		m, err := Pack(typ, data, rows, C, Options{Alloc: arena.Alloc})
		if err != nil {
			b.Fatal(err)
		}
		for _, T := range []int{1, 2, 3, 4, 6, 8, 16, 64, 512} {
			b.Run(fmt.Sprintf("%v/T=%d", typ, T), func(b *testing.B) {
				x := randomActs(rand.New(rand.NewPCG(1, 1)), T, C)
				out := make([]float32, T*rows)
				// A call takes about a millisecond, or two panels.
				step := max(2, min(32<<20/rowBytes/PanelRows, 200<<20/(PanelRows*C*T))) &^ 1
				t := quick(b, func(i int) {
					p := i * step % (m.Panels() - step) &^ 1
					m.Mul(out, rows, x, p, p+step)
				})
				macs := float64(step) * PanelRows * C * float64(T)
				b.ReportMetric(macs/t.Seconds()/1e9, "GMAC/s")
				b.ReportMetric(float64(m.panelsBytes(step))/t.Seconds()/1e9, "GB/s")
				b.ReportMetric(0, "ns/op")
			})
		}
		arena.Free()
	}
}

// panelsBytes is the size of n panels of a Matrix of one section.
func (m *Matrix) panelsBytes(n int) int { return n * m.sections[0].panelBytes }

// BenchmarkPack prints the bytes of a file laid out per second on one core.
func BenchmarkPack(b *testing.B) {
	for _, typ := range allTypes {
		const C, rows = 1536, 512
		data := randomWeights(rand.New(rand.NewPCG(1, 1)), typ, rows, C)
		dst := alignedBytes(64 << 20)
		b.Run(typ.String(), func(b *testing.B) {
			t := quick(b, func(int) {
				if _, err := Pack(typ, data, rows, C, Options{Alloc: func(n int) []byte { return dst[:n] }}); err != nil {
					b.Fatal(err)
				}
			})
			b.ReportMetric(float64(len(data))/t.Seconds()/1e9, "GB/s")
			b.ReportMetric(0, "ns/op")
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
