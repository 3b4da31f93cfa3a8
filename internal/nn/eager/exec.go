// Package eager computes nn.Ops at once, with the packed kernels and a pool of
// workers: the implementation that serves. All scratch memory is kept between
// steps, so a step in steady state allocates nothing.
//
// It does not know families, tokens' meaning or who asked. An Exec and its
// Cache belong to one goroutine. Results of a row do not depend on the other
// rows of its step nor on the number of workers.
package eager

import (
	"fmt"

	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/par"
)

// Exec runs steps of one model.
type Exec struct {
	pool  *par.Pool
	cache *Cache
	b     *nn.Batch
	T     int
	pos   []int32 // (T) position of each row
	page  []int32 // (T) cache page that each row is stored in
	err   error   // first failure of the step

	hidden []float32 // (T, C)
	wide   []float32 // (T, OC): what a Linear wrote before its epilogue
	norm   kernel.Acts
	attn   kernel.Acts
	ffn    kernel.Acts
	last   kernel.Acts // rows whose logits are wanted
	tokens []float32   // one row of an embedding

	angles   map[*nn.Rope]*angleTable
	items    []attnItem
	itemsFor attnCut // the kind of layer that items was cut for
	joins    []attnJoin
	parts    []kernel.AttnPart
	scratch  []workerScratch

	// The tasks live here so that handing them to the pool allocates nothing.
	screen screening
	mul    mulTask
	rows   rowTask
	attend attendTask

	tap func(layer int, h nn.Rows)
}

// New returns an executor that writes keys and values into cache.
func New(pool *par.Pool, cache *Cache) *Exec {
	e := &Exec{pool: pool, cache: cache, angles: map[*nn.Rope]*angleTable{}}
	e.scratch = make([]workerScratch, pool.Threads())
	e.mul.e, e.rows.e, e.attend.e = e, e, e
	return e
}

// SetTap lets f see the hidden state before each layer and after the final
// norm; nil ends it. For tests and tracing.
func (e *Exec) SetTap(f func(layer int, h nn.Rows)) { e.tap = f }

// Run computes one step: forward is the family's code, called with e.
func (e *Exec) Run(b *nn.Batch, forward func(nn.Ops)) error {
	e.b, e.T, e.err = b, len(b.Tokens), nil
	e.pos, e.page = e.pos[:0], e.page[:0]
	for _, s := range b.Seqs {
		if err := e.cache.check(s); err != nil {
			return err
		}
		for i := range s.Len {
			e.pos = append(e.pos, int32(s.Pos+i))
			e.page = append(e.page, s.Pages[(s.Pos+i)/nn.PageTokens])
		}
	}
	if len(e.pos) != e.T || e.T == 0 {
		return fmt.Errorf("eager: spans cover %d rows of %d", len(e.pos), e.T)
	}
	for _, r := range b.Out {
		if r < 0 || int(r) >= e.T {
			return fmt.Errorf("eager: logits of row %d wanted, the step has %d", r, e.T)
		}
	}
	e.itemsFor = attnCut{}
	for _, t := range e.angles {
		t.T = 0
	}
	forward(e)
	e.b = nil
	return e.err
}

// grow returns s with length n, reallocating only when it has to.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n, n+n/4)
	}
	return s[:n]
}
