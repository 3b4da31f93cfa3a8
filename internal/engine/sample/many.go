package sample

import "slices"

// Drawing from the whole vocabulary without sorting it: one pass puts the
// tokens into buckets of equal logit range and keeps each bucket's count and
// weight. A cut (top-k, top-p, min-p) or a draw then falls into one bucket, and
// only that bucket, or a short head of the order up to it, is collected and
// sorted. Weights being integers, the sums are those of the sorted definition.

const (
	bucketSteps = 16 // of u: a quarter of an octave
	bucketCount = -lightest/bucketSteps + 1
	shortHead   = 512 // a head of so many tokens is collected as a whole
)

// histogram holds per bucket how many tokens fall into it and their weight.
// Later buckets hold smaller logits.
type histogram [bucketCount]struct {
	count  int
	weight uint64
}

// bucket returns the bucket of lightest < u ≤ 0, given the k of split(u).
func bucket(k int) int { return int(uint(offset-k) / bucketSteps) }

// drawMany draws among all tokens of row.
func (m *Sampler) drawMany(p *Params, row []float32, rnd uint64) (int32, error) {
	best, err := argMax(row)
	if err != nil {
		return 0, err
	}
	scale := newScale(p, best.x)
	m.fill(row, &scale)
	goal := target(rnd, m.kept(p, row, &scale))
	b := 0
	for ; goal >= m.hist[b].weight; b++ {
		goal -= m.hist[b].weight
	}
	for _, c := range m.members(row, &scale, b) {
		w := weight(scale.at(c.x))
		if goal < w {
			return c.id, nil
		}
		goal -= w
	}
	return best.id, nil // not reached: the bucket's weights sum to more than goal
}

// fill counts row into the histogram. The first comparison skips, in the
// logits' own scale, what weighs nothing; it errs on the side of a closer look.
func (m *Sampler) fill(row []float32, s *scale) {
	m.hist = histogram{}
	m.low, m.high = 1, 0
	skip := s.above(-lightest)
	for _, x := range row {
		if x < skip {
			continue
		}
		if u := s.at(x); u > lightest {
			k, r := split(u)
			h := &m.hist[bucket(k)]
			h.count++
			h.weight += weigh(k, r)
		}
	}
}

// kept returns the weight of the tokens that top-k, top-p and min-p leave. All
// three keep a start of the order, so the least of their weights stands for the
// shortest of the starts.
func (m *Sampler) kept(p *Params, row []float32, s *scale) uint64 {
	total := uint64(0)
	for b := range m.hist {
		total += m.hist[b].weight
	}
	if p.TopK > 0 {
		total = m.firstWeight(row, s, p.TopK, total)
	}
	kept := total
	if need := topPNeed(p, total); need < total {
		kept = m.reach(row, s, need)
	}
	if s.low > lightest {
		kept = min(kept, m.aboveLow(row, s))
	}
	return kept
}

// firstWeight returns the weight of the first k tokens, at most total.
func (m *Sampler) firstWeight(row []float32, s *scale, k int, total uint64) uint64 {
	sum := uint64(0)
	for b := range m.hist {
		if n := m.hist[b].count; k >= n {
			k -= n
			sum += m.hist[b].weight
			continue
		}
		for _, c := range m.members(row, s, b)[:k] {
			sum += weight(s.at(c.x))
		}
		return sum
	}
	return total
}

// reach returns the weight of the shortest start that weighs need or more.
func (m *Sampler) reach(row []float32, s *scale, need uint64) uint64 {
	sum := uint64(0)
	b := 0
	for ; sum+m.hist[b].weight < need; b++ {
		sum += m.hist[b].weight
	}
	for _, c := range m.members(row, s, b) {
		if sum >= need {
			break
		}
		sum += weight(s.at(c.x))
	}
	return sum
}

// aboveLow returns the weight of the tokens that min-p leaves.
func (m *Sampler) aboveLow(row []float32, s *scale) uint64 {
	sum := uint64(0)
	k, _ := split(s.low)
	end := bucket(k)
	for b := range end {
		sum += m.hist[b].weight
	}
	for _, c := range m.members(row, s, end) {
		if u := s.at(c.x); u >= s.low {
			sum += weight(u)
		}
	}
	return sum
}

// members returns bucket b in order. What it collects it keeps until fill, so
// that the draw finds what the cut has sorted.
func (m *Sampler) members(row []float32, s *scale, b int) []candidate {
	if b < m.low || b > m.high {
		m.collect(row, s, b)
	}
	start := 0
	for i := m.low; i < b; i++ {
		start += m.hist[i].count
	}
	return m.member[start : start+m.hist[b].count]
}

// collect sorts bucket b into m.member, with all before it if they are few.
func (m *Sampler) collect(row []float32, s *scale, b int) {
	head := 0
	for i := range b + 1 {
		head += m.hist[i].count
	}
	m.low, m.high = b, b
	if head <= shortHead {
		m.low = 0
	}
	m.member = m.member[:0]
	skip := s.above((b + 1) * bucketSteps)
	for i, x := range row {
		if x < skip {
			continue
		}
		if u := s.at(x); u > lightest {
			k, _ := split(u)
			if at := bucket(k); at >= m.low && at <= b {
				m.member = append(m.member, candidate{int32(i), x})
			}
		}
	}
	slices.SortFunc(m.member, order)
}
