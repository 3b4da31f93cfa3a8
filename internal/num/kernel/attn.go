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
	scores []float32 // (R, groupTokens), then weights
	factor []float32 // (R) for what was summed before
	wide   attnWide

	first, last int      // what all rows see
	sum, part   AttnPart // of Attend
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

func (s *AttnScratch) reset(a *Attn) {
	s.scores = sized(s.scores, a.R*groupTokens)
	s.factor = sized(s.factor, a.R)
	s.first, s.last = int(a.First[0]), int(a.Last[0])
	for r := range a.R {
		s.first, s.last = max(s.first, int(a.First[r])), min(s.last, int(a.Last[r]))
	}
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

// attnGroup is what the rows of one call see of one group: the positions
// lo … hi, which lie in pages pages from page0 on. The rows that see any of page
// i are rows[i][0] … rows[i][1]-1 and, perhaps, others between them.
type attnGroup struct {
	e            elem
	lo, hi       int
	page0, pages int
	rows         [groupPages][2]int
}

// position returns where page i begins.
func (g *attnGroup) position(i int) int { return (g.page0 + i) * PageTokens }

// group adds the positions lo … hi, which lie in one group, to all rows of part.
func (s *AttnScratch) group(e elem, a *Attn, part *AttnPart, lo, hi int) {
	g := attnGroup{e: e, lo: lo, hi: hi, page0: lo / PageTokens}
	g.pages = hi/PageTokens - g.page0 + 1
	for i := range g.pages {
		at := g.position(i)
		g.rows[i] = s.seers(a, max(at, lo), min(at+PageTokens-1, hi))
	}
	s.wide.widen(&g, a)
	for i := range g.pages {
		s.score(&g, a, i)
	}
	width := g.pages * PageTokens
	masked := width != hi-lo+1 || !s.allSee(lo, hi)
	for r := range a.R {
		row := s.scores[r*groupTokens:][:width]
		if a.Softcap != 0 {
			capScores(row, a.Softcap)
		}
		if masked {
			maskRow(row, int(a.First[r])-g.position(0), int(a.Last[r])-g.position(0))
		}
	}
	s.weigh(a, part, width)
	s.mix(&g, a, part)
}

// allSee reports whether all rows see all of the positions lo … hi.
func (s *AttnScratch) allSee(lo, hi int) bool { return s.first <= lo && hi <= s.last }

// seers returns which rows see any of the positions lo … hi, as the first and
// the one behind the last.
func (s *AttnScratch) seers(a *Attn, lo, hi int) (rows [2]int) {
	if s.allSee(lo, hi) {
		return [2]int{0, a.R}
	}
	for r := range a.R {
		first, last := int(a.First[r]), int(a.Last[r])
		if max(first, lo) > min(last, hi) {
			continue
		}
		if rows[1] == 0 {
			rows[0] = r
		}
		rows[1] = r + 1
	}
	return rows
}

// score computes the scores of page i for the rows that see it.
func (s *AttnScratch) score(g *attnGroup, a *Attn, i int) {
	r, end := g.rows[i][0], g.rows[i][1]
	e, keys := g.e, keysOf(a.Pages[g.page0+i], a.D, g.e)
	next := valuesOf(a.Pages[g.page0], a.D, e)
	if i+1 < g.pages {
		next = keysOf(a.Pages[g.page0+i+1], a.D, e)
	}
	ahead := distance(keys, next)
	if s.wide.on {
		e, keys = elemF32, s.wide.keysOf(i, a.D)
	}
	p := tileMul{
		a: a.Q[r*a.D:], lda: a.D,
		b: keys, ldb: PageTokens * e.bytes(), bvec: vec * e.bytes(),
		k:   a.D,
		out: s.scores[r*groupTokens+i*PageTokens:], ldo: groupTokens,
		rows:  end - r,
		ahead: ahead,
	}
	p.run(e, PageTokens/vec)
}

// mix adds the weighted values, of several pages at once where they are wide and
// the same rows see them.
func (s *AttnScratch) mix(g *attnGroup, a *Attn, part *AttnPart) {
	for i := 0; i < g.pages; {
		end := i + 1
		for s.wide.on && end < g.pages && g.rows[end] == g.rows[i] {
			end++
		}
		lo, hi := max(g.lo, g.position(i)), min(g.hi, g.position(end)-1)
		r := g.rows[i][0]
		p := tileMul{
			a: s.scores[r*groupTokens+lo-g.position(0):], lda: groupTokens,
			k:   hi - lo + 1,
			out: part.Out[r*a.D:], ldo: a.D,
			rows: g.rows[i][1] - r, acc: 1,
		}
		if s.wide.on {
			s.wide.mix(&p, lo-g.position(0), a.D)
		} else {
			mixPage(&p, g, a, i, lo%PageTokens)
		}
		i = end
	}
	if a.D%vec != 0 {
		s.mixRest(g, a, part)
	}
}

// mixPage adds the values of page i from a slot on to p.
func mixPage(p *tileMul, g *attnGroup, a *Attn, i, slot int) {
	if a.D < vec {
		return
	}
	values := valuesOf(a.Pages[g.page0+i], a.D, g.e)
	var next []byte
	if n := g.page0 + i + 1; i+1 < g.pages {
		next = valuesOf(a.Pages[n], a.D, g.e)
	} else if n < len(a.Pages) {
		next = keysOf(a.Pages[n], a.D, g.e)
	}
	p.ldb, p.bvec = a.D*g.e.bytes(), vec*g.e.bytes()
	p.b, p.ahead = values[slot*p.ldb:], distance(values, next)
	p.run(g.e, a.D/vec)
}

// mixRest adds the columns beyond the last multiple of 16.
func (s *AttnScratch) mixRest(g *attnGroup, a *Attn, part *AttnPart) {
	var col [vec]float32
	from := a.D / vec * vec
	for i := g.lo; i <= g.hi; i++ {
		values := valuesOf(a.Pages[i/PageTokens], a.D, g.e)
		loadSome(col[:a.D-from], values[(i%PageTokens*a.D+from)*g.e.bytes():], g.e)
		for r := range a.R {
			w := s.scores[r*groupTokens+i-g.position(0)]
			for j, v := range col[:a.D-from] {
				part.Out[r*a.D+from+j] += w * v
			}
		}
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
