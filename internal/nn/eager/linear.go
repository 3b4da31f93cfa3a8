package eager

import (
	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/par"
)

// mulTask multiplies a range of panels and, before the next chunk evicts the
// result, adds the bias to it and, where h is set, it to the hidden state.
type mulTask struct {
	e     *Exec
	l     *nn.Linear
	x     *kernel.Acts
	out   []float32 // (T, ld)
	ld    int
	T     int
	step  int // panels per chunk
	h     nn.Rows
	addH  bool
	scale float32
}

// A chunk is about a quarter of a millisecond: long enough that the counter and
// the call vanish, short enough that two workers share a layer evenly and a
// late one costs little. With few rows a panel takes as long as its bytes take
// to arrive, in which time the processor could multiply some fifteen rows.
const (
	chunkMACs    = 1 << 26
	waitingAsRow = 15
)

// minParallelMACs is the size below which waking a worker costs more than the
// product.
const minParallelMACs = 1 << 16

// linear writes W·x + b into out, (T, ld).
func (e *Exec) linear(out []float32, ld int, x *kernel.Acts, l *nn.Linear) {
	t := &e.mul
	t.l, t.x, t.out, t.ld, t.addH = l, x, out, ld, false
	e.runMul(x.Len())
}

func (e *Exec) runMul(T int) {
	t := &e.mul
	t.T = T
	e.share(t, &t.step, t.l.W.Panels(), t.l.W.Cols(), T)
}

// share runs a task that works on panels of C columns for T rows, in chunks and
// on all workers where that pays. step is where the task reads how many panels
// a chunk has.
func (e *Exec) share(t par.Task, step *int, panels, C, T int) {
	most := chunkMACs / (kernel.PanelRows * C * (T + waitingAsRow))
	if e.pool.Threads() == 1 || panels*kernel.PanelRows*C*T < minParallelMACs {
		*step = panelSteps(min(panels, most))
		for i := range (panels + *step - 1) / *step {
			t.Do(0, i)
		}
		return
	}
	even := (panels + 4*e.pool.Threads() - 1) / (4 * e.pool.Threads())
	*step = panelSteps(min(even, most))
	e.pool.Run((panels+*step-1) / *step, t)
}

// panelSteps rounds a number of panels up to what the kernels like to take.
func panelSteps(n int) int {
	return max(1, (n+kernel.PanelStep-1)/kernel.PanelStep) * kernel.PanelStep
}

// Do computes one chunk of panels.
func (t *mulTask) Do(_, chunk int) {
	p0 := chunk * t.step
	p1 := min(p0+t.step, t.l.W.Panels())
	t.l.W.Mul(t.out, t.ld, t.x, p0, p1)
	if !t.addH && t.l.Bias == nil {
		return
	}
	r0, r1 := t.l.W.PanelRange(p0, p1)
	for i := range t.T {
		row := t.out[i*t.ld+r0 : i*t.ld+r1]
		if t.l.Bias != nil {
			kernel.Add(row, t.l.Bias[r0:r1])
		}
		if t.addH {
			kernel.AddScaled(t.h.Row(i)[r0:r1], row, t.scale)
		}
	}
}

// product writes W·x+b into the wide scratch and returns it, (T, OC).
func (e *Exec) product(x *kernel.Acts, l *nn.Linear) []float32 {
	OC := l.W.Rows()
	e.wide = grow(e.wide, e.T*OC)
	e.linear(e.wide, OC, x, l)
	return e.wide
}

// Add computes h += scale·(W·x + b).
func (e *Exec) Add(h nn.Rows, x *kernel.Acts, l *nn.Linear, scale float32) {
	OC := l.W.Rows()
	e.wide = grow(e.wide, e.T*OC)
	t := &e.mul
	t.l, t.x, t.out, t.ld = l, x, e.wide, OC
	t.addH, t.h, t.scale = true, h, scale
	e.runMul(e.T)
}

// AddNormed computes h += scale·norm(W·x + b).
func (e *Exec) AddNormed(h nn.Rows, x *kernel.Acts, l *nn.Linear, n *nn.Norm, scale float32) {
	e.rows.src, e.rows.ld = e.product(x, l), l.W.Rows()
	e.rows.op, e.rows.h, e.rows.n, e.rows.by = opAddNormed, h, n, scale
	e.runRows()
}

// Gated returns act(gate)⊙up, (T, FF).
func (e *Exec) Gated(x *kernel.Acts, m *nn.GatedMLP) *kernel.Acts {
	e.rows.src, e.rows.ld = e.product(x, m.GateUp), m.GateUp.W.Rows()
	e.ffn.Reset(e.T, m.FF)
	e.rows.op, e.rows.m, e.rows.x = opGate, m, &e.ffn
	e.runRows()
	return &e.ffn
}

// Activated returns act(W·x + b), (T, OC).
func (e *Exec) Activated(x *kernel.Acts, l *nn.Linear, act nn.Activation) *kernel.Acts {
	OC := l.W.Rows()
	e.rows.src, e.rows.ld = e.product(x, l), OC
	e.ffn.Reset(e.T, OC)
	e.rows.op, e.rows.act, e.rows.x = opAct, act, &e.ffn
	e.runRows()
	return &e.ffn
}
