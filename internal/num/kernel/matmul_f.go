package kernel

// Float panels: 16 weight rows × 1 column, contiguous, column after column;
// panel after panel. Panels p0 up to p1 are multiplied with the T rows of x,
// (T, C) with stride ldx; the product with weight row r is written to
// out[t·ldo + r]. The last panel may stand for fewer rows than 16: those at
// and beyond rows are not written.

func mulF32(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulPanels(elemF32, out, ldo, x, ldx, T, C, panels, p0, p1, rows)
}

func mulF16(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulPanels(elemF16, out, ldo, x, ldx, T, C, panels, p0, p1, rows)
}

func mulBF16(out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	mulPanels(elemBF16, out, ldo, x, ldx, T, C, panels, p0, p1, rows)
}

const (
	// columnBlock is how many columns of a strip of panels are multiplied with
	// all rows before the next ones: 512 columns × 32 rows of float32 are 64
	// KiB, which stay in the second-level cache.
	columnBlock = 512
	// A call of the assembly shall take less than some 100 µs: it gets at most
	// this many weights and products.
	callWeights  = 1 << 18
	callProducts = 1 << 20
)

func mulPanels(e elem, out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, p1, rows int) {
	if T == 0 || C == 0 {
		clearRows(out, ldo, T, p0*PanelRows, min(p1*PanelRows, rows))
		return
	}
	strip := stripPanels(T, C)
	whole := min(p1, rows/PanelRows) // panels from here on stand for fewer rows
	for p := p0; p < whole; p += strip {
		n := min(strip, whole-p)
		mulStrip(e, out[p*PanelRows:], ldo, x, ldx, T, C, panels, p, n)
	}
	if whole < p1 && rows%PanelRows != 0 {
		mulRaggedPanel(e, out, ldo, x, ldx, T, C, panels, whole, rows)
	}
}

// stripPanels returns the number of panels that one call multiplies: many for a
// single tile of rows, two where tile after tile goes over them.
func stripPanels(T, C int) int {
	if T > tileRows() {
		return 2
	}
	return max(2, min(callWeights, callProducts/T)/(PanelRows*C))
}

// mulStrip multiplies n panels with all rows; out is at the strip's first row.
func mulStrip(e elem, out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, p0, n int) {
	column := PanelRows * e.bytes()
	panel := C * column
	b := panels[p0*panel : (p0+n)*panel]
	block := C
	if T > tileRows() {
		block = columnBlock
	}
	for c := 0; c < C; c += block {
		p := tileMul{
			a: x[c:], lda: ldx,
			b: b[c*column:], ldb: column, bvec: panel,
			k:   min(block, C-c),
			out: out, ldo: ldo,
			rows: T,
		}
		if c > 0 {
			p.acc = 1
		}
		p.run(e, n)
	}
}

// mulRaggedPanel multiplies the last panel, which stands for rows%16 rows.
func mulRaggedPanel(e elem, out []float32, ldo int, x []float32, ldx, T, C int, panels []byte, last, rows int) {
	const tile = 12
	var tmp [tile * PanelRows]float32
	r0 := last * PanelRows
	for t := 0; t < T; t += tile {
		n := min(tile, T-t)
		mulStrip(e, tmp[:], PanelRows, x[t*ldx:], ldx, n, C, panels, last, 1)
		for i := range n {
			copy(out[(t+i)*ldo+r0:(t+i)*ldo+rows], tmp[i*PanelRows:])
		}
	}
}

func clearRows(out []float32, ldo, T, r0, r1 int) {
	for t := range T {
		clear(out[t*ldo+r0 : t*ldo+max(r0, r1)])
	}
}
