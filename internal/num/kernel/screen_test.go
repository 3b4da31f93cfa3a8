package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// splitTypes are the types that can be kept split.
var splitTypes = []quant.Type{quant.Q8_0, quant.IQ4_NL}

// both packs a weight whole and split.
func both(t *testing.T, typ quant.Type, data []byte, rows, C int) (whole, split *Matrix) {
	t.Helper()
	whole, err := Pack(typ, data, rows, C, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if split, err = Pack(typ, data, rows, C, Options{Screen: true}); err != nil {
		t.Fatal(err)
	}
	if whole.Screens() || !split.Screens() || split.Bytes() != whole.Bytes() {
		t.Fatalf("whole: screens %v, %d bytes; split: %v, %d", whole.Screens(), whole.Bytes(), split.Screens(), split.Bytes())
	}
	return whole, split
}

// TestSplitHasTheSameBits multiplies with both layouts, with every count of
// rows that the loops tell apart.
func TestSplitHasTheSameBits(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, typ := range splitTypes {
			for _, C := range []int{32, 64, 96, 640, 896} {
				const rows, most = 16*4 + 5, 20
				rng := rand.New(rand.NewPCG(21, uint64(C)))
				data := randomWeights(rng, typ, rows, C)
				if C == 96 {
					fillQuants(typ, data, func(i int) byte { return []byte{0x7f, 0x80, 0, 0xff}[i*7/5%4] })
				}
				whole, split := both(t, typ, data, rows, C)
				all := randomActs(rng, most, C)
				for T := 1; T <= most; T++ {
					x := head(all, 0, T)
					want, got := make([]float32, T*rows), make([]float32, T*rows)
					whole.Mul(want, rows, x, 0, whole.Panels())
					split.Mul(got, rows, x, 0, split.Panels())
					for i, v := range got {
						if math.Float32bits(v) != math.Float32bits(want[i]) {
							t.Fatalf("%v C=%d T=%d element %d: %g split, %g whole", typ, C, T, i, v, want[i])
						}
					}
				}
			}
		}
	})
}

// TestScreenLevelsAgree compares the first pass with its definition.
func TestScreenLevelsAgree(t *testing.T) {
	const rows, C, most = 16*3 + 9, 640, 9
	rng := rand.New(rand.NewPCG(22, 22))
	_, split := both(t, quant.Q8_0, randomWeights(rng, quant.Q8_0, rows, C), rows, C)
	all := randomActs(rng, most, C)
	want := make([]float32, most*rows)
	for i := range most {
		tmp := all.take(0)
		split.sections[0].runStreams(screenGeneric, tmp, want[i*rows:], rows, all, i, 1, 0, split.Panels())
		all.give(tmp)
	}
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for T := 1; T <= most; T++ {
			got, best := make([]float32, T*rows), make([]float32, T*split.Panels())
			split.Screen(got, rows, best, head(all, 0, T), 0, split.Panels())
			for i, v := range got {
				if ulps := int64(math.Float32bits(v)) - int64(math.Float32bits(want[i])); ulps > 2 || ulps < -2 {
					t.Fatalf("T=%d element %d is %g, want %g", T, i, v, want[i])
				}
			}
			for i, g := range best {
				row, p := i/split.Panels(), i%split.Panels()
				if w := greatest(got[row*rows+p*PanelRows : min((row+1)*rows, row*rows+(p+1)*PanelRows)]); g != w {
					t.Fatalf("T=%d row %d: greatest of panel %d is %g, want %g", T, row, p, g, w)
				}
			}
		}
	})
}

// screenCases are weights and activations, made to lean on the bound.
var screenCases = map[string]func(rng *rand.Rand, data []byte, x *Acts){
	"random": func(*rand.Rand, []byte, *Acts) {},
	"aligned": func(rng *rand.Rand, data []byte, x *Acts) { // what is left out points where x does
		for i := range data {
			if at := i % 34; at >= 2 {
				sign := x.Row(0)[i/34%(x.c/32)*32+at-2] > 0
				data[i] = byte(rng.Uint32())&^3 | map[bool]byte{true: 3}[sign]
			}
		}
	},
	"equal": func(_ *rand.Rand, data []byte, x *Acts) { // Cauchy and Schwarz with equality
		for t := range x.t {
			for c := range x.Row(t) {
				x.Row(t)[c] = float32(1 - c%2*2)
			}
		}
		for i := range data {
			if i%34 >= 2 {
				data[i] = byte(i*4)&^3 | byte(1-i%2)*3
			} else {
				data[i] = []byte{0, 0x20}[i%34]
			}
		}
	},
	"opposed": func(rng *rand.Rand, data []byte, x *Acts) {
		for i := range data {
			if at := i % 34; at >= 2 {
				sign := x.Row(0)[i/34%(x.c/32)*32+at-2] < 0
				data[i] = byte(rng.Uint32())&^3 | map[bool]byte{true: 3}[sign]
			}
		}
	},
	"one sign": func(_ *rand.Rand, data []byte, x *Acts) { // the rounded zero point shows most
		for t := range x.t {
			for c := range x.Row(t) {
				x.Row(t)[c] = float32(1 + c%2)
			}
		}
		for i := range data {
			if i%34 >= 2 {
				data[i] = byte(i) &^ 3
			}
		}
	},
	"scales": func(rng *rand.Rand, data []byte, x *Acts) {
		for b := data; len(b) > 0; b = b[34:] {
			binary.LittleEndian.PutUint16(b, []uint16{0, 0x8000, 1, 0x8001, 0x03ff, 0x7bff, 0xfbff, 0x3c00}[rng.IntN(8)])
		}
		for t := range x.t {
			for c := range x.Row(t) {
				x.Row(t)[c] *= float32(math.Ldexp(1, c/32*5-50))
			}
		}
	},
	"zeros": func(_ *rand.Rand, _ []byte, x *Acts) { clear(x.rows) },
	"not finite weights": func(rng *rand.Rand, data []byte, x *Acts) {
		for range 9 {
			binary.LittleEndian.PutUint16(data[rng.IntN(len(data)/34)*34:], []uint16{0x7c00, 0xfc00, 0x7e00}[rng.IntN(3)])
		}
	},
}

// TestNearHoldsItsBound: whatever the weights, no row is further from its
// approximation than Near allows for.
func TestNearHoldsItsBound(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for name, spoil := range screenCases {
			for _, C := range []int{32, 96, 640} {
				const rows, T = 16*6 + 3, 3
				rng := rand.New(rand.NewPCG(23, uint64(C)))
				data, x := randomWeights(rng, quant.Q8_0, rows, C), randomActs(rng, T, C)
				spoil(rng, data, x)
				for i := range T {
					x.Quantize(i)
				}
				_, m := both(t, quant.Q8_0, data, rows, C)
				exact, approx, best := make([]float32, T*rows), make([]float32, T*rows), make([]float32, T*m.Panels())
				m.Mul(exact, rows, x, 0, m.Panels())
				m.Screen(approx, rows, best, x, 0, m.Panels())
				tightest := math.Inf(1)
				for i := range T {
					b, ok := x.Bound(i)
					if !ok {
						t.Fatalf("%s: no bound for row %d", name, i)
					}
					for r := range rows {
						e, a := exact[i*rows+r], approx[i*rows+r]
						radius := float64(fromUpperHalf(m.sections[0].radii.row[r])) * b.size
						if e-e == 0 && math.Abs(float64(e)-float64(a)) > radius+tiny {
							t.Fatalf("%s C=%d: row %d is %g, screened %g ± %g", name, C, r, e, a, radius)
						}
						if e-e == 0 && radius > 0 {
							tightest = min(tightest, radius/math.Abs(float64(e)-float64(a)))
						}
						// Asked for exactly its value, the panel must be near.
						near := m.Near(nil, approx[i*rows:(i+1)*rows], best[i*m.Panels():(i+1)*m.Panels()], e, b)
						if !slices.Contains(near, int32(r/PanelRows)) {
							t.Fatalf("%s C=%d: row %d is %g and not near", name, C, r, e)
						}
					}
				}
				if most := map[string]float64{"aligned": 3, "equal": 1.02}[name]; most > 0 && tightest > most {
					t.Errorf("%s C=%d: the bound is %.1f times the greatest error: the case does not lean on it", name, C, tightest)
				}
			}
		}
	})
}

// TestNoBound: activations that are not numbers, or huge, cannot be screened.
func TestNoBound(t *testing.T) {
	for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), 1 << 99} {
		x := randomActs(rand.New(rand.NewPCG(24, 24)), 1, 64)
		x.Row(0)[40] = v
		x.Quantize(0)
		if _, ok := x.Bound(0); ok {
			t.Errorf("a bound with %g among the activations", v)
		}
	}
}

// TestUpperHalfRoundsUp holds the kept radii to their direction.
func TestUpperHalfRoundsUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 25))
	for range 10_000 {
		v := math.Ldexp(rng.Float64(), rng.IntN(300)-150)
		if got := float64(fromUpperHalf(upperHalf(v))); got < v || (got > v*1.01 && v > 1e-37 && v < 1e38) {
			t.Fatalf("%g became %g", v, got)
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e39} {
		if got := fromUpperHalf(upperHalf(v)); !math.IsInf(float64(got), 1) {
			t.Fatalf("%g became %g", v, got)
		}
	}
}
