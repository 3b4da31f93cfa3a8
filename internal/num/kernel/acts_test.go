package kernel

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

// TestQuantize compares every level with the definition, byte for byte, over
// all magnitudes.
func TestQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for n := range 400 {
			C := 1 + rng.IntN(300)
			var x Acts
			x.Reset(1, C)
			row := x.Row(0)
			size := math.Ldexp(1, rng.IntN(260)-130)
			for i := range row {
				row[i] = float32(rng.NormFloat64() * size)
				if n%5 == 0 {
					row[i] = float32(math.Copysign(size, rng.NormFloat64()))
				}
			}
			if n%7 == 0 {
				row[rng.IntN(C)] = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 0, -1e38}[n/7%5]
			}
			x.Quantize(0)
			want := make([]byte, len(x.records(0)))
			quantizeRowGeneric(want, row)
			if i := firstDiff(x.records(0), want); i >= 0 {
				t.Fatalf("case %d, C=%d, magnitude %g: byte %d is %d, want %d", n, C, size, i, x.records(0)[i], want[i])
			}
		}
	})
}

func firstDiff(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return len(a)
}

// TestQuantizeRounds holds the definition to its claims: no value is off by
// more than half a step, the largest is ±127, the sums are those of the bytes.
func TestQuantizeRounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	for range 200 {
		var rec [recordBytes]byte
		x := make([]float32, blockCols)
		size := math.Ldexp(1, rng.IntN(180)-90)
		for i := range x {
			x[i] = float32(rng.NormFloat64() * size)
		}
		quantizeBlock(&rec, x)
		scale := float64(math.Float32frombits(binary.LittleEndian.Uint32(rec[offScale:])))
		sum, most := 0, 0
		for i, v := range x {
			q := int(int8(rec[i]))
			sum += q
			most = max(most, q, -q)
			if d := math.Abs(float64(v) - float64(q)*scale); d > 0.50001*scale {
				t.Fatalf("%g became %d·%g", v, q, scale)
			}
		}
		if most != 127 {
			t.Fatalf("the largest is %d", most)
		}
		if got := int32(binary.LittleEndian.Uint32(rec[offZero8:])); got != int32(-8*sum) {
			t.Fatalf("-8·sum is %d, want %d", got, -8*sum)
		}
	}
}

// TestNotFiniteShows makes sure that a NaN or infinity is not rounded away.
func TestNotFiniteShows(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := rand.New(rand.NewPCG(8, 8))
		for _, typ := range quantTypes {
			m, err := Pack(typ, randomWeights(rng, typ, 16, 256), 16, 256, Options{})
			if err != nil {
				t.Fatal(err)
			}
			x := randomActs(rng, 2, 256)
			x.Row(1)[77] = float32(math.Inf(-1))
			x.Quantize(1)
			out := make([]float32, 32)
			m.Mul(out, 16, x, 0, 1)
			for r := range 16 {
				if out[r] != out[r] || out[16+r] == out[16+r] {
					t.Fatalf("%v row %d: %g without, %g with an infinity", typ, r, out[r], out[16+r])
				}
			}
		}
	})
}
