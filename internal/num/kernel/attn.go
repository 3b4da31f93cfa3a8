package kernel

import "malmoi/internal/num/cpu"

// Attn is the attention of R rows of queries to the keys and values of one
// key/value head: the query heads of some tokens, say. Row r sees the positions
// First[r] … Last[r], both included, and none if Last[r] < First[r]; then its
// output is zero. Position i lies in slot i%32 of Pages[i/32]; pages that no
// row sees are not touched.
type Attn struct {
	Q       []float32 // (R, D), scaled already
	Out     []float32 // (R, D)
	R, D    int
	First   []int32  // (R)
	Last    []int32  // (R)
	Pages   [][]byte // as laid out by KV
	Softcap float32  // scores become Softcap·tanh(score/Softcap) unless it is 0
}

// AttnScratch is the working memory of one call at a time. Its zero value is
// ready; it grows to what the largest call needed.
type AttnScratch struct {
	scores    []float32 // (R, groupTokens), then weights
	factor    []float32 // (R) for what was summed before
	page      []float32 // half a page
	sum, part AttnPart  // of Attend
}

// Softmax is taken online (Milakov and Gimelshein, arXiv:1805.02867) over
// groups of positions. Groups begin at multiples of groupTokens, so how a row's
// positions fall into groups does not depend on the other rows. Groups go on
// from each other inside a segment; see AttnPart.
const (
	groupPages  = 4
	groupTokens = groupPages * PageTokens
)

// noScore stands for the largest score before there is one. It is finite, so
// that noScore-noScore is 0 and a row that has seen nothing stays as it is.
const noScore = -0x1.fffffep127

// Attend computes Out. The definition, for every row:
//
//	s[i] = q·K[i], p[i] = e^(s[i] - max s), out = Σ p[i]·V[i] / Σ p[i]
//
// with i over the positions the row sees. If all its scores are -Inf the
// output is zero; a NaN or +Inf among them makes it NaN. Finite scores must stay
// within ±2e38. A value that is NaN is seen by all rows of the call, so do not
// store one.
func (k KV) Attend(a *Attn, s *AttnScratch) {
	lo, hi := Segments(a.First[:a.R], a.Last[:a.R])
	if hi <= lo {
		clear(a.Out[:a.R*a.D])
		return
	}
	k.AttendPart(&s.sum, a, s, lo)
	for i := lo + 1; i < hi; i++ {
		k.AttendPart(&s.part, a, s, i)
		s.sum.Join(&s.part, a.D)
	}
	s.sum.Finish(a.Out, a.D)
}

func (s *AttnScratch) reset(R int) {
	s.scores = sized(s.scores, R*groupTokens)
	s.factor = sized(s.factor, R)
}

// span returns the first and last position that any row sees; last < first if
// none does.
func span(first, last []int32) (lo, hi int) {
	lo, hi = 1, 0
	for r, f := range first {
		l := last[r]
		if l < f {
			continue
		}
		if hi < lo {
			lo, hi = int(f), int(l)
		}
		lo, hi = min(lo, int(f)), max(hi, int(l))
	}
	return lo, hi
}

// group adds the positions lo … hi, which lie in one group, to all rows of part.
func (s *AttnScratch) group(e elem, a *Attn, part *AttnPart, lo, hi int) {
	page0 := lo / PageTokens
	pages := hi/PageTokens - page0 + 1
	base := page0 * PageTokens
	width := pages * PageTokens
	scores := s.scores[:a.R*groupTokens]

	for i := range pages {
		keys, ke := s.widen(e, keysOf(a.Pages[page0+i], a.D, e), a.R)
		p := tileMul{
			a: a.Q, lda: a.D,
			b: keys, ldb: PageTokens * ke.bytes(), bvec: vec * ke.bytes(),
			k:   a.D,
			out: scores[i*PageTokens:], ldo: groupTokens,
			rows: a.R,
		}
		p.run(ke, PageTokens/vec)
	}
	for r := range a.R {
		row := scores[r*groupTokens:][:width]
		if a.Softcap != 0 {
			capScores(row, a.Softcap)
		}
		maskRow(row, int(a.First[r])-base, int(a.Last[r])-base)
	}
	s.weigh(a, part, width)
	for i := range pages {
		at := base + i*PageTokens
		s.mix(e, a, part, page0+i, max(lo-at, 0), min(hi-at, PageTokens-1), i)
	}
}

func keysOf(page []byte, D int, e elem) []byte { return page[:D*PageTokens*e.bytes()] }

func valuesOf(page []byte, D int, e elem) []byte {
	n := D * PageTokens * e.bytes()
	return page[n : 2*n]
}

// maskRow hides what is not in lo … hi.
func maskRow(row []float32, lo, hi int) {
	n := len(row)
	lo = min(max(lo, 0), n)
	hi = min(max(hi+1, lo), n)
	for i := range row[:lo] {
		row[i] = negInf
	}
	for i := hi; i < n; i++ {
		row[i] = negInf
	}
}

// weigh turns scores into weights and rescales what the rows have summed.
func (s *AttnScratch) weigh(a *Attn, part *AttnPart, width int) {
	w := weighing{
		s: s.scores, lds: groupTokens, rows: a.R, width: width,
		max: part.Max, sum: part.Sum, factor: s.factor,
	}
	if cpu.Current() == cpu.Portable {
		weighGeneric(&w)
	} else {
		weighAsm(&w)
	}
	for r, f := range s.factor {
		if f != 1 {
			Scale(part.Out[r*a.D:(r+1)*a.D], f)
		}
	}
}

// mix adds the weighted values in slots lo … hi of page number i of the group.
func (s *AttnScratch) mix(e elem, a *Attn, part *AttnPart, page, lo, hi, i int) {
	values, ve := s.widen(e, valuesOf(a.Pages[page], a.D, e), a.R)
	weights := s.scores[i*PageTokens+lo:]
	ldb := a.D * ve.bytes()
	p := tileMul{
		a: weights, lda: groupTokens,
		b: values[lo*ldb:], ldb: ldb, bvec: vec * ve.bytes(),
		k:   hi - lo + 1,
		out: part.Out, ldo: a.D,
		rows: a.R, acc: 1,
	}
	if whole := a.D / vec; whole > 0 {
		p.run(ve, whole)
	}
	if a.D%vec != 0 {
		mixRest(ve, a, part, weights, values[lo*ldb:], hi-lo+1)
	}
}

// mixRest adds the columns beyond the last multiple of 16.
func mixRest(e elem, a *Attn, part *AttnPart, weights []float32, values []byte, k int) {
	var col [vec]float32
	from := a.D / vec * vec
	for i := range k {
		b := values[(i*a.D+from)*e.bytes():]
		loadSome(col[:a.D-from], b, e)
		for r := range a.R {
			w := weights[r*groupTokens+i]
			for j, v := range col[:a.D-from] {
				part.Out[r*a.D+from+j] += w * v
			}
		}
	}
}
