package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
)

func mulFloats(out []float32, ldo int, x []float32, ldx, T, C int, p0, p1, rows int, at func(i int) float32) {
	for r := p0 * PanelRows; r < min(p1*PanelRows, rows); r++ {
		for t := range T {
			var acc float32
			for c := range C {
				acc = fma(at(r/PanelRows*C*PanelRows+c*PanelRows+r%PanelRows), x[t*ldx+c], acc)
			}
			out[t*ldo+r] = acc
		}
	}
}

func mulF32(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulFloats(out, ldo, x, ldx, T, C, p0, p1, rows, func(i int) float32 {
		return math.Float32frombits(binary.LittleEndian.Uint32(panels[4*i:]))
	})
}

func mulF16(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulFloats(out, ldo, x, ldx, T, C, p0, p1, rows, func(i int) float32 {
		return half.ToF32(binary.LittleEndian.Uint16(panels[2*i:]))
	})
}

func mulBF16(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulFloats(out, ldo, x, ldx, T, C, p0, p1, rows, func(i int) float32 {
		return half.BF16ToF32(binary.LittleEndian.Uint16(panels[2*i:]))
	})
}
