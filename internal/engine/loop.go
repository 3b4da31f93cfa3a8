package engine

import (
	"cmp"
	"slices"
	"time"

	"malmoi/internal/engine/kv"
)

// loop is the engine's goroutine.
func (e *Engine) loop() {
	defer close(e.done)
	for {
		ran, stop := e.turn()
		if stop {
			return
		}
		if !ran {
			e.sleep()
		}
	}
}

// turn looks around and runs a step. ran is false if nobody can run, stop true
// if nobody ever will.
func (e *Engine) turn() (ran, stop bool) {
	closing := e.takeIn()
	e.reap(time.Now())
	e.admit()
	ran = e.step()
	if kv.Invariants {
		e.verify()
	}
	e.publish()
	return ran, closing && len(e.running)+len(e.waiting) == 0
}

// takeIn moves submitted requests to the waiting list and reports whether the
// engine is to end when they have.
func (e *Engine) takeIn() (closing bool) {
	e.mu.Lock()
	e.waiting = append(e.waiting, e.incoming...)
	clear(e.incoming)
	e.incoming = e.incoming[:0]
	closing, aborted := e.closing, e.aborted
	e.mu.Unlock()
	if aborted {
		for len(e.running) > 0 {
			e.end(e.running[0], FinishError, ErrClosed)
		}
		for len(e.waiting) > 0 {
			e.end(e.waiting[0], FinishError, ErrClosed)
		}
	}
	return closing
}

// reap ends cancelled requests and those whose client has not read for too
// long.
func (e *Engine) reap(now time.Time) {
	e.reapList(e.running, now)
	e.reapList(e.waiting, now)
}

func (e *Engine) reapList(list []*sequence, now time.Time) {
	for i := len(list) - 1; i >= 0; i-- {
		s := list[i]
		switch {
		case s.stream.cancelled.Load():
			e.end(s, FinishCancelled, nil)
		case !s.behind():
			s.stalledAt = time.Time{}
		case s.stalledAt.IsZero():
			s.stalledAt = now
		case now.Sub(s.stalledAt) >= e.options.StallTimeout:
			e.end(s, FinishError, ErrStalled)
		}
	}
}

// sleep waits for a wake-up, or for the time when a stalled client is dropped.
func (e *Engine) sleep() {
	var oldest time.Time
	for _, list := range [][]*sequence{e.running, e.waiting} {
		for _, s := range list {
			if !s.stalledAt.IsZero() && (oldest.IsZero() || s.stalledAt.Before(oldest)) {
				oldest = s.stalledAt
			}
		}
	}
	if oldest.IsZero() {
		<-e.signal
		return
	}
	timer := time.NewTimer(time.Until(oldest.Add(e.options.StallTimeout)))
	defer timer.Stop()
	select {
	case <-e.signal:
	case <-timer.C:
	}
}

// admit starts waiting requests in order of arrival while there is room.
// Passed over are those whose client is behind, and those that wait for a
// running one which computes the start they share.
func (e *Engine) admit() {
	for i := 0; i < len(e.waiting); {
		s := e.waiting[i]
		switch {
		case !s.stalledAt.IsZero() || e.follows(s):
			i++
		case e.roomFor(s):
			e.start(s)
		case !e.unseatStalled():
			return
		}
	}
}

// follows says that s should wait because a running sequence is computing a
// start of s.tokens that is worth waiting for. So choices of one prompt compute
// it once, and so do users who arrive together with the same instructions.
func (e *Engine) follows(s *sequence) bool {
	if s.leads(s.leader) {
		return true
	}
	s.leader = nil
	if s.score != nil {
		return false
	}
	cached := -1
	for _, r := range e.running {
		if r.score != nil || !r.stalledAt.IsZero() || r.want() <= 1 {
			continue
		}
		shared := kv.CommonStart(r.tokens, s.reusable())
		if shared <= r.table.Len() {
			continue
		}
		if cached < 0 {
			cached, _ = e.cache.Match(s.reusable())
		}
		if shared >= cached+PageTokens {
			s.leader, s.shared = r, shared
			return true
		}
	}
	return false
}

// leads says that r is still on its way to the start that s waits for.
func (s *sequence) leads(r *sequence) bool {
	return r != nil && r.running && r.stalledAt.IsZero() && r.table.Len() < s.shared
}

// roomFor says that s can start: a place, and pages for all its known tokens
// besides one more page for each that runs, lest they preempt each other soon.
// Alone, it may always try.
func (e *Engine) roomFor(s *sequence) bool {
	if len(e.running) == 0 {
		return true
	}
	if len(e.running) >= e.options.MaxRunning {
		return false
	}
	held := 0
	if s.score == nil {
		_, held = e.cache.Match(s.reusable())
	}
	return kv.Pages(len(s.tokens)+1)-held+len(e.running) <= e.cache.Available()
}

// unseatStalled takes place and pages from a sequence whose client is behind.
func (e *Engine) unseatStalled() bool {
	for i := len(e.running) - 1; i >= 0; i-- {
		if s := e.running[i]; s.score == nil && !s.stalledAt.IsZero() {
			e.preempt(s)
			return true
		}
	}
	return false
}

// start moves a waiting sequence to the running ones and gives it what the
// cache has of it.
func (e *Engine) start(s *sequence) {
	e.waiting = remove(e.waiting, s)
	e.running = insert(e.running, s)
	s.running, s.leader = true, nil
	if s.score == nil {
		if c := e.cache.Attach(&s.table, s.reusable()); c.Dst >= 0 {
			e.model.CopyPage(int(c.Dst), int(c.Src))
		}
	}
	if s.started.IsZero() {
		s.started = time.Now()
		s.cached = s.table.Len()
		e.counted.PromptTokens += int64(s.prompt)
		e.counted.CachedTokens += int64(s.cached)
	}
}

// preempt sends a running sequence back to wait. Its pages stay cached as long
// as nobody needs them.
func (e *Engine) preempt(s *sequence) {
	e.cache.Release(&s.table)
	e.running = remove(e.running, s)
	e.waiting = insert(e.waiting, s)
	s.running = false
	e.counted.Preemptions++
	e.wake() // there may be room for another now
}

// end finishes a sequence wherever it is.
func (e *Engine) end(s *sequence, reason FinishReason, err error) {
	if s.running {
		e.running = remove(e.running, s)
		s.running = false
		e.cache.Release(&s.table)
	} else {
		e.waiting = remove(e.waiting, s)
	}
	s.unlink()
	e.settle(s, reason, err)
	close(s.stream.done)
	close(s.stream.out)
	e.mu.Lock()
	e.active--
	e.mu.Unlock()
	e.wake() // there may be room for another now
}

// settle writes the accounts of a sequence that has ended.
func (e *Engine) settle(s *sequence, reason FinishReason, err error) {
	c := &e.counted
	c.Finished++
	switch reason {
	case FinishCancelled:
		c.Cancelled++
	case FinishError:
		c.Failed++
	}
	now := time.Now()
	u := Usage{Prompt: s.prompt, Cached: s.cached, Completion: s.drawn}
	switch {
	case s.started.IsZero():
		u.Queue = now.Sub(s.submitted)
	case s.firstToken.IsZero():
		u.Queue, u.Prefill = s.started.Sub(s.submitted), now.Sub(s.started)
	default:
		u.Queue, u.Prefill, u.Decode = s.started.Sub(s.submitted), s.firstToken.Sub(s.started), now.Sub(s.firstToken)
	}
	c.PrefillTime += u.Prefill
	c.DecodeTime += u.Decode
	s.stream.finish, s.stream.err, s.stream.usage = reason, err, u
}

// insert and remove keep lists ordered by arrival.
func insert(list []*sequence, s *sequence) []*sequence {
	i, _ := slices.BinarySearchFunc(list, s, func(a, b *sequence) int { return cmp.Compare(a.arrival, b.arrival) })
	return slices.Insert(list, i, s)
}

func remove(list []*sequence, s *sequence) []*sequence {
	if i := slices.Index(list, s); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}
