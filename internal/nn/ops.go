package nn

import "malmoi/internal/num/kernel"

// Rows is the running hidden state of a step: (T, C), contiguous.
type Rows struct {
	Data []float32
	T, C int
}

// Row returns row t, (C).
func (r Rows) Row(t int) []float32 { return r.Data[t*r.C : (t+1)*r.C] }

// Ops are the operations of one step over the T rows of its batch. Rows and
// activations they return belong to the step and are overwritten by later
// calls of the same operation; a family uses each result before it asks again.
type Ops interface {
	// Embed returns the table's rows for the batch's tokens, times scale.
	Embed(t *Table, scale float32) Rows
	// AddPositions adds row pos+offset of a learned position table to each row.
	AddPositions(h Rows, t *Table, offset int)
	// AddRow adds one row of a table to every row (token types).
	AddRow(h Rows, t *Table, row int)
	// NormRows normalises h in place.
	NormRows(h Rows, n *Norm)
	// Norm returns the normalised rows, ready for a Linear.
	Norm(h Rows, n *Norm) *kernel.Acts
	// Prepare returns h itself, ready for a Linear.
	Prepare(h Rows) *kernel.Acts
	// Attend stores the step's keys and values and returns the attention's
	// result (T, H·D), before the output projection.
	Attend(x *kernel.Acts, a *Attention) *kernel.Acts
	// Gated returns act(gate)⊙up, (T, FF), before Down.
	Gated(x *kernel.Acts, m *GatedMLP) *kernel.Acts
	// Activated returns act(W·x + b), (T, OC).
	Activated(x *kernel.Acts, l *Linear, act Activation) *kernel.Acts
	// Add computes h += scale·(W·x + b).
	Add(h Rows, x *kernel.Acts, l *Linear, scale float32)
	// AddNormed computes h += scale·norm(W·x + b).
	AddNormed(h Rows, x *kernel.Acts, l *Linear, n *Norm, scale float32)
	// Tap shows the state before layer i to whoever traces the step. Logits
	// shows the state after the final norm as layer -1.
	Tap(i int, h Rows)
	// Logits writes scale·(W·norm(h)) for the rows whose logits are wanted.
	Logits(h Rows, n *Norm, head *Linear, scale float32)
	// Emit delivers h as the step's hidden states.
	Emit(h Rows)
}
