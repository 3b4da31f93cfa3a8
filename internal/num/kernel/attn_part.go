package kernel

import (
	"math"

	"malmoi/internal/num/cpu"
)

// SegmentTokens is how many positions are attended to as if they were alone.
// Segments begin at its multiples, and their results are joined in ascending
// order; so the bits of a row do not depend on who computes which segment, and
// a long context with few key/value heads can still be shared by workers.
const SegmentTokens = 512

// AttnPart is the attention of R rows to one segment: what a softmax needs to
// go on.
type AttnPart struct {
	Out      []float32 // (R, D), not divided by Sum yet
	Max, Sum []float32 // (R) the largest score, in weigh's unit, the sum of weights
}

// shrink is the factor by which weights shrink when the largest score grows by
// -d. The portable weigh keeps scores as they are, the assembly as powers of
// two.
func shrink(d float32) float32 {
	if d == 0 { // one of two always
		return 1
	}
	if cpu.Current() == cpu.Portable {
		return exp(d)
	}
	return float32(math.Exp2(float64(d)))
}

// Reset makes room for R rows of D values that have seen nothing.
func (p *AttnPart) Reset(R, D int) {
	p.Out, p.Max, p.Sum = sized(p.Out, R*D), sized(p.Max, R), sized(p.Sum, R)
	clear(p.Out)
	clear(p.Sum)
	for r := range p.Max {
		p.Max[r] = noScore
	}
}

// sized returns s with length n, reallocating only when it has to.
func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}

// AttendPart computes what the rows of a see of one segment into p. a.Out is
// not used.
func (k KV) AttendPart(p *AttnPart, a *Attn, s *AttnScratch, segment int) {
	p.Reset(a.R, a.D)
	first, last := span(a.First[:a.R], a.Last[:a.R])
	first, last = max(first, segment*SegmentTokens), min(last, (segment+1)*SegmentTokens-1)
	if last < first {
		return
	}
	s.reset(a)
	for g := first / groupTokens; g <= last/groupTokens; g++ {
		lo, hi := max(first, g*groupTokens), min(last, g*groupTokens+groupTokens-1)
		s.group(k.elem(), a, p, lo, hi)
	}
}

// Join adds a later segment to p. The definition, for every row:
//
//	m = max(p.max, q.max), out = p.out·e^(p.max-m) + q.out·e^(q.max-m)
//
// and likewise for the sum. A segment of which a row sees nothing leaves it as
// it is.
func (p *AttnPart) Join(q *AttnPart, D int) {
	for r := range p.Max {
		m := max(p.Max[r], q.Max[r])
		f, g := shrink(p.Max[r]-m), shrink(q.Max[r]-m)
		p.Max[r] = m
		p.Sum[r] = float32(p.Sum[r]*f) + float32(q.Sum[r]*g)
		row := p.Out[r*D : (r+1)*D]
		if f != 1 {
			Scale(row, f)
		}
		if q.Sum[r] != 0 {
			AddScaled(row, q.Out[r*D:(r+1)*D], g)
		}
	}
}

// Finish writes the attention's result, (R, D), to out.
func (p *AttnPart) Finish(out []float32, D int) {
	for r, sum := range p.Sum {
		dst := out[r*D : (r+1)*D]
		if sum == 0 {
			clear(dst)
			continue
		}
		finishRow(dst, p.Out[r*D:(r+1)*D], 1/sum)
	}
}

// Segments returns the segments that rows with these first and last positions
// see, [lo, hi); none if hi ≤ lo.
func Segments(first, last []int32) (lo, hi int) {
	f, l := span(first, last)
	if l < f {
		return 0, 0
	}
	return f / SegmentTokens, l/SegmentTokens + 1
}
