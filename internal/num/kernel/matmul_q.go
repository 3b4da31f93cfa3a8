package kernel

// This file cuts a product of quantised weights into tiles. With few rows of
// activations the weights are unpacked in the multiplying loop (they come from
// memory once, and the arithmetic waits for them anyway); with many they are
// unpacked once, to a strip that all rows use. Both give the same bits.

// stripBudget is what the strips of a group of panels may take: less than half
// of a second-level cache.
const stripBudget = 512 << 10

// PanelStep is the multiple of panels at which a range for Mul best begins and
// ends: large batches work on that many panels at once, and a left-over one
// costs as much as two.
const PanelStep = 2

// quantKernels are the inner loops of one level. Offsets and strides are in
// elements of the slices; blocks counts 32 columns and is even.
type quantKernels struct {
	// direct multiplies panel w with n rows of records, 1, 2 or 4 of them but
	// no more than directRows, and writes out[i*ldo : i*ldo+16] for each.
	direct     func(f *form, out []float32, ldo int, w, x []byte, n, blocks int)
	directRows int
	// unpack writes a panel as a strip.
	unpack func(f *form, dst, w []byte, blocks int)
	// strip multiplies two strips, wstride bytes apart, with n rows, no more
	// than stripRows, and writes out[i*ldo : i*ldo+32] for each.
	strip     func(f *form, out []float32, ldo int, w []byte, wstride int, x []byte, n, blocks int)
	stripRows int
	// blockBytes is the size of a strip's block of a form.
	blockBytes func(f *form) int
}

// scratch is the working memory of one call of Mul.
type scratch struct {
	strip []byte
	tile  [8 * 2 * PanelRows]float32
}

// take lends scratch with n bytes of strip.
func (x *Acts) take(n int) *scratch {
	x.mu.Lock()
	var s *scratch
	if k := len(x.free); k > 0 {
		s = x.free[k-1]
		x.free = x.free[:k-1]
	}
	x.mu.Unlock()
	if s == nil {
		s = &scratch{}
	}
	if len(s.strip) < n {
		s.strip = alignedBytes(n + n/4)
	}
	return s
}

// give takes scratch back.
func (x *Acts) give(s *scratch) {
	x.mu.Lock()
	x.free = append(x.free, s)
	x.mu.Unlock()
}

// mulQuant computes panels [first, end) of a quantised section.
func (s *section) mulQuant(out []float32, ldo int, x *Acts, first, end int) {
	k := quantLevel()
	if x.t <= min(4, 2*k.directRows) {
		s.mulDirect(k, out, ldo, x, first, end)
		return
	}
	s.mulStrips(k, out, ldo, x, first, end)
}

// panel returns the bytes of panel p of the section.
func (s *section) panel(p int) []byte {
	return s.data[p*s.panelBytes : (p+1)*s.panelBytes]
}

// mulDirect computes panels one by one, unpacking in the loop.
func (s *section) mulDirect(k *quantKernels, out []float32, ldo int, x *Acts, first, end int) {
	xstride := x.blocks * recordBytes
	tmp := x.take(0)
	defer x.give(tmp)
	for p := first; p < end; p++ {
		w, rows := s.panel(p), s.rows-p*PanelRows
		for t, n := 0, 0; t < x.t; t += n {
			n = min(k.directRows, x.t-t) &^ 1
			if n == 0 {
				n = 1
			}
			y := out[t*ldo+p*PanelRows:]
			if rows >= PanelRows {
				k.direct(s.form, y, ldo, w, x.q[t*xstride:], n, x.blocks)
				continue
			}
			k.direct(s.form, tmp.tile[:], PanelRows, w, x.q[t*xstride:], n, x.blocks)
			for i := range n {
				copy(y[i*ldo:i*ldo+rows], tmp.tile[i*PanelRows:])
			}
		}
	}
}

// mulStrips unpacks as many panels as a cache holds and multiplies them with
// all rows, a tile of rows after the other: the tile stays in the first-level
// cache, the strips in the second.
func (s *section) mulStrips(k *quantKernels, out []float32, ldo int, x *Acts, first, end int) {
	panel := x.blocks * k.blockBytes(s.form)
	group := max(PanelStep, stripBudget/panel&^1)
	tmp := x.take(min(group, end-first) * panel)
	defer x.give(tmp)
	tiles := (x.t + k.stripRows - 1) / k.stripRows
	for ; first < end; first += group {
		n := min(group, end-first)
		for i := range n {
			k.unpack(s.form, tmp.strip[i*panel:], s.panel(first+i), x.blocks)
		}
		for i := range tiles {
			t0, t1 := i*x.t/tiles, (i+1)*x.t/tiles // of even size, none small
			for j := 0; j < n; j += PanelStep {
				s.mulTile(k, out, ldo, x, tmp, first+j, n-j, tmp.strip[j*panel:], t0, t1)
			}
		}
	}
}

// mulTile multiplies two panels, or one if only one is left, with rows t0..t1.
func (s *section) mulTile(k *quantKernels, out []float32, ldo int, x *Acts, tmp *scratch, p, left int, strip []byte, t0, t1 int) {
	xs := x.q[t0*x.blocks*recordBytes:]
	y := out[t0*ldo+p*PanelRows:]
	rows := min(left*PanelRows, s.rows-p*PanelRows)
	stride := x.blocks * k.blockBytes(s.form)
	if rows >= PanelStep*PanelRows {
		k.strip(s.form, y, ldo, strip, stride, xs, t1-t0, x.blocks)
		return
	}
	if left == 1 {
		stride = 0 // the one panel twice; the copy is dropped
	}
	k.strip(s.form, tmp.tile[:], PanelStep*PanelRows, strip, stride, xs, t1-t0, x.blocks)
	for i := range t1 - t0 {
		copy(y[i*ldo:i*ldo+rows], tmp.tile[i*PanelStep*PanelRows:])
	}
}
