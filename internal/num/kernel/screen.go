package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"

	"malmoi/internal/num/half"
)

// This file finds the largest elements of a product without reading all of its
// weights. A first pass multiplies with the upper six bits of 8-bit weights,
// three quarters of their bytes; what it leaves out is bounded, so that only
// panels which may hold one of the largest have to be multiplied exactly.
//
// A weight is d·(q-128) with q = 4h+l, l in 0..3. The first pass computes with
// 4h+1.5 instead of q, that is with zero point 126.5, and errs in a row r by
//
//	Σ_b d·s·(Σ_k (l-1.5)·x + f)
//
// where s·x are a block's activations and f, 0 or 1/2, is what rounding
// 126.5·Σx has cost. By Cauchy and Schwarz, with f written as ¼·4f, that is at
// most R·X,
//
//	R² = Σ_b d²·(Σ_k (l-1.5)² + 1/16)   of the weights, kept a row
//	X² = Σ_b s²·(Σ_k x² + 4)            of the activations
//
// Both passes add floats. Over B blocks a sum of terms d·s·n, n an integer and
// exact, is off by at most γ·Σ|d·s·n|, γ = (1+2^-24)^(B+2)-1, and Σ|d·s·n| is at
// most √(Σd²·32·129²)·X. Twice that belongs to R as well.

// radii bound, for the rows of a split section, how far screening errs for
// activations of size 1.
type radii struct {
	row   []uint16  // (panels·16) the upper half of a float32, rounded up
	panel []float32 // (panels) the greatest of each
}

func newRadii(panels int) *radii {
	return &radii{make([]uint16, panels*PanelRows), make([]float32, panels)}
}

// measure fills in panel p.
func (a *radii) measure(p int, upper, low []byte) {
	var square, scales [PanelRows]float64
	blocks := 2 * len(upper) / form8Split.unit
	for b := range blocks {
		d := (*[2 * PanelRows]byte)(upper[b/2*form8Split.unit+768+b%2*32:])
		l := (*[128]byte)(low[b*form8Split.low/2:])
		for r := range PanelRows {
			scale := float64(half.ToF32(binary.LittleEndian.Uint16(d[2*r:])))
			within := inner(binary.LittleEndian.Uint32(l[4*r:])) + inner(binary.LittleEndian.Uint32(l[64+4*r:]))
			square[r] += scale * scale * (72 + 1.0/16 - float64(2*within))
			scales[r] += scale * scale
		}
	}
	rounding := 2.02 * float64(blocks+2) / (1 << 24) * 129 * math.Sqrt(blockCols)
	for r := range PanelRows {
		up := upperHalf((math.Sqrt(square[r]) + rounding*math.Sqrt(scales[r])) * (1 + 1e-6))
		a.row[p*PanelRows+r] = up
		a.panel[p] = max(a.panel[p], fromUpperHalf(up))
	}
}

// inner counts how many of sixteen values of two bits are 1 or 2, whose bits
// differ. For these (l-1.5)² is 1/4, for 0 and 3 it is 9/4.
func inner(v uint32) int { return bits.OnesCount32((v ^ v>>1) & 0x55555555) }

// upperHalf rounds v ≥ 0 up to sixteen bits of a float32; what is not finite
// becomes infinity.
func upperHalf(v float64) uint16 {
	f := float32(v)
	if !(f <= math.MaxFloat32) {
		return 0x7f80
	}
	if float64(f) < v {
		f = math.Nextafter32(f, float32(math.Inf(1)))
	}
	return uint16((math.Float32bits(f) + 0xffff) >> 16)
}

func fromUpperHalf(v uint16) float32 { return math.Float32frombits(uint32(v) << 16) }

// Screens says that m was packed so that Screen works.
func (m *Matrix) Screens() bool { return len(m.sections) == 1 && m.sections[0].low != nil }

// Spared is how many of m's bytes the first pass does not read.
func (m *Matrix) Spared() int {
	if !m.Screens() {
		return 0
	}
	return len(m.sections[0].low)
}

// ScreenRows is the number of rows of activations up to which screening saves
// time on this machine; 0 if it never does.
func ScreenRows() int { return quantLevel().screenRows }

// Screen writes out[t*ldo+r] ≈ Σ_c W[r,c]·x[t,c] for the rows r of panels
// [p0, p1), and the greatest of each panel to best[t*Panels+p]. Near tells what
// the approximations are worth. m must screen.
func (m *Matrix) Screen(out []float32, ldo int, best []float32, x *Acts, p0, p1 int) {
	if x.c != m.cols || !m.Screens() {
		panic(fmt.Sprintf("kernel: screening a matrix of %d columns (%s) with activations of %d", m.cols, m.Form(), x.c))
	}
	s, k := &m.sections[0], quantLevel()
	n := 1 << bits.Len(uint(max(1, x.t)-1)) // rows at once; those behind x.t exist
	if n > k.directRows {
		n = 1
	}
	tmp := x.take(0)
	defer x.give(tmp)
	for t0 := 0; t0 < x.t; t0 += n {
		s.runStreams(k.screen, tmp, out[t0*ldo:], ldo, x, t0, n, p0, p1)
	}
	for t := range x.t {
		for p := p0; p < p1; p++ {
			rows := min(PanelRows, s.rows-p*PanelRows)
			best[t*s.panels+p] = greatest(out[t*ldo+p*PanelRows:][:rows])
		}
	}
}

// greatest returns the greatest of y, which is not empty. NaNs are passed over:
// a row that gives one has no finite radius.
func greatest(y []float32) float32 {
	g := y[0]
	for _, v := range y[1:] {
		if v > g {
			g = v
		}
	}
	return g
}

// Bound is what Near needs to know of a row of activations.
type Bound struct{ size float64 }

// Bound returns the bound of row t, and false if nothing can be said about
// products with it: they are not numbers, or might leave the range of float32.
func (x *Acts) Bound(t int) (Bound, bool) {
	sum := 0.0
	for rec := x.records(t); len(rec) > 0; rec = rec[recordBytes:] {
		squares := int32(4)
		for _, v := range rec[:blockCols] {
			squares += int32(int8(v)) * int32(int8(v))
		}
		scale := float64(math.Float32frombits(binary.LittleEndian.Uint32(rec[offScale:])))
		sum += scale * scale * float64(squares)
	}
	b := Bound{math.Sqrt(sum) * (1 + 1e-9)}
	return b, b.size < maxBound
}

// maxBound keeps sums away from where float32 overflows: a sum is less than 260
// times a finite radius times the size.
const maxBound = 1 << 90

// Near appends to list the panels with a row whose exact product may be low or
// more. approx is a row of Screen's results, best its greatest of each panel, b
// the bound of the row of activations.
func (m *Matrix) Near(list []int32, approx, best []float32, low float32, b Bound) []int32 {
	a := m.sections[0].radii
	for p, radius := range a.panel[:len(best)] {
		reach := float64(radius)*b.size + tiny
		if float64(best[p])+reach < float64(low) && reach < maxBound {
			continue
		}
		if reach < maxBound && a.allBelow(p, approx, low, b) {
			continue
		}
		list = append(list, int32(p))
	}
	return list
}

// allBelow says that all rows of panel p, each with its own radius, are below
// low.
func (a *radii) allBelow(p int, approx []float32, low float32, b Bound) bool {
	r0 := p * PanelRows
	for r, v := range approx[r0:min(len(approx), r0+PanelRows)] {
		reach := float64(fromUpperHalf(a.row[r0+r]))*b.size + tiny
		if !(float64(v)+reach < float64(low)) {
			return false
		}
	}
	return true
}

// tiny is more than what roundings of sums below the normal numbers can cost.
const tiny = 1.0 / (1 << 60) / (1 << 60)

// screenGeneric is the definition of the first pass.
func screenGeneric(s *streams) {
	f := form8Split
	var block [stripBlock]byte
	for i := range s.count * s.rows {
		p, t := i/s.rows, i%s.rows
		w, x := s.w[p*s.step*s.wbytes:], s.x[t*s.blocks*recordBytes:]
		y := (*[PanelRows]float32)(s.out[t*s.ldo+p*s.step*PanelRows:])
		*y = [PanelRows]float32{}
		for b := range s.blocks {
			unpackBlock(&f, &block, w[b/2*f.unit:], nil, b%2)
			rec := *(*[recordBytes]byte)(x[b*recordBytes:])
			copy(rec[offZero128:], rec[offUpper:])
			mulBlock(&f, y, &block, &rec)
		}
	}
}
