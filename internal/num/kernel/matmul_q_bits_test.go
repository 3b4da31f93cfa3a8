package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// TestBitsDoNotDependOnBatch holds Mul to its promise: row t of a batch of any
// size, over any cut of the panels, has the bits that it has alone.
func TestBitsDoNotDependOnBatch(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, l cpu.Level) {
		const C, rows, most = 256, 16*5 + 7, 70
		sizes := 70
		if l == cpu.Portable || testing.Short() {
			sizes = 14
		}
		for _, typ := range quantTypes {
			rng := rand.New(rand.NewPCG(7, uint64(typ)))
			m, err := Pack(typ, randomWeights(rng, typ, rows, C), rows, C, Options{})
			if err != nil {
				t.Fatal(err)
			}
			all := randomActs(rng, most, C)
			alone := make([]float32, most*rows)
			for i := range most {
				m.Mul(alone[i*rows:], rows, head(all, i, 1), 0, m.Panels())
			}
			for T := 1; T <= sizes; T++ {
				first := rng.IntN(most - T + 1)
				x := head(all, first, T)
				out := make([]float32, T*rows)
				for p := 0; p < m.Panels(); {
					next := min(m.Panels(), p+1+rng.IntN(4))
					m.Mul(out, rows, x, p, next)
					p = next
				}
				for i, v := range out {
					if w := alone[first*rows+i]; math.Float32bits(v) != math.Float32bits(w) {
						t.Fatalf("%v T=%d row %d, element %d: %g in the batch, %g alone", typ, T, i/rows, i%rows, v, w)
					}
				}
			}
		}
	})
}

// head returns rows first..first+T of x as a batch of their own.
func head(x *Acts, first, T int) *Acts {
	var y Acts
	y.Reset(T, x.c)
	for t := range T {
		copy(y.Row(t), x.Row(first+t))
		y.Quantize(t)
	}
	return &y
}

// TestLevelsAgree bounds what the levels may differ by: the fast ones fuse
// where the definition rounds through float64, which shows once in 2^29 sums.
func TestLevelsAgree(t *testing.T) {
	const rows, C, T = 48, 768, 11
	old := cpu.Current()
	defer func() { _ = cpu.Force(old) }()
	for _, typ := range quantTypes {
		rng := rand.New(rand.NewPCG(9, uint64(typ)))
		m, err := Pack(typ, randomWeights(rng, typ, rows, C), rows, C, Options{})
		if err != nil {
			t.Fatal(err)
		}
		values := randomActs(rng, T, C)
		var want []float32
		for l := cpu.Portable; l <= cpu.Best(); l++ {
			if err := cpu.Force(l); err != nil {
				t.Fatal(err)
			}
			out := make([]float32, T*rows)
			m.Mul(out, rows, head(values, 0, T), 0, m.Panels())
			if want == nil {
				want = out
				continue
			}
			for i, v := range out {
				if ulps := int64(math.Float32bits(v)) - int64(math.Float32bits(want[i])); ulps > 2 || ulps < -2 {
					t.Fatalf("%v %v: element %d is %g, portable %g", typ, l, i, v, want[i])
				}
			}
		}
	}
}

// TestPackRows joins weights of several types and compares with each alone.
func TestPackRows(t *testing.T) {
	const C, T = 512, 9
	rng := rand.New(rand.NewPCG(3, 3))
	types := []quant.Type{quant.Q4_K, quant.Q4_K, quant.Q6_K, quant.Q3_K, quant.F16, quant.Q2_K, quant.Q8_0}
	counts := []int{24, 20, 16, 5, 7, 3, 40}
	x := randomActs(rng, T, C)
	var parts []Part
	var want [][]float32
	total := 0
	for i, typ := range types {
		data := randomWeights(rng, typ, counts[i], C)
		parts = append(parts, Part{typ, data, counts[i]})
		total += counts[i]
		m, err := Pack(typ, data, counts[i], C, Options{})
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, T*counts[i])
		m.Mul(out, counts[i], x, 0, m.Panels())
		want = append(want, out)
	}
	m, err := PackRows(parts, C, Options{Run: func(n int, do func(int)) {
		for i := n - 1; i >= 0; i-- {
			do(i)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if m.Rows() != total || m.Cols() != C || m.Form() != "mixed" {
		t.Fatalf("(%d, %d) %q", m.Rows(), m.Cols(), m.Form())
	}
	out := make([]float32, T*total)
	for p := range m.Panels() {
		m.Mul(out, total, x, p, p+1)
	}
	row0 := 0
	for i, w := range want {
		for t0 := range T {
			for r := range counts[i] {
				if got := out[t0*total+row0+r]; got != w[t0*counts[i]+r] {
					t.Fatalf("part %d (%v) row %d, x %d: %g, alone %g", i, types[i], r, t0, got, w[t0*counts[i]+r])
				}
			}
		}
		row0 += counts[i]
	}
	if r0, r1 := m.PanelRange(0, m.Panels()); r0 != 0 || r1 != total {
		t.Fatalf("panels cover rows %d to %d of %d", r0, r1, total)
	}
}

// TestMulInParallel shares one batch among goroutines that take panels from a
// counter, as a pool of workers does.
func TestMulInParallel(t *testing.T) {
	const C, rows, T = 256, 16*40 + 5, 19
	rng := rand.New(rand.NewPCG(12, 12))
	for _, typ := range []quant.Type{quant.Q4_K, quant.Q8_0} {
		m, err := Pack(typ, randomWeights(rng, typ, rows, C), rows, C, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := randomActs(rng, T, C)
		want, got := make([]float32, T*rows), make([]float32, T*rows)
		m.Mul(want, rows, x, 0, m.Panels())
		var next atomic.Int64
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for p := int(next.Add(3)) - 3; p < m.Panels(); p = int(next.Add(3)) - 3 {
					m.Mul(got, rows, x, p, min(p+3, m.Panels()))
				}
			})
		}
		wait.Wait()
		if !slices.Equal(got, want) {
			t.Fatalf("%v: four goroutines and one differ", typ)
		}
	}
}
