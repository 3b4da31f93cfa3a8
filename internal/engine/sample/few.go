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

// argMax returns the first of the greatest logits. The negated comparison lets
// a NaN through to the check without a test of its own per element.
func argMax(row []float32) (candidate, error) {
	best := candidate{-1, negInf}
	for i, x := range row {
		if !(x <= best.x) {
			if !finite(x) {
				return best, nanError(i, x)
			}
			best = candidate{int32(i), x}
		}
	}
	if best.id < 0 {
		return best, ErrNoToken
	}
	return best, nil
}

// firstK appends the first k of row in order to dst, fewer if fewer are above
// −Inf, none being an error. It keeps up to 2k candidates above a rising
// threshold, so most elements cost one comparison. An element equal to the
// threshold is not needed: k elements at least as great with lower ids are held.
func firstK(dst []candidate, row []float32, k int) ([]candidate, error) {
	k = min(k, len(row))
	limit := max(2*k, 64)
	threshold := negInf
	for i, x := range row {
		if x <= threshold {
			continue
		}
		if !finite(x) {
			return dst, nanError(i, x)
		}
		dst = append(dst, candidate{int32(i), x})
		if len(dst) == limit {
			slices.SortFunc(dst, order)
			dst = dst[:k]
			threshold = dst[k-1].x
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

// scale maps a logit to t = log2 of its weight relative to the greatest.
type scale struct {
	max, perT float64
	low       float64 // min-p as a bound on t; −Inf if off
}

func newScale(p *Params, max float32) scale {
	s := scale{float64(max), math.Log2E / float64(p.Temperature), math.Inf(-1)}
	if p.MinP > 0 {
		s.low = math.Log2(float64(p.MinP))
	}
	return s
}

func (s *scale) at(x float32) float64 { return (float64(x) - s.max) * s.perT }

// topPNeed is the weight that a start of the order must reach under top-p.
func topPNeed(p *Params, total uint64) uint64 {
	if p.TopP <= 0 || p.TopP >= 1 {
		return total
	}
	return max(1, uint64(math.Ceil(float64(p.TopP)*float64(total))))
}
