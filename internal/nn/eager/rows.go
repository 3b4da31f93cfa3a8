package eager

import (
	"fmt"

	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/quant"
)

// Embed returns the table's rows of the batch's tokens, times scale.
func (e *Exec) Embed(t *nn.Table, scale float32) nn.Rows {
	e.hidden = grow(e.hidden, e.T*t.C)
	h := nn.Rows{Data: e.hidden, T: e.T, C: t.C}
	for i, id := range e.b.Tokens {
		e.lookup(h.Row(i), t, int(id))
		if scale != 1 {
			kernel.Scale(h.Row(i), scale)
		}
	}
	return h
}

// lookup decodes one row of a table into dst, (C).
func (e *Exec) lookup(dst []float32, t *nn.Table, row int) {
	if row < 0 || row >= t.V {
		e.fail(fmt.Errorf("eager: row %d of a table of %d", row, t.V))
		clear(dst)
		return
	}
	n, err := t.Type.RowBytes(t.C)
	if err == nil {
		err = quant.Decode(t.Type, dst, t.Data[row*n:(row+1)*n])
	}
	if err != nil {
		e.fail(err)
	}
}

func (e *Exec) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// AddPositions adds row pos+offset of a learned position table to each row.
func (e *Exec) AddPositions(h nn.Rows, t *nn.Table, offset int) {
	e.tokens = grow(e.tokens, t.C)
	for i := range h.T {
		e.lookup(e.tokens, t, int(e.pos[i])+offset)
		kernel.Add(h.Row(i), e.tokens)
	}
}

// AddRow adds one row of a table to every row.
func (e *Exec) AddRow(h nn.Rows, t *nn.Table, row int) {
	e.tokens = grow(e.tokens, t.C)
	e.lookup(e.tokens, t, row)
	for i := range h.T {
		kernel.Add(h.Row(i), e.tokens)
	}
}

// Tap shows the hidden state to whoever traces the step.
func (e *Exec) Tap(layer int, h nn.Rows) {
	if e.tap != nil {
		e.tap(layer, h)
	}
}

// Emit copies h to the batch's Hidden.
func (e *Exec) Emit(h nn.Rows) {
	if e.b.Hidden != nil {
		copy(e.b.Hidden, h.Data)
	}
}

// rowTask is work that is done row by row; op says which.
type rowTask struct {
	e    *Exec
	op   rowOp
	step int // rows per chunk
	h    nn.Rows
	n    *nn.Norm
	x    *kernel.Acts
	src  []float32 // (T, ld)
	ld   int
	m    *nn.GatedMLP
	act  nn.Activation
	a    *nn.Attention
	by   float32
}

type rowOp int

const (
	opNorm      rowOp = iota // x = norm(h)
	opNormRows               // h = norm(h)
	opPrepare                // x = h
	opGate                   // x = act(gate)·up
	opAct                    // x = act(src)
	opAddNormed              // h += by·norm(src)
	opAngles                 // cos and sin of the row's position
	opHeads                  // head norms, rotary positions, store K and V
	opQuantize               // 8-bit form of x
)

// minRows is the least number of rows worth waking a second worker for.
const minRows = 4

// runRows does the prepared row task for all rows of the step.
func (e *Exec) runRows() {
	t := &e.rows
	if e.T < minRows || e.pool.Threads() == 1 {
		t.step = e.T
		t.Do(0, 0)
		return
	}
	t.step = max(1, min(8, e.T/(2*e.pool.Threads())))
	e.pool.Run((e.T+t.step-1)/t.step, t)
}

// Do computes one chunk of rows.
func (t *rowTask) Do(_, chunk int) {
	for i := chunk * t.step; i < min(t.e.T, (chunk+1)*t.step); i++ {
		t.row(i)
	}
}

func (t *rowTask) row(i int) {
	switch t.op {
	case opNorm:
		normalise(t.x.Row(i), t.h.Row(i), t.n)
		t.x.Quantize(i)
	case opNormRows:
		normalise(t.h.Row(i), t.h.Row(i), t.n)
	case opPrepare:
		copy(t.x.Row(i), t.h.Row(i))
		t.x.Quantize(i)
	case opGate:
		t.gate(i)
	case opAct:
		activate(t.act, t.x.Row(i), t.src[i*t.ld:i*t.ld+len(t.x.Row(i))])
		t.x.Quantize(i)
	case opAddNormed:
		row := t.src[i*t.ld : i*t.ld+t.h.C]
		normalise(row, row, t.n)
		kernel.AddScaled(t.h.Row(i), row, t.by)
	case opAngles:
		cos, sin := t.e.angles[t.a.Rope].row(t.a.Rope, i)
		t.a.Rope.Angles(cos, sin, int(t.e.pos[i]))
	case opHeads:
		t.e.heads(t.a, i)
	case opQuantize:
		t.x.Quantize(i)
	}
}

func (t *rowTask) gate(i int) {
	ff := t.m.FF
	row := t.src[i*t.ld : i*t.ld+2*ff]
	switch t.m.Act {
	case nn.GELUTanh:
		kernel.GeluTanhMul(t.x.Row(i), row[:ff], row[ff:])
	case nn.GELU:
		kernel.Gelu(row[:ff], row[:ff])
		for j, g := range row[:ff] {
			t.x.Row(i)[j] = g * row[ff+j]
		}
	default:
		kernel.SiluMul(t.x.Row(i), row[:ff], row[ff:])
	}
	t.x.Quantize(i)
}

func activate(act nn.Activation, dst, x []float32) {
	switch act {
	case nn.GELUTanh:
		kernel.GeluTanh(dst, x)
	case nn.GELU:
		kernel.Gelu(dst, x)
	default:
		kernel.Silu(dst, x)
	}
}

func normalise(dst, x []float32, n *nn.Norm) {
	if n.Centre {
		kernel.LayerNorm(dst, x, n.W, n.B, n.Eps)
		return
	}
	kernel.RMSNorm(dst, x, n.W, n.Eps)
}

// NormRows normalises h in place.
func (e *Exec) NormRows(h nn.Rows, n *nn.Norm) {
	e.rows.op, e.rows.h, e.rows.n = opNormRows, h, n
	e.runRows()
}

// Norm returns the normalised rows, ready for a Linear.
func (e *Exec) Norm(h nn.Rows, n *nn.Norm) *kernel.Acts {
	e.norm.Reset(h.T, h.C)
	e.rows.op, e.rows.h, e.rows.n, e.rows.x = opNorm, h, n, &e.norm
	e.runRows()
	return &e.norm
}

// Prepare returns h itself, ready for a Linear.
func (e *Exec) Prepare(h nn.Rows) *kernel.Acts {
	e.norm.Reset(h.T, h.C)
	e.rows.op, e.rows.h, e.rows.x = opPrepare, h, &e.norm
	e.runRows()
	return &e.norm
}

// Logits writes scale·(W·norm(h)) for the rows whose logits are wanted.
func (e *Exec) Logits(h nn.Rows, n *nn.Norm, head *nn.Linear, scale float32) {
	if e.tap != nil {
		e.tapNormed(h, n)
	}
	out := e.b.Out
	if len(out) == 0 {
		return
	}
	e.last.Reset(len(out), h.C)
	for i, r := range out {
		normalise(e.last.Row(i), h.Row(int(r)), n)
		e.last.Quantize(i)
	}
	V := head.W.Rows()
	if len(e.b.Logits) < len(out)*V {
		e.fail(fmt.Errorf("eager: room for %d logits, need %d", len(e.b.Logits), len(out)*V))
		return
	}
	logits := e.b.Logits[:len(out)*V]
	if e.screens(head, scale) && e.screened(logits, head) {
		return
	}
	e.linear(logits, V, &e.last, head)
	if scale != 1 {
		kernel.Scale(logits, scale)
	}
}

// tapNormed shows the state after the final norm; its layer number is one past
// the last.
func (e *Exec) tapNormed(h nn.Rows, n *nn.Norm) {
	c := nn.Rows{Data: append([]float32(nil), h.Data...), T: h.T, C: h.C}
	for i := range c.T {
		normalise(c.Row(i), c.Row(i), n)
	}
	e.tap(-1, c)
}
