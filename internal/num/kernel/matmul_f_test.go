package kernel

import (
	"fmt"
	"math"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

var mulFloat = map[elem]func(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int){
	elemF32: mulF32, elemF16: mulF16, elemBF16: mulBF16,
}

// floatPanels packs random weights (rows, C) and returns them as stored.
func floatPanels(e elem, seed uint64, rows, C int) (panels []byte, w []float32) {
	n := (rows + PanelRows - 1) / PanelRows
	w = normals(seeded(seed), n*PanelRows*C)
	panels = make([]byte, n*PanelRows*C*e.bytes())
	for p := range n {
		for c := range C {
			var col [PanelRows]float32
			for r := range PanelRows {
				col[r] = w[(p*PanelRows+r)*C+c]
			}
			held := put(e, panels[(p*C+c)*PanelRows*e.bytes():], col[:])
			for r := range PanelRows {
				w[(p*PanelRows+r)*C+c] = held[r]
			}
		}
	}
	return panels, w
}

func TestMulFloatAgainstFloat64(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for e := range mulFloat {
			for _, s := range []struct{ T, C, rows int }{
				{1, 1, 1}, {1, 64, 16}, {1, 37, 200}, {2, 64, 33}, {3, 100, 48}, {5, 600, 31}, {6, 32, 64},
				{7, 1, 17}, {11, 513, 40}, {12, 64, 16}, {13, 64, 80}, {25, 1100, 50}, {40, 48, 100},
			} {
				checkMulFloat(t, e, s.T, s.C, s.rows)
			}
		}
	})
}

func checkMulFloat(t *testing.T, e elem, T, C, rows int) {
	t.Helper()
	name := fmt.Sprintf("elem %d, T %d, C %d, rows %d", e, T, C, rows)
	panels, w := floatPanels(e, 1, rows, C)
	ldx, ldo := C+3, rows+5
	x := normals(seeded(2), T*ldx)
	out, stands := guarded((T-1)*ldo + rows)
	for i := range out {
		out[i] = -777
	}
	mulFloat[e](out, ldo, x, ldx, T, C, panels, 0, (rows+15)/16, rows)
	if err := stands(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for i := range out {
		tok, r := i/ldo, i%ldo
		if r >= rows {
			if out[i] != -777 {
				t.Fatalf("%s: wrote beyond the rows of token %d", name, tok)
			}
			continue
		}
		var want, scale float64
		for c := range C {
			v := float64(x[tok*ldx+c]) * float64(w[r*C+c])
			want, scale = want+v, scale+math.Abs(v)
		}
		// A chain of C float32 additions; 3 bits of luck are not assumed.
		if !near(out[i], want, scale, 6e-8*math.Sqrt(float64(C))+1e-7) {
			t.Fatalf("%s: out[%d,%d] = %v, want %v", name, tok, r, out[i], want)
		}
	}
}

// TestMulFloatSameBits asks for the same rows alone, together, and by single
// panels.
func TestMulFloatSameBits(t *testing.T) {
	const T, C, rows = 29, 1030, 87
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for e, mul := range mulFloat {
			panels, _ := floatPanels(e, 3, rows, C)
			x := normals(seeded(4), T*C)
			all := make([]float32, T*rows)
			mul(all, rows, x, C, T, C, panels, 0, 6, rows)
			for n := 1; n < T; n += 3 {
				part := make([]float32, T*rows)
				for from := 0; from < T; from += n {
					mul(part[from*rows:], rows, x[from*C:], C, min(n, T-from), C, panels, 0, 6, rows)
				}
				sameBits(t, fmt.Sprintf("elem %d, %d rows at once", e, n), part, all)
			}
			for n := 1; n < 6; n++ {
				part := make([]float32, T*rows)
				for p := 0; p < 6; p += n {
					mul(part, rows, x, C, T, C, panels, p, min(p+n, 6), rows)
				}
				sameBits(t, fmt.Sprintf("elem %d, %d panels at once", e, n), part, all)
			}
		}
	})
}

func TestMulFloatAllocatesNothing(t *testing.T) {
	panels, _ := floatPanels(elemF16, 3, 40, 64)
	x, out := make([]float32, 20*64), make([]float32, 20*40)
	if n := testing.AllocsPerRun(20, func() { mulF16(out, 40, x, 64, 20, 64, panels, 0, 3, 40) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkMulFloat(b *testing.B) {
	names := map[elem]string{elemF32: "f32", elemF16: "f16", elemBF16: "bf16"}
	const rows, C = 1024, 1024
	old := cpu.Current()
	defer cpu.Force(old)
	for l := cpu.Portable; l <= cpu.Best(); l++ {
		for e := elemF32; e <= elemBF16; e++ {
			for _, T := range []int{1, 4, 12, 128} {
				b.Run(fmt.Sprintf("%v/%s/T%d", l, names[e], T), func(b *testing.B) {
					cpu.Force(l)
					panels, _ := floatPanels(e, 1, rows, C)
					x, out := normals(seeded(1), T*C), make([]float32, T*rows)
					for b.Loop() {
						mulFloat[e](out, rows, x, C, T, C, panels, 0, rows/16, rows)
					}
					b.ReportMetric(float64(T*rows*C)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GMAC/s")
					b.ReportMetric(float64(len(panels))*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
				})
			}
		}
	}
}
