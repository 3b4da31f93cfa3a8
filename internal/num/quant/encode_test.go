package quant

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

// mixedRows are rows of 256 values of several kinds, the same on every machine:
// made with exact operations from a fixed generator.
func mixedRows() []float32 {
	rng := rand.New(rand.NewPCG(3, 9))
	uniform := func() float32 { return float32(int32(rng.Uint32())) / (1 << 31) }
	var x []float32
	for kind := range 8 {
		for i := range 256 {
			v := (uniform() + uniform() + uniform() + uniform()) / 16
			switch {
			case kind == 1 && i%37 == 0:
				v *= 30 // outliers
			case kind == 2:
				v *= 1e-7
			case kind == 3:
				v = abs(v) + 0.5
			case kind == 4:
				v = -0.25
			case kind == 5 && i < 150:
				v = 0
			case kind == 6:
				v = float32(i%16-8) / 8 // falls on steps and halves of steps
			case kind == 7:
				v = -abs(v)
			}
			x = append(x, v)
		}
	}
	return x
}

// The bytes of every encoder are pinned: files that convert writes must not
// depend on the machine or the version.
func TestEncodeBytes(t *testing.T) {
	const path = "testdata/encode.sha256"
	x := mixedRows()
	var lines []string
	for _, typ := range append([]Type{F32}, blockTypes...) {
		n, _ := typ.RowBytes(len(x))
		blocks := make([]byte, n)
		if err := Encode(typ, blocks, x); err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(blocks)
		lines = append(lines, fmt.Sprintf("%s %s\n", hex.EncodeToString(sum[:]), typ))
	}
	got := strings.Join(lines, "")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("encoders give other bytes; got\n%s\nwant\n%s", got, want)
	}
}

// bounds are the largest relative root mean square errors on values like
// weights, a little above what the formats reach.
var bounds = map[Type]float64{
	F32: 0, F16: 3e-4, BF16: 2e-3, Q8_0: 0.006, Q4_0: 0.095, Q4_1: 0.085, Q5_0: 0.048, Q5_1: 0.042,
	Q2_K: 0.31, Q3_K: 0.16, Q4_K: 0.075, Q5_K: 0.038, Q6_K: 0.02, IQ4_NL: 0.082, IQ4_XS: 0.084, MXFP4: 0.13,
}

func TestEncodeError(t *testing.T) {
	x := benchValues(4096)
	for typ, bound := range bounds {
		if err := relativeError(t, typ, x); err > bound {
			t.Errorf("%v: relative error %.5f, bound %.5f", typ, err, bound)
		}
	}
}

// relativeError is that of encoding and decoding x.
func relativeError(t testing.TB, typ Type, x []float32) float64 {
	t.Helper()
	n, err := typ.RowBytes(len(x))
	if err != nil {
		t.Fatal(err)
	}
	blocks, y := make([]byte, n), make([]float32, len(x))
	if err := Encode(typ, blocks, x); err != nil {
		t.Fatal(err)
	}
	if err := Decode(typ, y, blocks); err != nil {
		t.Fatal(err)
	}
	var diff, sum float64
	for i, v := range x {
		d := float64(y[i]) - float64(v)
		diff += d * d
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(diff / sum)
}

// Zeros of either sign and the smallest numbers must come back as nearly zero.
func TestEncodeNothing(t *testing.T) {
	for typ := range layouts {
		for _, v := range []float32{0, float32(math.Copysign(0, -1)), 1e-45, -1e-45, 1e-20} {
			x := make([]float32, 256)
			for i := range x {
				x[i] = v
			}
			n, _ := typ.RowBytes(len(x))
			blocks := make([]byte, n)
			for i := range blocks {
				blocks[i] = 0xff // what an encoder forgets to write shows
			}
			if err := Encode(typ, blocks, x); err != nil {
				t.Errorf("%v of %v: %v", typ, v, err)
				continue
			}
			if err := Decode(typ, x, blocks); err != nil {
				t.Fatal(err)
			}
			for i, got := range x {
				if !(math.Abs(float64(got)) < 1e-6) {
					t.Errorf("%v of %v: value %d comes back as %v", typ, v, i, got)
					break
				}
			}
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for typ := range layouts {
		n, _ := typ.RowBytes(256)
		for _, v := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), math.MaxFloat32} {
			x := benchValues(256)
			x[200] = v
			err := Encode(typ, make([]byte, n), x)
			holds := typ == F32 || typ == F16 || typ == BF16 || typ == MXFP4 && v == math.MaxFloat32
			if holds != (err == nil) {
				t.Errorf("%v of %v: error is %v", typ, v, err)
			}
		}
		x := make([]float32, 256)
		if Encode(typ, make([]byte, n-1), x) == nil || Decode(typ, x, make([]byte, n+1)) == nil {
			t.Errorf("%v: a wrong number of bytes is taken", typ)
		}
		if typ.BlockLen() > 1 && (Encode(typ, make([]byte, n), x[:255]) == nil || Decode(typ, x[:255], make([]byte, n)) == nil) {
			t.Errorf("%v: half a block is taken", typ)
		}
		if Encode(typ, nil, nil) != nil || Decode(typ, nil, nil) != nil {
			t.Errorf("%v: nothing is refused", typ)
		}
	}
	if Encode(99, nil, nil) == nil || Decode(99, nil, nil) == nil {
		t.Error("an unknown type is taken")
	}
}

// Whatever the values: no panic, and blocks that are made decode to finite
// numbers. Whatever the bytes of blocks: no panic either.
func FuzzEncodeDecode(f *testing.F) {
	for typ := range layouts {
		f.Add(uint32(typ), []byte{0, 0, 0x80, 0x3f, 1, 0, 0, 0, 0xff, 0xff, 0x7f, 0x7f})
		f.Add(uint32(typ), []byte{1, 2, 3, 0xbf})
	}
	f.Fuzz(func(t *testing.T, number uint32, seed []byte) {
		typ := Type(number)
		if !typ.Known() || len(seed) < 4 {
			return
		}
		data := make([]byte, 0, 2048)
		for len(data) < 1024 {
			data = append(data, seed...)
		}
		x := floats(data[:1024])
		n, _ := typ.RowBytes(256)
		y := make([]float32, 256)
		if err := Decode(typ, y, data[:n]); err != nil {
			t.Fatal(err)
		}
		blocks := make([]byte, n)
		if Encode(typ, blocks, x) != nil || typ == F32 || typ == F16 || typ == BF16 {
			return
		}
		if err := Decode(typ, y, blocks); err != nil {
			t.Fatal(err)
		}
		if i := firstNotFinite(y); i >= 0 {
			t.Errorf("%v: %v comes back as %v", typ, x[i], y[i])
		}
	})
}
