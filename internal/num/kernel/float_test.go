package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/half"
)

// Helpers of the tests of the float kernels.

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 77)) }

func normals(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	return x
}

// guarded returns n values with sentinels behind them, and a function that
// reports whether the sentinels stand.
func guarded(n int) ([]float32, func() error) {
	const extra = 40
	all := make([]float32, n+extra)
	for i := range all {
		all[i] = -12345
	}
	return all[:n:n], func() error {
		for i, v := range all[n:] {
			if v != -12345 {
				return fmt.Errorf("wrote %v at %d past the end of %d", v, i, n)
			}
		}
		return nil
	}
}

// near checks got against want with a tolerance relative to scale, or equal
// infinities and NaNs.
func near(got float32, want, scale, tol float64) bool {
	g := float64(got)
	if math.IsNaN(want) || math.IsNaN(g) {
		return math.IsNaN(want) && math.IsNaN(g)
	}
	return g == want || math.Abs(g-want) <= tol*scale
}

// relative checks got against want with a relative tolerance, and an absolute
// one of the smallest normal number.
func relative(got float32, want, tol float64) bool {
	const smallest = 0x1p-126
	if math.Abs(want) > math.MaxFloat32 { // overflows in float32
		return math.IsInf(float64(got), 0) || near(got, want, math.Abs(want), tol)
	}
	return near(got, want, math.Abs(want)+smallest/tol, tol)
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v (%#08x), want %v (%#08x)", what, i,
				got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// put encodes x as elements of type e and returns the values they stand for.
func put(e elem, dst []byte, x []float32) []float32 {
	held := make([]float32, len(x))
	for i, v := range x {
		switch e {
		case elemF32:
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
			held[i] = v
		case elemF16:
			h := half.FromF32(v)
			binary.LittleEndian.PutUint16(dst[2*i:], h)
			held[i] = half.ToF32(h)
		case elemBF16:
			h := half.BF16FromF32(v)
			binary.LittleEndian.PutUint16(dst[2*i:], h)
			held[i] = half.BF16ToF32(h)
		}
	}
	return held
}
