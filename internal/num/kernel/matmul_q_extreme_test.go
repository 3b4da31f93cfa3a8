package kernel

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/quant"
)

// TestExtremes multiplies the largest quants with activations of ±127: where a
// 16-bit sum could overflow it would, and the result would be off by far more
// than rounding.
func TestExtremes(t *testing.T) {
	signs := map[string]func(c int) float32{
		"all +":        func(int) float32 { return 1 },
		"all -":        func(int) float32 { return -1 },
		"alternating":  func(c int) float32 { return float32(1 - 2*(c&1)) },
		"pairs":        func(c int) float32 { return float32(1 - c&2) },
		"groups":       func(c int) float32 { return float32(1 - c>>1&2) },
		"half a block": func(c int) float32 { return float32(1 - c>>3&2) },
	}
	fills := map[string]func(i int) byte{
		"all bits":    func(int) byte { return 0xff },
		"no bits":     func(int) byte { return 0 },
		"alternating": func(i int) byte { return byte(-(i & 1)) },
		"low nibbles": func(int) byte { return 0x0f },
		"-128":        func(int) byte { return 0x80 },
		"127":         func(int) byte { return 0x7f },
	}
	const C, rows, T = 256, 18, 7
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for signName, sign := range signs {
			var x Acts
			x.Reset(T, C)
			for i := range T {
				for c := range C {
					x.Row(i)[c] = sign(c) * float32(i+1)
				}
				x.Quantize(i)
			}
			for fillName, fill := range fills {
				for _, typ := range quantTypes {
					data := randomWeights(rand.New(rand.NewPCG(1, 1)), typ, rows, C)
					fillQuants(typ, data, fill)
					t.Run(typ.String()+"/"+signName+"/"+fillName, func(t *testing.T) {
						check(t, typ, rows, C, T, data, &x)
						check(t, typ, rows, C, 2, data, head(&x, 0, 2))
					})
				}
			}
		}
	})
}

// fillQuants overwrites all of the blocks but their float scales.
func fillQuants(t quant.Type, data []byte, fill func(i int) byte) {
	keep := map[quant.Type][2]int{ // the bytes of a block that are floats
		quant.Q4_0: {0, 2}, quant.Q4_1: {0, 4}, quant.Q5_0: {0, 2}, quant.Q5_1: {0, 4}, quant.Q8_0: {0, 2},
		quant.Q4_K: {0, 4}, quant.Q5_K: {0, 4}, quant.Q6_K: {208, 210}, quant.Q3_K: {108, 110},
		quant.IQ4_NL: {0, 2}, quant.IQ4_XS: {0, 2}, quant.MXFP4: {0, 1},
	}[t]
	for i := range data {
		if at := i % t.BlockBytes(); at < keep[0] || at >= keep[1] {
			data[i] = fill(i)
		}
	}
}

// TestScaleExtremes puts the largest, smallest and zero scales beside ordinary
// ones, in weights and in activations.
func TestScaleExtremes(t *testing.T) {
	scales := []uint16{0, 0x8000, 1, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x3c00}
	const C, rows, T = 256, 33, 7
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, typ := range quantTypes {
			rng := rand.New(rand.NewPCG(11, uint64(typ)))
			data := randomWeights(rng, typ, rows, C)
			for b := data; len(b) > 0; b = b[typ.BlockBytes():] {
				s := scales[rng.IntN(len(scales))]
				switch typ {
				case quant.MXFP4:
					b[0] = []byte{0, 1, 2, 100, 128, 180}[rng.IntN(6)]
				case quant.Q6_K:
					binary.LittleEndian.PutUint16(b[208:], s)
				case quant.Q3_K:
					binary.LittleEndian.PutUint16(b[108:], s)
				default:
					binary.LittleEndian.PutUint16(b, s)
				}
			}
			x := randomActs(rng, T, C)
			for i := range T {
				for c := range C {
					x.Row(i)[c] *= float32(math.Ldexp(1, c/blockCols*8-30))
				}
				x.Quantize(i)
			}
			check(t, typ, rows, C, T, data, x)
		}
	})
}

// FuzzMul multiplies arbitrary bytes as weights: no level may fail on them, and
// all must agree where the product is a number.
func FuzzMul(f *testing.F) {
	for i := range quantTypes {
		f.Add(uint8(i), uint8(3), int64(i), []byte{0x00, 0x3c, 0xff, 0x7f, 0x00, 0xfc, 0x01, 0x80})
	}
	f.Fuzz(func(t *testing.T, which, T uint8, seed int64, raw []byte) {
		typ := quantTypes[int(which)%len(quantTypes)]
		n := int(T)%13 + 1
		const C, rows = 256, 17
		data := randomWeights(rand.New(rand.NewPCG(uint64(seed), 2)), typ, rows, C)
		for i := range min(len(raw), len(data)) {
			data[i] = raw[i]
		}
		m, err := Pack(typ, data, rows, C, Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := randomActs(rand.New(rand.NewPCG(uint64(seed), 3)), n, C)
		old := cpu.Current()
		defer func() { _ = cpu.Force(old) }()
		var want []float32
		for l := cpu.Portable; l <= cpu.Best(); l++ {
			if err := cpu.Force(l); err != nil {
				t.Fatal(err)
			}
			out := make([]float32, n*rows)
			m.Mul(out, rows, x, 0, m.Panels())
			if want == nil {
				want = out
				continue
			}
			for i := range out {
				a, b := float64(out[i]), float64(want[i])
				if (math.IsNaN(a) || math.IsInf(a, 0)) && (math.IsNaN(b) || math.IsInf(b, 0)) {
					continue
				}
				if d := math.Abs(a - b); !(d <= 1e-6*math.Max(math.Abs(a), math.Abs(b)) || d < 1e-30) {
					t.Fatalf("%v T=%d %v: element %d is %g, portable %g", typ, n, l, i, a, b)
				}
			}
		}
	})
}

// TestPackRefuses names what is wrong with shapes and sizes.
func TestPackRefuses(t *testing.T) {
	for name, p := range map[string]struct {
		part Part
		C    int
	}{
		"short data":      {Part{quant.Q4_K, make([]byte, 143), 1}, 256},
		"long data":       {Part{quant.Q8_0, make([]byte, 35), 1}, 32},
		"half a block":    {Part{quant.Q4_K, make([]byte, 144), 1}, 128},
		"unknown type":    {Part{quant.Type(99), make([]byte, 144), 1}, 256},
		"no columns":      {Part{quant.F32, nil, 1}, 0},
		"negative rows":   {Part{quant.F32, nil, -1}, 4},
		"overflowing row": {Part{quant.F32, nil, 1 << 61}, 4},
	} {
		if _, err := PackRows([]Part{p.part}, p.C, Options{}); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

// TestPackedSize bounds what packing adds to a file: 3 %, but for the types
// that are widened.
func TestPackedSize(t *testing.T) {
	for _, typ := range []quant.Type{quant.F16, quant.BF16, quant.Q4_0, quant.Q4_1, quant.Q5_0, quant.Q5_1, quant.Q8_0, quant.Q4_K, quant.Q5_K, quant.Q6_K} {
		const C, rows = 1536, 64
		data := randomWeights(rand.New(rand.NewPCG(1, 1)), typ, rows, C)
		m, err := Pack(typ, data, rows, C, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if grown := float64(m.Bytes())/float64(len(data)) - 1; grown > 0.03 {
			t.Errorf("%v grows by %.1f %%", typ, 100*grown)
		}
	}
}

// TestExact decodes weights to float32 whatever their type.
func TestExact(t *testing.T) {
	const C, rows = 256, 20
	for _, typ := range allTypes {
		rng := rand.New(rand.NewPCG(4, uint64(typ)))
		data := randomWeights(rng, typ, rows, C)
		m, err := Pack(typ, data, rows, C, Options{Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		x := randomActs(rng, 2, C)
		out := make([]float32, 2*rows)
		m.Mul(out, rows, x, 0, m.Panels())
		w := make([]float32, rows*C)
		if err := quant.Decode(typ, w, data); err != nil {
			t.Fatal(err)
		}
		for i, got := range out {
			xr := make([]float64, C)
			for c, v := range x.Row(i / rows) {
				xr[c] = float64(v)
			}
			want, size := product(w[i%rows*C:(i%rows+1)*C], xr)
			if math.Abs(float64(got)-want) > 1e-5*size {
				t.Fatalf("%v: element %d is %g, want %g", typ, i, got, want)
			}
		}
	}
}

// TestMulAllocatesNothing once scratch has grown.
func TestMulAllocatesNothing(t *testing.T) {
	const C, rows = 256, 70
	rng := rand.New(rand.NewPCG(2, 2))
	m, err := Pack(quant.Q4_K, randomWeights(rng, quant.Q4_K, rows, C), rows, C, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, T := range []int{1, 7, 40} {
		x := randomActs(rng, T, C)
		out := make([]float32, T*rows)
		step := func() {
			x.Reset(T, C)
			for i := range T {
				x.Quantize(i)
			}
			m.Mul(out, rows, x, 0, m.Panels())
		}
		step()
		if n := testing.AllocsPerRun(10, step); n != 0 {
			t.Errorf("T=%d: %v allocations", T, n)
		}
	}
}
