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
// key/value head, and one segment of the positions or all.
type attnItem struct {
	span    int // index into the batch's Seqs
	row     int // first row of the step
	n       int // rows
	kvHead  int
	segment int // -1: all
	part    int // index into parts, where one segment's result goes
}

// attnJoin says which parts are the segments of one result.
type attnJoin struct {
	item        attnItem
	part, parts int // the first, and how many
}

// attnCut is what the division of the work depends on besides the batch.
type attnCut struct {
	group, window int
	full          bool
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
const itemRows = 128

type attendTask struct {
	e *Exec
	a *nn.Attention
}

// Attend stores the step's keys and values and returns the attention's result,
// (T, H·D).
func (e *Exec) Attend(x *kernel.Acts, a *nn.Attention) *kernel.Acts {
	e.product(x, a.QKV)
	e.rows.a = a
	e.fillAngles(a.Rope)
	e.rows.op = opHeads
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
	for i := range e.joins {
		e.join(a, &e.joins[i])
	}
	e.rows.op, e.rows.x = opQuantize, &e.attn
	e.runRows()
	return &e.attn
}

// fillAngles computes cos and sin for all rows, once per step and Rope, which is
// that of e.rows.a.
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
	t.T = e.T
	e.rows.op = opAngles
	e.runRows()
}

// row returns cos and sin of row i, each (Rot/2).
func (t *angleTable) row(r *nn.Rope, i int) (cos, sin []float32) {
	half := r.Rot / 2
	return t.cos[i*half : (i+1)*half], t.sin[i*half : (i+1)*half]
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
		cos, sin := e.angles[r].row(r, i)
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

// cut divides the step's attention into items; layers of the same kind share
// the division. Where there are fewer items than would keep all workers busy,
// they are divided by segments; that changes no bit of the result.
func (e *Exec) cut(a *nn.Attention) {
	kind := attnCut{a.H / a.K, a.Window, a.Full}
	if e.itemsFor == kind {
		return
	}
	e.itemsFor = kind
	e.items, e.joins = e.items[:0], e.joins[:0]
	tile := max(1, itemRows/kind.group)
	row := 0
	for s := range e.b.Seqs {
		n := e.b.Seqs[s].Len
		for r := 0; r < n; r += tile {
			for h := range a.K {
				e.items = append(e.items, attnItem{span: s, row: row + r, n: min(tile, n-r), kvHead: h, segment: -1})
			}
		}
		row += n
	}
	if t := e.pool.Threads(); t > 1 && len(e.items) < 2*t {
		e.divide(a)
	}
}

// divide replaces items of several segments by one item for each segment.
func (e *Exec) divide(a *nn.Attention) {
	whole := len(e.items)
	parts := 0
	for i := range whole {
		it := e.items[i]
		e.bounds(&e.scratch[0], a, &it)
		lo, hi := kernel.Segments(e.scratch[0].first, e.scratch[0].last)
		if hi-lo < 2 {
			e.items = append(e.items, it)
			continue
		}
		e.joins = append(e.joins, attnJoin{it, parts, hi - lo})
		for segment := lo; segment < hi; segment++ {
			it.segment, it.part = segment, parts
			e.items = append(e.items, it)
			parts++
		}
	}
	e.items = append(e.items[:0], e.items[whole:]...)
	for len(e.parts) < parts {
		e.parts = append(e.parts, kernel.AttnPart{})
	}
}

// bounds fills w.first and w.last for the rows of an item, heads included.
func (e *Exec) bounds(w *workerScratch, a *nn.Attention, it *attnItem) {
	w.first, w.last = w.first[:0], w.last[:0]
	for i := range it.n {
		lo, hi := visible(a, &e.b.Seqs[it.span], e.pos[it.row+i])
		for range a.H / a.K {
			w.first, w.last = append(w.first, lo), append(w.last, hi)
		}
	}
}

// Do computes the attention of one item.
func (t *attendTask) Do(worker, chunk int) {
	e, a := t.e, t.a
	it := &e.items[chunk]
	span := &e.b.Seqs[it.span]
	w := &e.scratch[worker]
	G := a.H / a.K
	R := it.n * G
	w.q, w.out = grow(w.q, R*a.D), grow(w.out, R*a.D)

	width := (a.H + 2*a.K) * a.D
	head := it.kvHead * G * a.D
	for i := range it.n {
		copy(w.q[i*G*a.D:], e.wide[(it.row+i)*width+head:][:G*a.D])
	}
	e.bounds(w, a, it)
	w.pages = w.pages[:0]
	for p := range w.last[R-1]/nn.PageTokens + 1 {
		w.pages = append(w.pages, e.cache.head(span.Pages[p], a.Layer, it.kvHead))
	}
	args := kernel.Attn{Q: w.q, Out: w.out, R: R, D: a.D, First: w.first, Last: w.last, Pages: w.pages}
	if it.segment >= 0 {
		e.cache.kv.AttendPart(&e.parts[it.part], &args, &w.attn, it.segment)
		return
	}
	e.cache.kv.Attend(&args, &w.attn)
	e.spread(a, it, w.out)
}

// join puts the segments of one item together.
func (e *Exec) join(a *nn.Attention, j *attnJoin) {
	sum := &e.parts[j.part]
	for i := 1; i < j.parts; i++ {
		sum.Join(&e.parts[j.part+i], a.D)
	}
	w := &e.scratch[0]
	w.out = grow(w.out, j.item.n*a.H/a.K*a.D)
	sum.Finish(w.out, a.D)
	e.spread(a, &j.item, w.out)
}

// spread copies an item's result, (rows, G·D), to its place in the output.
func (e *Exec) spread(a *nn.Attention, it *attnItem, out []float32) {
	wide := a.H / a.K * a.D
	for i := range it.n {
		copy(e.attn.Row(it.row + i)[it.kvHead*wide:][:wide], out[i*wide:])
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
