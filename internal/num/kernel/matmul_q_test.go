package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/golden"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// quantTypes are the types with a quantised form.
var quantTypes = []quant.Type{
	quant.Q4_0, quant.Q4_1, quant.Q5_0, quant.Q5_1, quant.Q8_0,
	quant.Q4_K, quant.Q5_K, quant.Q6_K, quant.Q3_K,
	quant.IQ4_NL, quant.IQ4_XS, quant.MXFP4,
}

var allTypes = append([]quant.Type{quant.F32, quant.F16, quant.BF16, quant.Q2_K}, quantTypes...)

// randomWeights returns n rows of C values of type t: random quants under
// plausible scales.
func randomWeights(rng *rand.Rand, t quant.Type, n, C int) []byte {
	rowBytes, err := t.RowBytes(C)
	if err != nil {
		panic(err)
	}
	data := make([]byte, n*rowBytes)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	put16 := func(b []byte, v uint16) { binary.LittleEndian.PutUint16(b, v) }
	scale := func() uint16 { return uint16(0x1c00 + rng.IntN(0x0800) | rng.IntN(2)<<15) } // 2^-8 … 2^-6, either sign
	for b := data; len(b) > 0; b = b[t.BlockBytes():] {
		switch t {
		case quant.F32:
			binary.LittleEndian.PutUint32(b, math.Float32bits(float32(rng.NormFloat64())))
		case quant.F16:
			put16(b, scale())
		case quant.BF16:
			put16(b, uint16(math.Float32bits(float32(rng.NormFloat64()))>>16))
		case quant.Q2_K:
			put16(b[80:], scale())
			put16(b[82:], scale())
		case quant.Q3_K:
			put16(b[108:], scale())
		case quant.Q6_K:
			put16(b[208:], scale())
		case quant.MXFP4:
			b[0] = byte(110 + rng.IntN(20))
		case quant.Q4_1, quant.Q5_1, quant.Q4_K, quant.Q5_K:
			put16(b, scale())
			put16(b[2:], scale())
		default:
			put16(b, scale())
		}
	}
	return data
}

func randomActs(rng *rand.Rand, T, C int) *Acts {
	var x Acts
	x.Reset(T, C)
	for t := range T {
		for i := range x.Row(t) {
			x.Row(t)[i] = float32(rng.NormFloat64() * math.Exp(rng.NormFloat64()))
		}
		x.Quantize(t)
	}
	return &x
}

// roundedRow is row t as the integer forms see it.
func roundedRow(x *Acts, t int) []float64 {
	y := make([]float64, x.c)
	records := x.records(t)
	for c := range y {
		rec := records[c/blockCols*recordBytes:]
		scale := math.Float32frombits(binary.LittleEndian.Uint32(rec[offScale:]))
		y[c] = float64(int8(rec[c%blockCols])) * float64(scale)
	}
	return y
}

// product is Σ w·x and Σ |w·x| in float64.
func product(w []float32, x []float64) (sum, size float64) {
	for c, v := range w {
		sum += float64(v) * x[c]
		size += math.Abs(float64(v) * x[c])
	}
	return sum, size
}

// relTolerance bounds |got - exact| by Σ|w·x|: about 300 float32 roundings, of
// which min forms need two a block of magnitudes up to three times Σ|w·x|.
const relTolerance = 4e-6

// check multiplies and compares with float64 products of decoded weights and
// the rounded activations.
func check(t *testing.T, typ quant.Type, rows, C, T int, data []byte, x *Acts) {
	t.Helper()
	m, err := Pack(typ, data, rows, C, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ldo := rows + 3
	out := make([]float32, T*ldo)
	for i := range out {
		out[i] = 12345
	}
	m.Mul(out, ldo, x, 0, m.Panels())
	rowBytes, _ := typ.RowBytes(C)
	w := make([]float32, C)
	integer := formFor(typ, false).float == 0
	for r := range rows {
		if err := quant.Decode(typ, w, data[r*rowBytes:(r+1)*rowBytes]); err != nil {
			t.Fatal(err)
		}
		for i := range T {
			xr := make([]float64, C)
			for c, v := range x.Row(i) {
				xr[c] = float64(v)
			}
			if integer {
				xr = roundedRow(x, i)
			}
			want, size := product(w, xr)
			tol := relTolerance
			if typ == quant.Q2_K {
				tol = 5e-4 // kept as float16
			}
			if got := float64(out[i*ldo+r]); !(math.Abs(got-want) <= tol*size+1e-30) {
				t.Fatalf("%v (%d,%d) T=%d: out[%d,%d] = %g, want %g (Σ|w·x| %g)", typ, rows, C, T, i, r, got, want, size)
			}
		}
	}
	for i := range T {
		for r := rows; r < ldo; r++ {
			if out[i*ldo+r] != 12345 {
				t.Fatalf("%v (%d,%d) T=%d: wrote past row %d", typ, rows, C, T, rows)
			}
		}
	}
}

func TestMulAgainstFloat64(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, typ := range allTypes {
			t.Run(typ.String(), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(typ)))
				for _, shape := range [][3]int{{16, 256, 1}, {1, 512, 2}, {40, 256, 3}, {17, 768, 5}, {33, 256, 9}, {64, 1024, 14}, {16, 2048, 40}} {
					rows, C, T := shape[0], shape[1], shape[2]
					check(t, typ, rows, C, T, randomWeights(rng, typ, rows, C), randomActs(rng, T, C))
				}
				if typ.BlockLen() > 32 {
					return
				}
				for _, shape := range [][3]int{{16, 32, 1}, {19, 96, 2}, {32, 896, 4}, {35, 576, 7}, {20, 640, 13}, {16, 160, 33}} {
					rows, C, T := shape[0], shape[1], shape[2]
					check(t, typ, rows, C, T, randomWeights(rng, typ, rows, C), randomActs(rng, T, C))
				}
			})
		}
	})
}

// TestGaussProducts compares with the reference products of quantised Gaussian
// rows: the error must be what rounding the activations to eight bits explains.
func TestGaussProducts(t *testing.T) {
	golden.Dir(t)
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		xs := golden.File(t, "quants/gauss_x.f32")
		var x Acts
		C := len(xs) / 4
		x.Reset(1, C)
		for c := range C {
			x.Row(0)[c] = math.Float32frombits(binary.LittleEndian.Uint32(xs[4*c:]))
		}
		x.Quantize(0)
		for _, typ := range allTypes {
			if typ == quant.F32 {
				continue
			}
			data := golden.File(t, fmt.Sprintf("quants/%v.gauss.bin", typ))
			want := golden.File(t, fmt.Sprintf("quants/%v.gauss_y.f64", typ))
			rows := len(want) / 8
			m, err := Pack(typ, data, rows, C, Options{})
			if err != nil {
				t.Fatal(err)
			}
			out := make([]float32, rows)
			m.Mul(out, rows, &x, 0, m.Panels())
			w := make([]float32, C)
			rowBytes, _ := typ.RowBytes(C)
			for r := range rows {
				if err := quant.Decode(typ, w, data[r*rowBytes:(r+1)*rowBytes]); err != nil {
					t.Fatal(err)
				}
				y := math.Float64frombits(binary.LittleEndian.Uint64(want[8*r:]))
				if got := float64(out[r]); math.Abs(got-y) > roundingBound(&x, w) {
					t.Errorf("%v row %d: %g, want %g ± %g", typ, r, got, y, roundingBound(&x, w))
				}
			}
		}
	})
}

// roundingBound is how far rounding x can move w·x: six standard deviations of
// independent errors of half a step of each block's scale, and float32's own.
func roundingBound(x *Acts, w []float32) float64 {
	var variance, size float64
	for c, v := range w {
		scale := math.Float32frombits(binary.LittleEndian.Uint32(x.records(0)[c/blockCols*recordBytes+offScale:]))
		variance += math.Pow(float64(v)*float64(scale), 2) / 12
		size += math.Abs(float64(v) * float64(x.Row(0)[c]))
	}
	return 6*math.Sqrt(variance) + 5e-4*size/math.Sqrt(float64(len(w)))
}
