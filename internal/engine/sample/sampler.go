package sample

import (
	"errors"
	"fmt"
	"math/bits"
)

var (
	// ErrNaN is returned, wrapped with the token's id, for a row of logits that
	// holds a NaN or +Inf: the model's arithmetic went wrong, no draw from it
	// would mean anything.
	ErrNaN = errors.New("model produced NaN")
	// ErrNoToken is returned for a row in which no token may be taken.
	ErrNoToken = errors.New("sample: no token is allowed")
)

// LogProb is a token with its natural-log probability.
type LogProb struct {
	ID      int32
	LogProb float32
}

// Choice is a drawn token. LogProb and Top are set only if asked for.
type Choice struct {
	ID      int32
	LogProb float32
	Top     []LogProb // likeliest first; valid until the next Sample
}

// Sampler is the scratch memory of sampling. The zero value is ready.
type Sampler struct {
	work   []float32 // the row with the mask applied
	undo   []change
	best   []candidate // the first k of a row
	hist   histogram
	member []candidate // buckets low to high of hist, in order
	low    int
	high   int
	top    []LogProb
}

// Sample draws token number index of the request behind s from one row of
// logits, (V). mask has one bit per id, set where the token is allowed; nil
// allows all. logProbs asks for log probabilities: 0 none, −1 the chosen
// token's, n > 0 also the n likeliest. The row is unchanged afterwards.
//
// The drawn token does not enter s by itself: call s.Seen when it is taken.
func (m *Sampler) Sample(s *State, index int, logits []float32, mask []uint64, logProbs int) (Choice, error) {
	var c Choice
	var norm float64
	if logProbs != 0 {
		greatest, err := m.likeliest(logits, logProbs)
		if err != nil {
			return c, err
		}
		norm = float64(greatest) + logSumExp(logits, greatest)
		c.Top = m.logProbs(norm)
	}
	row := logits
	if mask != nil {
		row = m.masked(logits, mask)
	}
	m.undo = s.adjust(row, m.undo[:0])
	id, err := m.draw(&s.p, row, random(s.p.Seed, uint64(index)))
	restore(row, m.undo)
	if err != nil {
		return c, err
	}
	c.ID = id
	if logProbs != 0 {
		c.LogProb = float32(float64(logits[id]) - norm)
	}
	return c, nil
}

// likeliest fills m.best with the n greatest logits and returns the greatest.
func (m *Sampler) likeliest(logits []float32, n int) (greatest float32, err error) {
	if m.best, err = firstK(m.best[:0], logits, max(n, 1)); err != nil {
		return 0, err
	}
	greatest = m.best[0].x
	if n < 0 {
		m.best = m.best[:0]
	}
	return greatest, nil
}

// logProbs returns m.best as log probabilities.
func (m *Sampler) logProbs(norm float64) []LogProb {
	m.top = m.top[:0]
	for _, c := range m.best {
		m.top = append(m.top, LogProb{c.id, float32(float64(c.x) - norm)})
	}
	return m.top
}

// masked copies logits to scratch with −Inf where mask has no bit, 64 ids at a
// time because masks are mostly all or nothing.
func (m *Sampler) masked(logits []float32, mask []uint64) []float32 {
	m.work = append(m.work[:0], logits...)
	for base := 0; base < len(logits); base += 64 {
		allowed := uint64(0)
		if base/64 < len(mask) {
			allowed = mask[base/64]
		}
		if allowed == ^uint64(0) {
			continue
		}
		block := m.work[base:min(base+64, len(logits))]
		for not := ^allowed; not != 0; not &= not - 1 {
			i := bits.TrailingZeros64(not)
			if i >= len(block) {
				break
			}
			block[i] = negInf
		}
	}
	return m.work
}

// draw returns the token of an adjusted row for the random number rnd.
func (m *Sampler) draw(p *Params, row []float32, rnd uint64) (int32, error) {
	switch {
	case p.Temperature == 0:
		best, err := argMax(row)
		return best.id, err
	case p.TopK > 0 && p.TopK <= maxHeld:
		return m.drawFew(p, row, rnd)
	default:
		return m.drawMany(p, row, rnd)
	}
}

// target scales a random number to [0, total).
func target(rnd, total uint64) uint64 {
	hi, _ := bits.Mul64(rnd, total)
	return hi
}

func nanError(id int, x float32) error {
	return fmt.Errorf("%w: logit of token %d is %g", ErrNaN, id, x)
}
