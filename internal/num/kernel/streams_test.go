package kernel

import (
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// TestStreamsKeepBits multiplies runs of panels of several lengths and compares
// every element with that of its panel alone.
func TestStreamsKeepBits(t *testing.T) {
	const rows, C = 16*(2*maxStreams+3) - 5, 256
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, typ := range []quant.Type{quant.Q4_0, quant.Q4_1, quant.Q4_K, quant.Q5_0, quant.Q5_1, quant.Q5_K, quant.Q6_K, quant.Q8_0, quant.MXFP4} {
			rng := rand.New(rand.NewPCG(31, uint64(typ)))
			data := randomWeights(rng, typ, rows, C)
			for _, screen := range []bool{false, true} {
				m, err := Pack(typ, data, rows, C, Options{Screen: screen})
				if err != nil {
					t.Fatal(err)
				}
				for T := 1; T <= maxDirectRows; T++ {
					x := randomActs(rng, T, C)
					want := make([]float32, T*rows)
					for p := range m.Panels() {
						m.Mul(want, rows, x, p, p+1)
					}
					for _, n := range []int{2, maxStreams - 1, maxStreams, maxStreams + 1, m.Panels()} {
						got := make([]float32, T*rows)
						for p := 0; p < m.Panels(); p += n {
							m.Mul(got, rows, x, p, min(p+n, m.Panels()))
						}
						for i, v := range got {
							if math.Float32bits(v) != math.Float32bits(want[i]) {
								t.Fatalf("%v T=%d in runs of %d: element %d is %g, alone %g", typ, T, n, i, v, want[i])
							}
						}
					}
				}
			}
		}
	})
}
