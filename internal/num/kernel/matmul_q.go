package kernel

// mulQuant computes panels [first, end) of a quantised section.
func (s *section) mulQuant(out []float32, ldo int, x *Acts, first, end int) {
	weights := x.takeStrip(x.blocks * stripBlock)
	defer x.giveStrip(weights)
	for p := first; p < end; p++ {
		unpackGeneric(s.form, weights.data, s.panel(p), x.blocks)
		rows := min(PanelRows, s.rows-p*PanelRows)
		for t := range x.t {
			var y [PanelRows]float32
			mulStripGeneric(s.form, &y, weights.data, x.quad(t/quadRows), t%quadRows, x.blocks)
			copy(out[t*ldo+p*PanelRows:][:rows], y[:])
		}
	}
}

// panel returns the bytes of panel p of the section.
func (s *section) panel(p int) []byte {
	return s.data[p*s.panelBytes : (p+1)*s.panelBytes]
}
