package kernel

import "unsafe"

// This file says in which order products of few rows read the weights. Memory
// is what they wait for, and a core gets more of it when it reads in several
// places at a time: its prefetchers follow each of them some lines ahead, but
// none by more. So a run of panels is cut into streams, and the inner loops take
// some columns of a panel of each stream in turn.

// maxStreams is how many places are read at a time. More gained nothing, and
// nor did as many with many rows (docs/log-kernel-matmul.md).
const maxStreams = 8

// streamRows bounds the rows of accumulators, of PanelRows each, of all streams.
const streamRows = 16

// maxDirectRows is the greatest number of rows that a level multiplies without
// strips.
const maxDirectRows = 8

// streams is what a direct loop works on: some panels, one of each stream.
type streams struct {
	form             *form
	w, low           []byte // from the first panel on; low lies apart, where anything does
	wbytes, lowBytes int    // of a panel
	step, count      int    // panels from one to the next, and how many
	x                []byte // records
	blocks           int    // of a row of records
	n                int    // rows to multiply, a power of two
	out              []float32
	ldo, rows        int       // out's row stride, and how many rows are written
	tile             []float32 // (count, n, PanelRows), to work in
}

// runStreams multiplies panels [first, end) with n rows of x from row t0 on and
// writes those of them that x has to out, row t0 first.
func (s *section) runStreams(loop func(*streams), tmp *scratch, out []float32, ldo int, x *Acts, t0, n, first, end int) {
	a := &tmp.streams
	*a = streams{
		form: s.form, wbytes: s.panelBytes, lowBytes: s.lowBytes(),
		x: x.q[t0*x.blocks*recordBytes:], blocks: x.blocks, n: n,
		ldo: ldo, rows: min(n, x.t-t0), tile: tmp.tile,
	}
	whole, most := min(end, s.rows/PanelRows), min(maxStreams, streamRows/n)
	a.step = (max(0, whole-first) + most - 1) / most
	for p := first; p < first+a.step; p++ {
		a.count = (whole - p + a.step - 1) / a.step
		a.at(s, p)
		a.out = out[p*PanelRows:]
		loop(a)
	}
	if end > whole { // the last panel, of fewer rows
		a.step, a.count = 1, 1
		a.at(s, whole)
		a.out, a.ldo = tmp.last[:], PanelRows
		loop(a)
		for t := range a.rows {
			copy(out[t*ldo+whole*PanelRows:][:s.rows%PanelRows], tmp.last[t*PanelRows:])
		}
	}
}

// at points at panel p and those behind it.
func (a *streams) at(s *section, p int) {
	a.w = s.data[p*s.panelBytes:]
	if s.low != nil {
		a.low = s.low[p*a.lowBytes:]
	}
}

// alignedFloats returns n floats that begin a cache line.
func alignedFloats(n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(alignedBytes(4*n)))), n)
}
