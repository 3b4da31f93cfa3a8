package kernel

import (
	"sync"
	"unsafe"

	"malmoi/internal/num/quant"
)

// rowSet are the sources of a panel's rows: the bytes of a row in its file's
// format. Rows past the end of a section point at zeros.
type rowSet [PanelRows][]byte

// packSection fills the panels of s from its parts, which share one form but
// perhaps not one type.
func packSection(s *section, parts []Part, C int, o Options) {
	run := o.Run
	if run == nil {
		run = func(n int, do func(int)) {
			for i := range n {
				do(i)
			}
		}
	}
	scratch := sync.Pool{New: func() any {
		b := alignedBytes(form8Zero.panelBytes(C))
		return &b
	}}
	// Pieces of about a megabyte: worth a hand-over, and enough of them.
	step := max(1, (1<<20)/max(1, s.panelBytes))
	run((s.panels+step-1)/step, func(i int) {
		p0, p1 := i*step, min((i+1)*step, s.panels)
		eachRange(o.Reading, parts, p0*PanelRows, p1*PanelRows, C)
		if s.low != nil {
			whole := scratch.Get().(*[]byte)
			s.packSplit(*whole, parts, p0, p1, C)
			scratch.Put(whole)
		}
		for p := p0; p < p1 && s.low == nil; p++ {
			packPanel(s.form, s.data[p*s.panelBytes:(p+1)*s.panelBytes], parts, p*PanelRows, C)
		}
		eachRange(o.Read, parts, p0*PanelRows, p1*PanelRows, C)
	})
}

// eachRange tells f of the bytes of rows [r0, r1) of the parts together.
func eachRange(f func([]byte), parts []Part, r0, r1, C int) {
	if f == nil {
		return
	}
	for _, p := range parts {
		if lo, hi := max(r0, 0), min(r1, p.Rows); lo < hi {
			rowBytes, _ := p.Type.RowBytes(C)
			f(p.Data[lo*rowBytes : hi*rowBytes])
		}
		r0, r1 = r0-p.Rows, r1-p.Rows
	}
}

// packPanel fills one panel, whose rows begin at row r0 of the parts together.
func packPanel(f *form, dst []byte, parts []Part, r0, C int) {
	for len(parts) > 0 {
		p := parts[0]
		if r0 >= p.Rows {
			r0 -= p.Rows
			parts = parts[1:]
			continue
		}
		break
	}
	if len(parts) > 0 && f.float == 0 && parts[0].Rows-r0 >= PanelRows {
		rowBytes, _ := parts[0].Type.RowBytes(C)
		if packWhole(parts[0].Type, dst, parts[0].Data[r0*rowBytes:(r0+PanelRows)*rowBytes], C) {
			return
		}
	}
	var rows rowSet
	// A panel nearly always lies in one part; where two types meet in it, each
	// is packed with the other's rows missing.
	for slot := 0; slot < PanelRows && len(parts) > 0; {
		p := parts[0]
		n := min(PanelRows-slot, p.Rows-r0)
		rowBytes, _ := p.Type.RowBytes(C)
		for i := range n {
			rows[slot+i] = p.Data[(r0+i)*rowBytes : (r0+i+1)*rowBytes]
		}
		slot += n
		r0, parts = 0, parts[1:]
		if slot < PanelRows && len(parts) > 0 && parts[0].Type == p.Type {
			continue
		}
		packRows(f, p.Type, dst, &rows, C)
		rows = rowSet{}
	}
}

// packer lays out up to 256 columns of row r of a panel: src are the row's
// bytes, dst begins at the columns' first unit (or chunk).
type packer func(dst, src []byte, r int)

// packers of the quantised types, each to the one form that formFor names.
var packers = map[quant.Type]packer{
	quant.Q4_0: packQ4_0, quant.Q4_1: packQ4_1,
	quant.Q5_0: packQ5_0, quant.Q5_1: packQ5_1,
	quant.Q8_0: packQ8_0, quant.IQ4_NL: packIQ4_NL, quant.MXFP4: packMXFP4,
	quant.Q4_K: packQ4_K, quant.Q5_K: packQ5_K,
	quant.Q6_K: packQ6_K, quant.Q3_K: packQ3_K, quant.IQ4_XS: packIQ4_XS,
}

// packRows lays out those rows of a panel that are not nil. It goes through the
// columns in pieces, all rows of a piece before the next, so that the lines
// that sixteen rows write to stay in the first cache.
func packRows(f *form, t quant.Type, dst []byte, rows *rowSet, C int) {
	if f.float > 0 {
		packFloat(f, t, dst, rows, C)
		return
	}
	pack := packers[t]
	for c := 0; c < C; c += chunkCols {
		bytes, _ := t.RowBytes(min(chunkCols, C-c))
		piece := dst[c/unitCols*f.unit+c/chunkCols*f.head:]
		for r := range rows {
			if rows[r] != nil {
				pack(piece, rows[r][:bytes], r)
				rows[r] = rows[r][bytes:]
			}
		}
	}
}

// alignedBytes is make with an alignment of 64.
func alignedBytes(n int) []byte {
	b := make([]byte, n+63)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & 63)
	return b[skip : skip+n : skip+n]
}
