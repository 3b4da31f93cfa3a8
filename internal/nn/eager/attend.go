package eager

import (
	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
)

// angleTable holds cos and sin of every row's position for one Rope.
type angleTable struct {
	T        int // rows filled in this step, 0 if none yet
	cos, sin []float32
}

// attnItem is the unit of attention work: some rows of one sequence, one
// key/value head.
type attnItem struct {
	span   int // index into the batch's Seqs
	row    int // first row of the step
	n      int // rows
	kvHead int
}

// workerScratch belongs to one worker of the pool.
type workerScratch struct {
	q, out      []float32 // (R, D)
	first, last []int32   // (R)
	pages       [][]byte
	attn        kernel.AttnScratch
}

// itemRows bounds the query rows of one item: enough to use each page of keys
// many times, few enough that a long prompt is shared among workers.
const itemRows = 64

type attendTask struct {
	e *Exec
	a *nn.Attention
}

// Attend stores the step's keys and values and returns the attention's result,
// (T, H·D).
func (e *Exec) Attend(x *kernel.Acts, a *nn.Attention) *kernel.Acts {
	e.product(x, a.QKV)
	e.fillAngles(a.Rope)
	e.rows.op, e.rows.a = opHeads, a
	e.runRows()

	e.cut(a)
	e.attn.Reset(e.T, a.H*a.D)
	e.attend.a = a
	if len(e.items) == 1 || e.pool.Threads() == 1 {
		for i := range e.items {
			e.attend.Do(0, i)
		}
	} else {
		e.pool.Run(len(e.items), &e.attend)
	}
	e.rows.op, e.rows.x = opQuantize, &e.attn
	e.runRows()
	return &e.attn
}

// fillAngles computes cos and sin for all rows, once per step and Rope.
func (e *Exec) fillAngles(r *nn.Rope) {
	if r == nil {
		return
	}
	t := e.angles[r]
	if t == nil {
		t = &angleTable{}
		e.angles[r] = t
	}
	if t.T == e.T {
		return
	}
	half := r.Rot / 2
	t.cos, t.sin = grow(t.cos, e.T*half), grow(t.sin, e.T*half)
	for i, p := range e.pos {
		r.Angles(t.cos[i*half:(i+1)*half], t.sin[i*half:(i+1)*half], int(p))
	}
	t.T = e.T
}

// heads finishes row i of the QKV product: head norms, rotary positions, the
// scale of q; then stores its keys and values.
func (e *Exec) heads(a *nn.Attention, i int) {
	width := (a.H + 2*a.K) * a.D
	row := e.wide[i*width : (i+1)*width]
	q, k, v := row[:a.H*a.D], row[a.H*a.D:(a.H+a.K)*a.D], row[(a.H+a.K)*a.D:]
	normHeads(q, a.D, a.QNorm)
	normHeads(k, a.D, a.KNorm)
	if r := a.Rope; r != nil {
		half := r.Rot / 2
		t := e.angles[r]
		cos, sin := t.cos[i*half:(i+1)*half], t.sin[i*half:(i+1)*half]
		kernel.RoPE(q, a.H, a.D, r.Rot, cos, sin, r.Interleaved)
		kernel.RoPE(k, a.K, a.D, r.Rot, cos, sin, r.Interleaved)
	}
	kernel.Scale(q, a.Scale)
	for h := range a.K {
		e.cache.kv.Store(e.cache.head(e.page[i], a.Layer, h), int(e.pos[i])%nn.PageTokens, k[h*a.D:(h+1)*a.D], v[h*a.D:(h+1)*a.D])
	}
}

func normHeads(x []float32, D int, n *nn.Norm) {
	if n == nil {
		return
	}
	for ; len(x) >= D; x = x[D:] {
		normalise(x[:D], x[:D], n)
	}
}

// cut divides the step's attention into items; all layers with the same head
// counts share the division.
func (e *Exec) cut(a *nn.Attention) {
	G := a.H / a.K
	if e.itemsG == G {
		return
	}
	e.itemsG = G
	e.items = e.items[:0]
	tile := max(1, itemRows/G)
	row := 0
	for s := range e.b.Seqs {
		n := e.b.Seqs[s].Len
		for r := 0; r < n; r += tile {
			for h := range a.K {
				e.items = append(e.items, attnItem{span: s, row: row + r, n: min(tile, n-r), kvHead: h})
			}
		}
		row += n
	}
}

// Do computes the attention of one item.
func (t *attendTask) Do(worker, chunk int) {
	e, a := t.e, t.a
	it := e.items[chunk]
	span := &e.b.Seqs[it.span]
	w := &e.scratch[worker]
	G := a.H / a.K
	R := it.n * G
	w.q, w.out = grow(w.q, R*a.D), grow(w.out, R*a.D)
	w.first, w.last = w.first[:0], w.last[:0]

	width := (a.H + 2*a.K) * a.D
	head := it.kvHead * G * a.D
	for i := range it.n {
		copy(w.q[i*G*a.D:], e.wide[(it.row+i)*width+head:][:G*a.D])
		lo, hi := visible(a, span, e.pos[it.row+i])
		for range G {
			w.first, w.last = append(w.first, lo), append(w.last, hi)
		}
	}
	w.pages = w.pages[:0]
	for p := range w.last[R-1]/nn.PageTokens + 1 {
		w.pages = append(w.pages, e.cache.head(span.Pages[p], a.Layer, it.kvHead))
	}
	args := kernel.Attn{Q: w.q, Out: w.out, R: R, D: a.D, First: w.first, Last: w.last, Pages: w.pages}
	e.cache.kv.Attend(&args, &w.attn)
	for i := range it.n {
		copy(e.attn.Row(it.row + i)[head:head+G*a.D], w.out[i*G*a.D:])
	}
}

// visible returns the first and last position that a row at pos may see.
func visible(a *nn.Attention, s *nn.Span, pos int32) (first, last int32) {
	last = pos
	if a.Full {
		last = int32(s.Pos + s.Len - 1)
	}
	if a.Window > 0 {
		first = max(0, pos-int32(a.Window)+1)
	}
	return first, last
}
