package kernel

import (
	"fmt"

	"malmoi/internal/num/quant"
)

// PanelRows is the number of weight rows that one panel interleaves: one
// AVX-512 register of 32-bit lanes.
const PanelRows = 16

// Options say how to lay a weight out.
type Options struct {
	// Exact decodes every type to float32 and multiplies in float32.
	Exact bool
	// Screen keeps 8-bit values so that Screen can be asked for; see screen.go.
	Screen bool
	// Alloc returns zeroed memory aligned to 64 bytes; nil means the Go heap.
	Alloc func(bytes int) []byte
	// Run calls do(0) … do(n-1), in any order and perhaps in parallel; nil
	// means one after the other. Packing cuts itself into such pieces.
	Run func(n int, do func(i int))
	// Reading and Read, if set, are told of a Part's bytes right before and
	// after a piece is packed from them, each piece once, from the goroutine
	// that packs it.
	Reading, Read func(data []byte)
}

// Part is one weight of a Matrix: Rows rows of C values each, back to back.
type Part struct {
	Type quant.Type
	Data []byte
	Rows int
}

// Matrix is a weight (OC, C) laid out for multiplication. It is immutable and
// safe for concurrent use.
type Matrix struct {
	rows, cols int
	bytes      int
	sections   []section
}

// section is a run of panels of one form. Rows of a form are dense: only its
// last panel may hold fewer than PanelRows.
type section struct {
	form       *form
	data       []byte // panels × panelBytes
	low        []byte // what lies apart, panel after panel; nil where nothing does
	radii      *radii // of a split section
	panelBytes int
	panel0     int // first panel, counted in the Matrix
	panels     int
	row0       int // first row, counted in the Matrix
	rows       int
}

// Pack lays out one weight (OC, C). It copies: data may go away afterwards.
func Pack(t quant.Type, data []byte, OC, C int, o Options) (*Matrix, error) {
	return PackRows([]Part{{t, data, OC}}, C, o)
}

// PackRows lays out several weights with equal C as one Matrix, rows in order.
// Where the layout changes from one part to the next a new panel begins.
func PackRows(parts []Part, C int, o Options) (*Matrix, error) {
	m := &Matrix{cols: C}
	var pending []Part // parts that share the form of the section to come
	var current *form
	flush := func() {
		if len(pending) > 0 {
			m.addSection(current, pending, o)
		}
		pending = nil
	}
	for i, p := range parts {
		if err := checkPart(p, C); err != nil {
			return nil, fmt.Errorf("kernel: part %d: %w", i, err)
		}
		f := formFor(p.Type, o.Exact)
		if o.Screen && f == &form8Zero {
			f = &form8Split
		}
		if f != current {
			flush()
			current = f
		}
		if p.Rows > 0 {
			pending = append(pending, p)
		}
	}
	flush()
	return m, nil
}

// checkPart tells whether the part's data hold its rows.
func checkPart(p Part, C int) error {
	if C <= 0 || p.Rows < 0 {
		return fmt.Errorf("shape (%d, %d) is not a matrix", p.Rows, C)
	}
	rowBytes, err := p.Type.RowBytes(C)
	if err != nil {
		return err
	}
	if len(p.Data)/rowBytes != p.Rows || len(p.Data)%rowBytes != 0 { // a product could overflow
		return fmt.Errorf("%d bytes for %d rows of %d bytes", len(p.Data), p.Rows, rowBytes)
	}
	return nil
}

// addSection allocates the panels of parts and fills them.
func (m *Matrix) addSection(f *form, parts []Part, o Options) {
	s := section{form: f, panelBytes: f.panelBytes(m.cols), panel0: m.Panels(), row0: m.rows}
	for _, p := range parts {
		s.rows += p.Rows
	}
	s.panels = (s.rows + PanelRows - 1) / PanelRows
	alloc := o.Alloc
	if alloc == nil {
		alloc = alignedBytes
	}
	high, low := s.panels*s.panelBytes, s.panels*s.panelBytes/max(1, f.unit)*f.low
	m.bytes += high + low
	s.data = alloc(high + low)
	if f.low > 0 {
		s.data, s.low = s.data[:high:high], s.data[high:]
		s.radii = newRadii(s.panels)
	}
	packSection(&s, parts, m.cols, o)
	m.rows += s.rows
	m.sections = append(m.sections, s)
}

// Rows is OC, the length of a product's row.
func (m *Matrix) Rows() int { return m.rows }

// Cols is C, the length of an activation row.
func (m *Matrix) Cols() int { return m.cols }

// Bytes is the memory that the packed weight takes.
func (m *Matrix) Bytes() int { return m.bytes }

// Panels is the number of panels that Mul may be asked for.
func (m *Matrix) Panels() int {
	if len(m.sections) == 0 {
		return 0
	}
	last := &m.sections[len(m.sections)-1]
	return last.panel0 + last.panels
}

// PanelRange returns the rows [r0, r1) that panels [p0, p1) compute.
func (m *Matrix) PanelRange(p0, p1 int) (r0, r1 int) {
	return m.rowAt(p0), m.rowAt(p1)
}

// rowAt is the first row of panel p; Rows for p = Panels.
func (m *Matrix) rowAt(p int) int {
	for i := range m.sections {
		if s := &m.sections[i]; p < s.panel0+s.panels {
			return s.row0 + (p-s.panel0)*PanelRows
		}
	}
	return m.rows
}

// Form names the layout, for a person: "4-bit K", or "mixed".
func (m *Matrix) Form() string {
	name := ""
	for i := range m.sections {
		switch f := m.sections[i].form.name; name {
		case "", f:
			name = f
		default:
			return "mixed"
		}
	}
	return name
}

// Mul computes out[t*ldo+r] = Σ_c W[r,c]·x[t,c] for all T rows of x and the rows
// r of panels [p0, p1). Calls for different panels may run in parallel. The
// bits of an element depend on its two rows alone.
func (m *Matrix) Mul(out []float32, ldo int, x *Acts, p0, p1 int) {
	if x.c != m.cols {
		panic(fmt.Sprintf("kernel: activations of %d columns for a matrix of %d", x.c, m.cols))
	}
	for i := range m.sections {
		s := &m.sections[i]
		first, end := max(p0, s.panel0)-s.panel0, min(p1, s.panel0+s.panels)-s.panel0
		if first >= end {
			continue
		}
		switch s.form.kind {
		case kindF32:
			mulF32(out[s.row0:], ldo, x.rows, x.c, x.t, x.c, s.data, first, end, s.rows)
		case kindF16:
			mulF16(out[s.row0:], ldo, x.rows, x.c, x.t, x.c, s.data, first, end, s.rows)
		case kindBF16:
			mulBF16(out[s.row0:], ldo, x.rows, x.c, x.t, x.c, s.data, first, end, s.rows)
		default:
			s.mulQuant(out[s.row0:], ldo, x, first, end)
		}
	}
}
