package eager

import (
	"cmp"
	"slices"

	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
)

// This file computes the few largest logits of a row without the others: all
// panels of the head are screened, the most promising are multiplied exactly,
// and then those of which the bound does not say that they come too late.

// MostBest is the greatest nn.Batch.Best that screening serves; with more,
// too many panels are near.
const MostBest = 64

const (
	// A head of which more than a quarter is near is computed whole, which costs
	// more than without screening; a second try for as many logits or more then
	// waits, each time longer.
	nearShare   = 4
	screenRest  = 8
	screenRests = 256
)

// screening is the memory of screened heads.
type screening struct {
	off    bool  // SetScreening(false)
	rest   int   // steps to sit out
	rested int   // the length of the last rest
	vain   int32 // how many logits were asked for in vain
	counts Screened

	most   int32     // the greatest of the step's Best
	best   []float32 // (rows, panels) greatest approximation of each panel
	bounds []kernel.Bound
	chosen []bool  // (panels) multiplied exactly
	list   []int32 // panels to multiply now
	order  []int32 // panels of one row: the most promising first, then the near
	values []float32
	task   screenTask
}

// Screened counts what screening did, since the Exec was made.
type Screened struct {
	Steps  int64 // that were screened
	Whole  int64 // of those: in which too much was near, so that all was computed
	Panels int64 // of the other steps' heads
	Exact  int64 // of those: multiplied exactly
}

// SetScreening allows or forbids screening; it is allowed at first.
func (e *Exec) SetScreening(on bool) { e.screen.off = !on }

// Screened returns the counts.
func (e *Exec) Screened() Screened { return e.screen.counts }

// screenTask screens a chunk of panels, or with list multiplies panels of it.
type screenTask struct {
	e      *Exec
	w      *kernel.Matrix
	x      *kernel.Acts
	logits []float32 // (rows, V)
	step   int
	exact  bool
}

// Do computes one chunk.
func (t *screenTask) Do(_, chunk int) {
	s, V := &t.e.screen, t.w.Rows()
	if !t.exact {
		t.w.Screen(t.logits, V, s.best, t.x, chunk*t.step, min((chunk+1)*t.step, t.w.Panels()))
		return
	}
	for _, p := range s.list[chunk*t.step : min((chunk+1)*t.step, len(s.list))] {
		t.w.Mul(t.logits, V, t.x, int(p), int(p)+1)
	}
}

// run does the task over n panels.
func (t *screenTask) run(n int) {
	t.e.share(t, &t.step, n, t.w.Cols(), t.x.Len())
}

// screens says that the step's logits can and should be screened.
func (e *Exec) screens(head *nn.Linear, scale float32) bool {
	s, rows := &e.screen, len(e.b.Out)
	if s.off || len(e.b.Best) < rows || rows > kernel.ScreenRows() || !head.W.Screens() || head.Bias != nil || scale != 1 {
		return false
	}
	s.bounds = s.bounds[:0]
	s.most = 0
	for i, k := range e.b.Best[:rows] {
		b, ok := e.last.Bound(i)
		if k < 1 || k > MostBest || int(k) > head.W.Panels() || !ok {
			return false
		}
		s.bounds = append(s.bounds, b)
		s.most = max(s.most, k)
	}
	if s.rest > 0 && s.most >= s.vain {
		s.rest--
		return false
	}
	return true
}

// screened writes logits, (rows, V), of which each row's Best greatest, and all
// that equal the least of these, are exact; false if it had better be computed
// whole. What is not exact is less than they are.
func (e *Exec) screened(logits []float32, head *nn.Linear) bool {
	s, rows, panels := &e.screen, len(e.b.Out), head.W.Panels()
	s.best = grow(s.best, rows*panels)
	s.chosen = append(s.chosen[:0], make([]bool, panels)...)
	t := &s.task
	t.e, t.w, t.x, t.logits, t.exact = e, head.W, &e.last, logits, false
	t.run(panels)
	s.counts.Steps++

	t.exact, s.list = true, s.list[:0]
	for i := range rows {
		s.promising(s.best[i*panels:(i+1)*panels], int(e.b.Best[i]))
	}
	t.run(len(s.list))
	exact, first := len(s.list), len(s.list)
	s.near(t, e.b.Best[:rows])
	if exact += len(s.list) - first; exact > panels/nearShare {
		s.counts.Whole++
		s.rested = min(max(screenRest, 2*s.rested), screenRests)
		s.rest, s.vain = s.rested, s.most
		return false
	}
	s.list = append(s.list[:0], s.list[first:]...)
	t.run(len(s.list))
	if s.most >= s.vain {
		s.rested = 0
	}
	s.counts.Panels += int64(panels)
	s.counts.Exact += int64(exact)
	return true
}

// promising chooses the k panels with the greatest approximations.
func (s *screening) promising(best []float32, k int) {
	s.order = s.order[:0]
	low := float32(0)
	byBest := func(a, b int32) int { return cmp.Compare(best[b], best[a]) }
	for p, v := range best {
		if len(s.order) >= k && v <= low {
			continue
		}
		s.order = append(s.order, int32(p))
		if len(s.order) == 4*k || len(s.order) == k {
			slices.SortFunc(s.order, byBest)
			s.order = s.order[:k]
			low = best[s.order[k-1]]
		}
	}
	slices.SortFunc(s.order, byBest)
	for _, p := range s.order[:k] {
		s.choose(p)
	}
}

func (s *screening) choose(p int32) {
	if !s.chosen[p] {
		s.chosen[p] = true
		s.list = append(s.list, p)
	}
}

// near chooses, besides the panels in the list, which are exact, all that may
// hold one of the k greatest of a row or its equal. The k-th greatest of what is
// exact is no more than the k-th greatest of all.
func (s *screening) near(t *screenTask, k []int32) {
	V, panels, exact := t.w.Rows(), t.w.Panels(), len(s.list)
	for i := range k {
		row := t.logits[i*V : (i+1)*V]
		s.values = s.values[:0]
		for _, p := range s.list[:exact] {
			r0, r1 := t.w.PanelRange(int(p), int(p)+1)
			s.values = append(s.values, row[r0:r1]...)
		}
		slices.Sort(s.values)
		low := s.values[len(s.values)-int(k[i])]
		s.order = t.w.Near(s.order[:0], row, s.best[i*panels:(i+1)*panels], low, s.bounds[i])
		for _, p := range s.order {
			s.choose(p)
		}
	}
}
