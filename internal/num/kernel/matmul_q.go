package kernel

import "math/bits"

// This file cuts a product of quantised weights into tiles. With few rows of
// activations the weights are unpacked in the multiplying loop (they come from
// memory once, and the arithmetic waits for them anyway); with many they are
// unpacked once, to a strip that all rows use. Both give the same bits.

// stripBudget is what the strips of a group of panels may take: less than half
// of a second-level cache.
const stripBudget = 512 << 10

// residentActs is the size of quantised activations up to which they stay in
// the caches while panel after panel goes by.
const residentActs = 256 << 10

// PanelStep is the multiple of panels at which a range for Mul best begins and
// ends: large batches work on that many panels at once, and each of fewer costs
// more.
const PanelStep = 3

// quantKernels are the inner loops of one level. Offsets and strides are in
// elements of the slices; blocks counts 32 columns and is even.
type quantKernels struct {
	// direct multiplies some panels at once with a number of rows that is a
	// power of two up to directRows.
	direct     func(s *streams)
	directRows int
	// unpack writes a panel as a strip.
	unpack func(f *form, dst, w, low []byte, blocks int)
	// strip multiplies the strips of up to PanelStep panels, wstride bytes
	// apart, with n rows, no more than stripRows of the form, and writes
	// out[i*ldo : i*ldo+16*panels] for each. Meanwhile it fetches ahead, weights
	// of the next panels, into the second-level cache.
	strip     func(f *form, out []float32, ldo int, w []byte, wstride, panels int, x []byte, n, blocks int, ahead []byte)
	stripRows func(f *form) int
	// blockBytes is the size of a strip's block of a form.
	blockBytes func(f *form) int
	// screen is direct with the upper six bits of split panels.
	screen func(s *streams)
	// screenRows is the number of rows up to which screening saves time.
	screenRows int
}

// scratch is the working memory of one call of Mul.
type scratch struct {
	strip   []byte
	tile    []float32 // (streamRows, PanelRows), more than a tile of strips
	last    [maxDirectRows * PanelRows]float32
	streams streams
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
		s = &scratch{tile: alignedFloats(streamRows * PanelRows)}
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
	if x.t <= k.directRows {
		s.mulDirect(k, out, ldo, x, first, end)
		return
	}
	s.mulStrips(k, out, ldo, x, first, end)
}

// panel returns the bytes of panel p of the section.
func (s *section) panel(p int) []byte {
	return s.data[p*s.panelBytes : (p+1)*s.panelBytes]
}

// lowBytes is how much lies apart of a panel's weights.
func (s *section) lowBytes() int { return s.panelBytes / max(1, s.form.unit) * s.form.low }

// lowOf returns what lies apart of panel p's weights, nil where nothing does.
func (s *section) lowOf(p int) []byte {
	if s.low == nil {
		return nil
	}
	n := s.lowBytes()
	return s.low[p*n : (p+1)*n]
}

// mulDirect computes panels without strips. A batch that is no power of two is
// multiplied with the rows behind it, too, which exist (Acts.Reset): one pass
// over the weights is cheaper than two.
func (s *section) mulDirect(k *quantKernels, out []float32, ldo int, x *Acts, first, end int) {
	n := 1 << bits.Len(uint(x.t-1))
	tmp := x.take(0)
	defer x.give(tmp)
	s.runStreams(k.direct, tmp, out, ldo, x, 0, n, first, end)
}

// mulStrips unpacks a group of panels and multiplies them with all rows, a tile
// of rows after the other, while it fetches the next group. With few rows, all
// of which stay in the caches, a group is one step; with many it is as many
// as leave room in the second-level cache, so that the rows, which then do not
// stay, come in less often.
func (s *section) mulStrips(k *quantKernels, out []float32, ldo int, x *Acts, first, end int) {
	panel := x.blocks * k.blockBytes(s.form)
	group := PanelStep
	if x.t*x.blocks*recordBytes > residentActs {
		group = max(PanelStep, stripBudget/panel/PanelStep*PanelStep)
	}
	tmp := x.take(min(group, end-first) * panel)
	defer x.give(tmp)
	tileRows := k.stripRows(s.form)
	tiles := (x.t + tileRows - 1) / tileRows
	j := stripJob{s: s, k: k, out: out, ldo: ldo, x: x, tmp: tmp, panel: panel}
	for ; first < end; first += group {
		j.first, j.n = first, min(group, end-first)
		for i := range j.n {
			k.unpack(s.form, tmp.strip[i*panel:], s.panel(first+i), s.lowOf(first+i), x.blocks)
		}
		j.next = s.data[(first+j.n)*s.panelBytes : min(end, first+2*group)*s.panelBytes]
		j.calls = tiles * ((j.n + PanelStep - 1) / PanelStep)
		for i := range tiles {
			for p := 0; p < j.n; p += PanelStep {
				j.tile(p, i*x.t/tiles, (i+1)*x.t/tiles) // tiles of even size, none small
			}
		}
	}
}

// stripJob is a group of unpacked panels on its way through the rows.
type stripJob struct {
	s     *section
	k     *quantKernels
	out   []float32
	ldo   int
	x     *Acts
	tmp   *scratch
	panel int // bytes of a panel's strip
	first int // first panel of the group
	n     int // panels in the group
	next  []byte
	calls int // of tile that are left in this group
}

// tile multiplies panels p, p+1, … of the group, one step of them at most, with
// rows t0..t1.
func (j *stripJob) tile(p, t0, t1 int) {
	s, x := j.s, j.x
	ahead := j.next[:len(j.next)/j.calls]
	j.next, j.calls = j.next[len(ahead):], j.calls-1
	if len(ahead) == 0 {
		ahead = s.data[:1]
	}
	xs := x.q[t0*x.blocks*recordBytes:]
	y := j.out[t0*j.ldo+(j.first+p)*PanelRows:]
	strip, panels := j.tmp.strip[p*j.panel:], min(PanelStep, j.n-p)
	rows := min(panels*PanelRows, s.rows-(j.first+p)*PanelRows)
	if rows == panels*PanelRows {
		j.k.strip(s.form, y, j.ldo, strip, j.panel, panels, xs, t1-t0, x.blocks, ahead)
		return
	}
	out := j.tmp.tile
	j.k.strip(s.form, out, PanelStep*PanelRows, strip, j.panel, panels, xs, t1-t0, x.blocks, ahead)
	for i := range t1 - t0 {
		copy(y[i*j.ldo:i*j.ldo+rows], out[i*PanelStep*PanelRows:])
	}
}
