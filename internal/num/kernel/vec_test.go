package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

// expTol is the promised relative error of exponentials and of what is made of
// one.
const (
	expTol = 3e-7
	actTol = 6e-7
)

// special are values at which exponentials break.
func special() []float32 {
	inf := float32(math.Inf(1))
	x := []float32{0, -0x1p-149, 0x1p-149, 1e-30, -1e-30, inf, -inf, float32(math.NaN()), 3e38, -3e38}
	for _, v := range []float32{0.34657359, 0.5, 0.625, 1, 17, 87, 87.336, 87.34, 88, 88.37, 88.38, 88.72283, 88.72284, 88.73, 89, 100, 103.9, 104, 127, 1000} {
		x = append(x, v, -v, math.Nextafter32(v, 0), math.Nextafter32(v, 1e9), -math.Nextafter32(v, 1e9))
	}
	return x
}

func sweep() []float32 {
	x := special()
	for v := float32(-110); v < 110; v += 0.00713 {
		x = append(x, v)
	}
	for v := float32(1e-9); v < 10; v *= 1.01 {
		x = append(x, v, -v)
	}
	return x
}

// TestElementwise checks functions of one value against float64, in place and
// not, at every length around the width of a register, for stray writes too.
func TestElementwise(t *testing.T) {
	for _, fn := range []struct {
		name string
		do   func(dst, x []float32)
		want func(x float64) float64
		tol  float64 // 0: GELU's
	}{
		{"Exp", Exp, math.Exp, expTol},
		{"Silu", Silu, func(x float64) float64 { return x / (1 + math.Exp(-x)) }, actTol},
		{"GeluTanh", GeluTanh, func(x float64) float64 { return x / (1 + math.Exp(-x*(geluA+geluB*x*x))) }, 0},
		{"Gelu", Gelu, func(x float64) float64 { return 0.5 * x * math.Erfc(-x/math.Sqrt2) }, 0},
		{"capScores", func(dst, x []float32) { copy(dst, x); capScores(dst, 30) }, func(x float64) float64 { return 30 * math.Tanh(x/30) }, actTol},
	} {
		cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
			x := sweep()
			got := make([]float32, len(x))
			fn.do(got, x)
			for i, v := range x {
				want := fn.want(float64(v))
				if math.IsInf(float64(v), -1) && fn.name != "Exp" && fn.name != "capScores" {
					continue // -Inf·0: NaN or 0, both are right
				}
				ok := relative(got[i], want, fn.tol)
				switch {
				case fn.tol == 0: // where Φ is tiny the rounding of its argument counts
					ok = ok || near(got[i], want, math.Abs(want)+1e-3*math.Min(1, math.Abs(float64(v)))+1e-36, 1.2e-6)
				case fn.name == "Silu": // e^-x overflows before x·σ(x) has vanished
					ok = ok || v < -88 && near(got[i], want, 1, 1e-36)
				}
				if !ok {
					t.Fatalf("%s(%v) = %v, want %v", fn.name, v, got[i], want)
				}
			}
			for n := range 70 {
				dst, stands := guarded(n)
				fn.do(dst, x[:n])
				sameBits(t, fmt.Sprintf("%s of %d values", fn.name, n), dst, got[:n])
				if err := stands(); err != nil {
					t.Fatalf("%s: %v", fn.name, err)
				}
				copy(dst, x[:n])
				fn.do(dst, dst)
				sameBits(t, fmt.Sprintf("%s of %d values in place", fn.name, n), dst, got[:n])
			}
		})
	}
}

func TestGatedActivations(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(3)
		for _, n := range []int{0, 1, 7, 8, 15, 16, 17, 31, 33, 100, 4864} {
			g, u := normals(rng, n), normals(rng, n)
			Scale(g, 4)
			for _, fn := range []struct {
				name string
				do   func(dst, gate, up []float32)
				one  func(dst, x []float32)
			}{{"SiluMul", SiluMul, Silu}, {"GeluTanhMul", GeluTanhMul, GeluTanh}} {
				want := make([]float32, n)
				fn.one(want, g)
				for i := range want {
					want[i] *= u[i]
				}
				dst, stands := guarded(n)
				fn.do(dst, g, u)
				sameBits(t, fn.name, dst, want)
				copy(dst, g)
				fn.do(dst, dst, u)
				sameBits(t, fn.name+" over the gate", dst, want)
				copy(dst, u)
				fn.do(dst, g, dst)
				sameBits(t, fn.name+" over up", dst, want)
				if err := stands(); err != nil {
					t.Fatalf("%s: %v", fn.name, err)
				}
			}
		}
	})
}

func TestNorms(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(4)
		for _, n := range []int{1, 7, 8, 16, 31, 64, 80, 100, 896, 1537} {
			x, w, b := normals(rng, n), normals(rng, n), normals(rng, n)
			for i := range x {
				x[i] += 3
			}
			const eps = 1e-5
			var sum, ss float64
			for _, v := range x {
				sum += float64(v)
				ss += float64(v) * float64(v)
			}
			mean := sum / float64(n)
			variance := 0.0
			for _, v := range x {
				variance += (float64(v) - mean) * (float64(v) - mean)
			}
			rms := 1 / math.Sqrt(ss/float64(n)+eps)
			dev := 1 / math.Sqrt(variance/float64(n)+eps)

			check := func(what string, got []float32, want func(i int) float64) {
				t.Helper()
				for i, v := range got {
					if !near(v, want(i), math.Abs(want(i))+math.Abs(float64(b[i]))+3*dev/1e3, 2e-6) {
						t.Fatalf("%s of %d: value %d is %v, want %v", what, n, i, v, want(i))
					}
				}
			}
			dst, stands := guarded(n)
			RMSNorm(dst, x, w, eps)
			check("RMSNorm", dst, func(i int) float64 { return float64(x[i]) * rms * float64(w[i]) })
			RMSNorm(dst, x, nil, eps)
			check("RMSNorm without weight", dst, func(i int) float64 { return float64(x[i]) * rms })
			if n > 1 {
				LayerNorm(dst, x, w, b, eps)
				check("LayerNorm", dst, func(i int) float64 { return (float64(x[i])-mean)*dev*float64(w[i]) + float64(b[i]) })
				LayerNorm(dst, x, nil, nil, eps)
				check("bare LayerNorm", dst, func(i int) float64 { return (float64(x[i]) - mean) * dev })
			}
			if err := stands(); err != nil {
				t.Fatal(err)
			}
			RMSNorm(dst, x, w, eps)
			y := slices.Clone(x)
			RMSNorm(y, y, w, eps)
			sameBits(t, "RMSNorm in place", y, dst)
		}
	})
}

// TestRMSNormOfLargeValues: squares beyond float32 are still summed.
func TestRMSNormOfLargeValues(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		x := make([]float32, 64)
		for i := range x {
			x[i] = 1e20
		}
		RMSNorm(x, x, nil, 1e-6)
		if !near(x[63], 1, 1, 1e-6) {
			t.Errorf("1e20 everywhere is normalised to %v", x[63])
		}
	})
}

func TestRoPE(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(5)
		for _, s := range []struct{ heads, D, rot int }{{1, 2, 2}, {3, 64, 64}, {2, 80, 80}, {2, 128, 32}, {4, 256, 256}, {3, 24, 20}, {1, 66, 66}} {
			half := s.rot / 2
			cos, sin := make([]float32, half), make([]float32, half)
			for i := range cos {
				a := rng.Float64() * 10
				cos[i], sin[i] = float32(math.Cos(a)), float32(math.Sin(a))
			}
			for _, interleaved := range []bool{false, true} {
				x := normals(rng, s.heads*s.D)
				want := make([]float64, len(x))
				for i, v := range x {
					want[i] = float64(v)
				}
				for h := range s.heads {
					for i := range half {
						a, b := h*s.D+i, h*s.D+i+half
						if interleaved {
							a, b = h*s.D+2*i, h*s.D+2*i+1
						}
						c, d := float64(cos[i]), float64(sin[i])
						want[a], want[b] = want[a]*c-want[b]*d, want[b]*c+want[a]*d
					}
				}
				got, stands := guarded(len(x))
				copy(got, x)
				RoPE(got, s.heads, s.D, s.rot, cos, sin, interleaved)
				for i, v := range got {
					if !near(v, want[i], 4, 1e-7) {
						t.Fatalf("%+v interleaved %v: value %d is %v, want %v", s, interleaved, i, v, want[i])
					}
				}
				if err := stands(); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

func TestAddScaleAndScaled(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(6)
		for n := range 100 {
			a, b := normals(rng, n), normals(rng, n)
			dst, stands := guarded(n)
			copy(dst, a)
			Add(dst, b)
			for i := range dst {
				if dst[i] != a[i]+b[i] {
					t.Fatalf("Add of %d: value %d is %v, want %v", n, i, dst[i], a[i]+b[i])
				}
			}
			copy(dst, a)
			AddScaled(dst, b, 0.37)
			for i := range dst {
				if want := float64(a[i]) + float64(b[i])*float64(float32(0.37)); !near(dst[i], want, math.Abs(float64(a[i]))+math.Abs(float64(b[i])), 1.3e-7) {
					t.Fatalf("AddScaled of %d: value %d is %v, want %v", n, i, dst[i], want)
				}
			}
			copy(dst, a)
			Scale(dst, 0.37)
			for i := range dst {
				if dst[i] != a[i]*0.37 {
					t.Fatalf("Scale of %d: value %d", n, i)
				}
			}
			if err := stands(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestSoftmaxAndLogSumExp(t *testing.T) {
	inf := float32(math.Inf(1))
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(7)
		for _, n := range []int{1, 2, 7, 8, 16, 17, 40, 100, 1000, 32003} {
			x := normals(rng, n)
			Scale(x, 8)
			x[n/2] = 90
			if n > 2 {
				x[1] = -inf
			}
			m, sum := math.Inf(-1), 0.0
			for _, v := range x {
				m = math.Max(m, float64(v))
			}
			for _, v := range x {
				sum += math.Exp(float64(v) - m)
			}
			if got, want := LogSumExp(x), m+math.Log(sum); math.Abs(got-want) > 1e-6 {
				t.Fatalf("LogSumExp of %d = %v, want %v", n, got, want)
			}
			p, stands := guarded(n)
			copy(p, x)
			Softmax(p)
			for i, v := range p {
				// The argument x-m is rounded before its exponential is taken.
				tol := expTol + 2e-7 + 6e-8*(m-float64(x[i]))
				if want := math.Exp(float64(x[i])-m) / sum; want != 0 && !relative(v, want, tol) || want == 0 && v != 0 {
					t.Fatalf("Softmax of %d: value %d is %v, want %v", n, i, v, want)
				}
			}
			if err := stands(); err != nil {
				t.Fatal(err)
			}
		}
		if got := LogSumExp(nil); !math.IsInf(got, -1) {
			t.Errorf("LogSumExp of nothing = %v", got)
		}
		none := []float32{-inf, -inf, -inf}
		if got := LogSumExp(none); !math.IsInf(got, -1) {
			t.Errorf("LogSumExp of -Inf = %v", got)
		}
		Softmax(none)
		if none[0] != 0 || none[2] != 0 {
			t.Errorf("Softmax of -Inf = %v", none)
		}
		bad := make([]float32, 37)
		bad[20] = float32(math.NaN())
		if got := LogSumExp(bad); !math.IsNaN(got) {
			t.Errorf("LogSumExp with a NaN = %v", got)
		}
		Softmax(bad)
		if !math.IsNaN(float64(bad[0])) {
			t.Errorf("Softmax with a NaN = %v", bad[0])
		}
	})
}

func TestArgMax(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		f := func(want int, x ...float32) {
			t.Helper()
			if got := ArgMax(x); got != want {
				t.Errorf("ArgMax(%v) = %d, want %d", x, got, want)
			}
		}
		f(-1)
		f(0, -inf, -inf)
		f(0, 5)
		f(1, 1, 3, 3, 2)
		f(2, nan, 1, 2, nan)
		f(-1, nan, nan)
		f(1, nan, -inf)
		f(3, 0, 1, -inf, inf, inf)
		rng := seeded(8)
		for n := 1; n < 80; n++ {
			x := normals(rng, n)
			for at := range n {
				old := x[at]
				x[at] = 50
				if got := ArgMax(x); got != at {
					t.Fatalf("ArgMax of %d values = %d, want %d", n, got, at)
				}
				x[at] = old
			}
			if got, want := ArgMax(x), argMaxGeneric(x); got != want {
				t.Fatalf("ArgMax of %d values = %d, want %d", n, got, want)
			}
		}
	})
}

func BenchmarkVec(b *testing.B) {
	const n = 4864
	x, y, z := normals(seeded(1), n), normals(seeded(2), n), make([]float32, n)
	heads := make([]float32, 38*128)
	old := cpu.Current()
	defer cpu.Force(old)
	for l := cpu.Portable; l <= cpu.Best(); l++ {
		for _, fn := range []struct {
			name string
			do   func()
		}{
			{"Exp", func() { Exp(z, x) }},
			{"SiluMul", func() { SiluMul(z, x, y) }},
			{"GeluTanhMul", func() { GeluTanhMul(z, x, y) }},
			{"Gelu", func() { Gelu(z, x) }},
			{"RMSNorm", func() { RMSNorm(z, x, y, 1e-6) }},
			{"AddScaled", func() { AddScaled(z, x, 0) }},
			{"RoPE", func() { RoPE(heads, 38, 128, 128, y[:64], y[64:128], false) }},
			{"LogSumExp", func() { LogSumExp(x) }},
			{"ArgMax", func() { ArgMax(x) }},
		} {
			b.Run(fmt.Sprintf("%v/%s", l, fn.name), func(b *testing.B) {
				cpu.Force(l)
				for b.Loop() {
					fn.do()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/value")
			})
		}
	}
}
