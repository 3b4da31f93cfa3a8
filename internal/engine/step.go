package engine

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"malmoi/internal/engine/kv"
	"malmoi/internal/engine/sample"
	"malmoi/internal/engine/sched"
)

// step plans and runs one step; false if nobody can run.
func (e *Engine) step() bool {
	if !e.agree() {
		return false
	}
	if !e.fill() {
		return true
	}
	began := time.Now()
	err := e.model.Step(&e.batch)
	e.counted.Steps++
	e.counted.Rows += int64(len(e.batch.Tokens))
	e.counted.StepTime += time.Since(began)
	if err != nil {
		e.fail(fmt.Errorf("%w: %w", ErrModel, err))
		return true
	}
	for i, s := range e.inStep {
		e.commit(s, &e.batch.Seqs[i])
	}
	return true
}

// agree plans until the plan can be carried out; false if nobody can run.
func (e *Engine) agree() bool {
	limits := sched.Limits{Rows: e.options.MaxBatch, PrefillChunk: e.options.PrefillChunk, PageTokens: PageTokens}
	for len(e.running) > 0 {
		e.describe()
		e.plan.Next(e.seqs, limits, e.cache.Available())
		switch e.plan.Verdict {
		case sched.Run:
			return true
		case sched.Idle:
			return false
		case sched.Preempt:
			e.preempt(e.running[e.plan.Victim])
		case sched.Stuck:
			s := e.running[e.plan.Victim]
			err := e.cache.Grow(&s.table, s.table.Len()+s.want()) // says what is missing
			e.end(s, FinishError, fmt.Errorf("engine: at position %d: %w", s.table.Len(), err))
		}
	}
	return false
}

// describe tells the planner about the running sequences.
func (e *Engine) describe() {
	decoding := 0
	for _, s := range e.running {
		if s.decodes() {
			decoding++
		}
	}
	e.seqs = e.seqs[:0]
	for _, s := range e.running {
		q := sched.Seq{Have: s.table.Len(), Pages: len(s.table.Pages), Want: s.want(), Decodes: s.decodes() && s.want() <= e.options.MaxBatch}
		if s.score != nil {
			q.Most = e.options.ScoreRows
			if s.behind() {
				q.Want = 0
			}
		} else {
			q.Stalled = !s.stalledAt.IsZero() || s.behind()
			s.draft, s.formed = s.draft[:0], 0
			if q.Decodes && q.Want == 1 && !q.Stalled {
				s.guess(e.options.Lookup, guessRows/max(1, decoding)-1)
				q.Drafts = len(s.draft)
			}
		}
		e.seqs = append(e.seqs, q)
	}
}

// fill builds the batch of the plan. It reports false if the cache could not
// give the pages that it had counted as available.
func (e *Engine) fill() bool {
	b := &e.batch
	b.Tokens, b.Seqs, b.Out = b.Tokens[:0], b.Seqs[:0], b.Out[:0]
	b.Best = b.Best[:0]
	e.inStep = e.inStep[:0]
	for i, s := range e.running {
		rows, drafts := e.plan.Rows[i], e.plan.Drafts[i]
		if rows == 0 {
			continue
		}
		have := s.table.Len()
		if e.cache.Grow(&s.table, have+rows) != nil {
			return false // the model could not reserve more; plan with what there is
		}
		known := rows - drafts
		s.draft, s.formed = s.draft[:drafts], min(s.formed, drafts)
		row := len(b.Tokens)
		b.Tokens = append(b.Tokens, s.tokens[have:have+known]...)
		b.Tokens = append(b.Tokens, s.draft...)
		s.row = len(b.Out)
		from := e.firstOut(s, have, known)
		for r := from; r < rows; r++ {
			b.Out = append(b.Out, int32(row+r))
			b.Best = append(b.Best, s.best())
		}
		s.outs = rows - from
		b.Seqs = append(b.Seqs, Span{Len: rows, Pos: have, Pages: s.table.Pages[:kv.Pages(have+rows)]})
		e.inStep = append(e.inStep, s)
	}
	n := len(b.Out) * e.model.VocabSize()
	b.Logits = slices.Grow(b.Logits[:0], n)[:n]
	return true
}

// best is how many of the greatest logits of a row decide what s draws; 0: all.
func (s *sequence) best() int32 {
	if s.score != nil || s.req.Constraint != nil || s.req.LogProbs != 0 {
		return 0
	}
	return int32(s.req.Sampling.Best())
}

// firstOut returns the first row of s whose logits are wanted: the last of the
// known tokens if the step reaches it, otherwise none; for a Score all rows
// that its caller has not seen.
func (e *Engine) firstOut(s *sequence, have, known int) int {
	if s.score != nil {
		return max(0, min(known, s.score.seen-have))
	}
	if have+known == len(s.tokens) {
		return known - 1
	}
	return known
}

// fail ends all requests of the step. What they have written is in doubt.
func (e *Engine) fail(err error) {
	for _, s := range e.inStep {
		e.cache.Forget(&s.table)
		e.end(s, FinishError, err)
	}
}

// commit records what the step wrote for s and draws its next tokens.
func (e *Engine) commit(s *sequence, span *Span) {
	known := span.Len - len(s.draft)
	e.cache.Commit(&s.table, s.tokens[span.Pos:span.Pos+known])
	if s.score != nil {
		e.deliver(s)
		return
	}
	e.counted.Drafted += int64(len(s.draft))
	for k := range s.outs {
		id, ended := e.draw(s, e.logits(s.row+k))
		if ended {
			return
		}
		if k >= len(s.draft) || s.draft[k] != id {
			s.judge(k)
			return
		}
		// The guess was right: its row has been computed with this token.
		e.cache.Commit(&s.table, s.draft[k:k+1])
		e.counted.Accepted++
	}
}

// logits returns wanted row i of the step, (V).
func (e *Engine) logits(i int) []float32 {
	V := e.model.VocabSize()
	return e.batch.Logits[i*V : (i+1)*V]
}

// draw takes the next token of s from a row of logits and hands it to the
// stream.
func (e *Engine) draw(s *sequence, row []float32) (id int32, ended bool) {
	c, err := e.choose(s, row)
	if err != nil {
		e.cache.Forget(&s.table)
		e.end(s, FinishError, fmt.Errorf("engine: at position %d: %w", len(s.tokens), err))
		return 0, true
	}
	if s.firstToken.IsZero() {
		s.firstToken = time.Now()
	}
	s.drawn++
	e.counted.CompletionTokens++
	if !s.req.IgnoreEOS && slices.Contains(s.req.Stop, c.ID) {
		s.stream.stopToken = c.ID
		e.end(s, FinishStop, nil)
		return c.ID, true
	}
	s.tokens = append(s.tokens, c.ID)
	s.sampling.Seen(c.ID)
	s.stream.out <- Output{ID: c.ID, LogProb: c.LogProb, Top: slices.Clone(c.Top)} // room was asked for
	return c.ID, e.concluded(s, c.ID)
}

// concluded tells the constraint about a token and ends s if it was the last.
func (e *Engine) concluded(s *sequence, id int32) bool {
	if c := s.req.Constraint; c != nil {
		if err := c.Accept(id); err != nil {
			e.end(s, FinishError, fmt.Errorf("engine: constraint: %w", err))
			return true
		}
		if c.Done() {
			e.end(s, FinishStop, nil)
			return true
		}
	}
	if s.drawn >= s.most {
		e.end(s, FinishLength, nil)
		return true
	}
	return false
}

// choose draws a token under the request's constraint.
func (e *Engine) choose(s *sequence, row []float32) (sample.Choice, error) {
	if s.req.Constraint == nil {
		return e.sampler.Sample(s.sampling, s.drawn, row, nil, s.req.LogProbs)
	}
	if c, ok := e.chooseFreely(s, row); ok {
		return c, nil
	}
	forced := s.req.Constraint.Mask(s.mask)
	if forced && s.req.LogProbs == 0 {
		return onlyOne(s.mask, len(row))
	}
	return e.sampler.Sample(s.sampling, s.drawn, row, s.mask, s.req.LogProbs)
}

// chooseFreely spares a greedy answer the mask: the likeliest token of all, if
// it is allowed, is the likeliest of the allowed.
func (e *Engine) chooseFreely(s *sequence, row []float32) (c sample.Choice, ok bool) {
	form, can := s.req.Constraint.(Guesser)
	if !can || s.req.Sampling.Temperature != 0 {
		return c, false
	}
	c, err := e.sampler.Sample(s.sampling, s.drawn, row, nil, s.req.LogProbs)
	if err != nil {
		return c, false // the mask may hide what is wrong
	}
	e.single[0] = c.ID
	return c, len(form.Extend(e.single[:], 1)) == 1
}

// onlyOne returns the single token that a mask allows.
func onlyOne(mask []uint64, V int) (sample.Choice, error) {
	for i, word := range mask {
		if word != 0 {
			if id := i*64 + bits.TrailingZeros64(word); id < V {
				return sample.Choice{ID: int32(id)}, nil
			}
		}
	}
	return sample.Choice{}, sample.ErrNoToken
}

// verify panics if the cache's books are wrong; only under -tags invariants.
func (e *Engine) verify() {
	tables := make([]*kv.Table, 0, len(e.running))
	for _, s := range e.running {
		tables = append(tables, &s.table)
	}
	if err := e.cache.Check(tables); err != nil {
		panic(err)
	}
}
