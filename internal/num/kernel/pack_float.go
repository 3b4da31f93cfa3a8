package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
	"malmoi/internal/num/quant"
)

// packFloat lays rows out column by column, in the form's element type.
func packFloat(f *form, t quant.Type, dst []byte, rows *rowSet, C int) {
	var values []float32
	for r, row := range rows {
		if row == nil {
			continue
		}
		switch {
		case f.float == 2 && t != quant.Q2_K:
			place16(dst, row, r)
		case t == quant.F32:
			place32(dst, row, r)
		default:
			if values == nil {
				values = make([]float32, C)
			}
			_ = quant.Decode(t, values, row) // checkPart has seen the sizes
			placeFloats(f, dst, values, r)
		}
	}
}

// place16 writes the two-byte values of row r, PanelRows apart.
func place16(dst, row []byte, r int) {
	dst = dst[2*r:]
	for len(row) >= 8 {
		d := (*[3*2*PanelRows + 2]byte)(dst)
		v := binary.LittleEndian.Uint64(row)
		binary.LittleEndian.PutUint16(d[0:], uint16(v))
		binary.LittleEndian.PutUint16(d[32:], uint16(v>>16))
		binary.LittleEndian.PutUint16(d[64:], uint16(v>>32))
		binary.LittleEndian.PutUint16(d[96:], uint16(v>>48))
		row = row[8:]
		if len(row) == 0 {
			return
		}
		dst = dst[4*2*PanelRows:]
	}
	for c := 0; 2*c < len(row); c++ {
		copy(dst[c*2*PanelRows:][:2], row[2*c:])
	}
}

// place32 writes the four-byte values of row r, PanelRows apart.
func place32(dst, row []byte, r int) {
	for c := 0; 4*c+4 <= len(row); c++ {
		binary.LittleEndian.PutUint32(dst[(c*PanelRows+r)*4:], binary.LittleEndian.Uint32(row[4*c:]))
	}
}

// placeFloats writes decoded values of row r as the form's elements.
func placeFloats(f *form, dst []byte, values []float32, r int) {
	for c, v := range values {
		at := dst[(c*PanelRows+r)*f.float:]
		if f.float == 4 {
			binary.LittleEndian.PutUint32(at, math.Float32bits(v))
		} else {
			binary.LittleEndian.PutUint16(at, half.FromF32(v))
		}
	}
}
