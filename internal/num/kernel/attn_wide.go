package kernel

// attnWide is the keys and values of one group's pages as float32, for more rows
// than would convert them as fast. Keys lie as in their pages, one page after
// the other, values in panels of 16 columns: (D/16, positions, 16). Half a page's
// columns of a group then fit into the first-level cache for all rows.
type attnWide struct {
	on           bool
	positions    int
	keys, values []byte
}

const wideColumn = vec * 4 // bytes of 16 values

// keysOf returns the keys of the group's page i.
func (w *attnWide) keysOf(i, D int) []byte {
	n := PageTokens * D * elemF32.bytes()
	return w.keys[i*n : (i+1)*n]
}

// mix adds the values from a slot of the group on to p, 32 columns of all rows
// after another.
func (w *attnWide) mix(p *tileMul, slot, D int) {
	p.ldb, p.bvec = wideColumn, w.positions*wideColumn
	out := p.out
	for v := 0; v < D/vec; v += 2 {
		q := *p
		q.b, q.out = w.values[v*p.bvec+slot*wideColumn:], out[v*vec:]
		q.run(elemF32, min(2, D/vec-v))
	}
}
