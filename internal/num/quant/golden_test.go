package quant

import (
	"encoding/binary"
	"math"
	"testing"

	"malmoi/internal/golden"
)

// blockTypes are the types for which reference vectors exist: all but F32.
var blockTypes = []Type{F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4}

// floats reads little-endian float32 values.
func floats(data []byte) []float32 {
	out := make([]float32, len(data)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return out
}

// checkDecode compares bit patterns, so that -0 and 0 differ.
func checkDecode(t *testing.T, typ Type, src []byte, want []float32) {
	t.Helper()
	got := make([]float32, len(want))
	if err := Decode(typ, got, src); err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			block := i / typ.BlockLen()
			t.Fatalf("%v: value %d (block %d) is %v, want %v; block % x", typ, i, block, got[i], want[i],
				src[block*typ.BlockBytes():(block+1)*typ.BlockBytes()])
		}
	}
}

func TestGoldenDecode(t *testing.T) {
	for _, typ := range blockTypes {
		t.Run(typ.String(), func(t *testing.T) {
			for _, kind := range []string{"rand", "gauss"} {
				name := "quants/" + typ.String() + "." + kind
				checkDecode(t, typ, golden.File(t, name+".bin"), floats(golden.File(t, name+".f32")))
			}
		})
	}
}

func TestGoldenEncode(t *testing.T) {
	src := floats(golden.File(t, "quants/gauss_src.f32"))
	for _, typ := range blockTypes {
		t.Run(typ.String(), func(t *testing.T) {
			want := golden.File(t, "quants/"+typ.String()+".gauss.bin")
			got := make([]byte, len(want))
			if err := Encode(typ, got, src); err != nil {
				t.Fatal(err)
			}
			bad, first := 0, -1
			for i := 0; i < len(want); i += typ.BlockBytes() {
				if string(got[i:i+typ.BlockBytes()]) != string(want[i:i+typ.BlockBytes()]) {
					if bad++; first < 0 {
						first = i
					}
				}
			}
			if bad > 0 {
				t.Errorf("%d of %d blocks differ; block %d:\n got % x\nwant % x", bad, len(want)/typ.BlockBytes(), first/typ.BlockBytes(),
					got[first:first+typ.BlockBytes()], want[first:first+typ.BlockBytes()])
			}
		})
	}
}
