package sample

import "slices"

// Drawing from the whole vocabulary without sorting it: one pass puts the
// tokens into buckets of equal logit range and keeps each bucket's count and
// weight. A cut (top-k, top-p, min-p) or a draw then falls into one bucket, and
// only that bucket, or a short head of the order up to it, is collected and
// sorted. Weights being integers, the sums are those of the sorted definition.

const (
	bucketsPerOctave = 4
	bucketCount      = weightBits * bucketsPerOctave
	shortHead        = 512 // a head of so many tokens is collected as a whole
)

// histogram holds per bucket how many tokens fall into it and their weight.
// Later buckets hold smaller logits.
type histogram struct {
	count  [bucketCount]int
	weight [bucketCount]uint64
}

// bucket returns the bucket of −40 < t ≤ 0.
func bucket(t float64) int { return int(-t * bucketsPerOctave) }

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
	for ; goal >= m.hist.weight[b]; b++ {
		goal -= m.hist.weight[b]
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
	skip := float32(s.max - (weightBits+1)/s.perT)
	for _, x := range row {
		if x < skip {
			continue
		}
		if t := s.at(x); t > -weightBits {
			b := bucket(t)
			m.hist.count[b]++
			m.hist.weight[b] += weight(t)
		}
	}
}

// kept returns the weight of the tokens that top-k, top-p and min-p leave. All
// three keep a start of the order, so the least of their weights stands for the
// shortest of the starts.
func (m *Sampler) kept(p *Params, row []float32, s *scale) uint64 {
	total := uint64(0)
	for _, w := range m.hist.weight {
		total += w
	}
	if p.TopK > 0 {
		total = m.firstWeight(row, s, p.TopK, total)
	}
	kept := total
	if need := topPNeed(p, total); need < total {
		kept = m.reach(row, s, need)
	}
	if s.low > -weightBits {
		kept = min(kept, m.aboveLow(row, s))
	}
	return kept
}

// firstWeight returns the weight of the first k tokens, at most total.
func (m *Sampler) firstWeight(row []float32, s *scale, k int, total uint64) uint64 {
	sum := uint64(0)
	for b, n := range m.hist.count {
		if k >= n {
			k -= n
			sum += m.hist.weight[b]
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
	for ; sum+m.hist.weight[b] < need; b++ {
		sum += m.hist.weight[b]
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
	end := bucket(s.low)
	for _, w := range m.hist.weight[:end] {
		sum += w
	}
	for _, c := range m.members(row, s, end) {
		if t := s.at(c.x); t >= s.low {
			sum += weight(t)
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
		start += m.hist.count[i]
	}
	return m.member[start : start+m.hist.count[b]]
}

// collect sorts bucket b into m.member, with all before it if they are few.
func (m *Sampler) collect(row []float32, s *scale, b int) {
	head := 0
	for _, n := range m.hist.count[:b+1] {
		head += n
	}
	m.low, m.high = b, b
	if head <= shortHead {
		m.low = 0
	}
	m.member = m.member[:0]
	skip := float32(s.max - float64(b+2)/bucketsPerOctave/s.perT)
	for i, x := range row {
		if x < skip {
			continue
		}
		if t := s.at(x); t > -weightBits {
			if at := bucket(t); at >= m.low && at <= b {
				m.member = append(m.member, candidate{int32(i), x})
			}
		}
	}
	slices.SortFunc(m.member, order)
}
