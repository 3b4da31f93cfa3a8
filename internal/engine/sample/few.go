package sample

import (
	"cmp"
	"math"
	"slices"
)

// maxHeld is the greatest top-k that is served by holding the candidates; a
// greater one is cheaper by histogram.
const maxHeld = 512

var negInf = float32(math.Inf(-1))

// candidate is a token with its adjusted logit.
type candidate struct {
	id int32
	x  float32
}

// order sorts by logit descending, then id ascending.
func order(a, b candidate) int {
	if c := cmp.Compare(b.x, a.x); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// argMax returns the first of the greatest logits. It looks at eight at a time:
// `all eight ≤ best` is false for a NaN too, which the closer look then finds.
func argMax(row []float32) (candidate, error) {
	id, best := -1, negInf
	for base := 0; base < len(row); base += 8 {
		if base+8 <= len(row) && noneAbove((*[8]float32)(row[base:]), best) {
			continue
		}
		for i, x := range row[base:min(base+8, len(row))] {
			if x <= best {
				continue
			}
			if !finite(x) {
				return candidate{}, nanError(base+i, x)
			}
			id, best = base+i, x
		}
	}
	if id < 0 {
		return candidate{}, ErrNoToken
	}
	return candidate{int32(id), best}, nil
}

// noneAbove says that all of r are numbers and at most bound.
func noneAbove(r *[8]float32, bound float32) bool {
	return r[0] <= bound && r[1] <= bound && r[2] <= bound && r[3] <= bound &&
		r[4] <= bound && r[5] <= bound && r[6] <= bound && r[7] <= bound
}

// firstK appends the first k of row in order to dst, fewer if fewer are above
// −Inf, none being an error. It keeps up to 2k candidates above a rising
// threshold, so most elements cost one comparison. An element equal to the
// threshold is not needed: k elements at least as great with lower ids are held.
func firstK(dst []candidate, row []float32, k int) ([]candidate, error) {
	k = min(k, len(row))
	limit := max(2*k, 64)
	threshold := negInf
	for base := 0; base < len(row); base += 8 {
		if base+8 <= len(row) && noneAbove((*[8]float32)(row[base:]), threshold) {
			continue
		}
		for i, x := range row[base:min(base+8, len(row))] {
			if x <= threshold {
				continue
			}
			if !finite(x) {
				return dst, nanError(base+i, x)
			}
			dst = append(dst, candidate{int32(base + i), x})
			if len(dst) == limit {
				slices.SortFunc(dst, order)
				dst = dst[:k]
				threshold = dst[k-1].x
			}
		}
	}
	if len(dst) == 0 {
		return dst, ErrNoToken
	}
	slices.SortFunc(dst, order)
	return dst[:min(k, len(dst))], nil
}

// drawFew draws among the first TopK tokens.
func (m *Sampler) drawFew(p *Params, row []float32, rnd uint64) (int32, error) {
	var err error
	if m.best, err = firstK(m.best[:0], row, p.TopK); err != nil {
		return 0, err
	}
	scale := newScale(p, m.best[0].x)
	total := uint64(0)
	for _, c := range m.best {
		total += weight(scale.at(c.x))
	}
	need := topPNeed(p, total)
	kept := uint64(0)
	last := 0
	for i, c := range m.best {
		if i > 0 && (kept >= need || scale.at(c.x) < scale.low) {
			break
		}
		kept += weight(scale.at(c.x))
		last = i
	}
	goal := target(rnd, kept)
	for _, c := range m.best[:last] {
		w := weight(scale.at(c.x))
		if goal < w {
			return c.id, nil
		}
		goal -= w
	}
	return m.best[last].id, nil
}

// topPNeed is the weight that a start of the order must reach under top-p.
func topPNeed(p *Params, total uint64) uint64 {
	if p.TopP <= 0 || p.TopP >= 1 {
		return total
	}
	return max(1, uint64(math.Ceil(float64(p.TopP)*float64(total))))
}
