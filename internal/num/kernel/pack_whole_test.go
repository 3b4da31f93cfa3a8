package kernel

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// Sixteen rows at once lie as the same rows one after the other.
func TestPackWhole(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for typ := range wholePackers {
		f := formFor(typ, false)
		for _, C := range []int{32, 96, 256, 288, 1024} {
			data := randomWeights(rng, typ, PanelRows, C)
			rowBytes, err := typ.RowBytes(C)
			if err != nil {
				t.Fatal(err)
			}
			var rows rowSet
			for r := range rows {
				rows[r] = data[r*rowBytes : (r+1)*rowBytes]
			}
			want, got := make([]byte, f.panelBytes(C)), make([]byte, f.panelBytes(C))
			packRows(f, typ, want, &rows, C)
			if !packWhole(typ, got, data, C) || !bytes.Equal(got, want) {
				t.Errorf("%v, %d columns: another layout", typ, C)
			}
		}
	}
}

func TestTurnAndSplit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, stride := range []int{16, 18, 34, 1000} {
		src := randomBytes(rng, 15*stride+16)
		var got, want [256]byte
		turn(&got, src, stride, 0x80402010)
		turnGeneric(&want, src, stride, 0x80402010)
		if got != want {
			t.Errorf("turn with stride %d is not its definition", stride)
		}
	}
	q := (*[512]byte)(randomBytes(rng, 512))
	var upper, upper2 [256]byte
	var mid, low, mid2, low2 [128]byte
	splitBlock(&upper, &mid, &low, q)
	splitGeneric(&upper2, &mid2, &low2, q)
	if upper != upper2 || mid != mid2 || low != low2 {
		t.Error("splitBlock is not its definition")
	}
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}
