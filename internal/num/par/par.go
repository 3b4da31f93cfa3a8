// Package par shares the chunks of one task among a fixed set of workers.
//
// It does not know what a chunk is. The caller of Run is worker 0; the others
// are goroutines that wait between tasks, first spinning for a bounded time,
// then parked. Chunks are taken one by one from a shared counter, so a worker
// that the system does not run costs nothing but its help: the others take
// its chunks. Run allocates nothing.
//
// Invariants: every chunk is done exactly once; when Run returns no worker
// touches the task any more; a pool of one thread owns no goroutine.
package par

import (
	"sync"
	"sync/atomic"
)

// Task is work that is divided into chunks. Do must be safe for different
// chunks at once; worker, in [0, Threads), names the scratch it may use. A
// panic of Do on the caller's goroutine leaves Run after the others are done;
// on another worker it ends the process.
type Task interface {
	Do(worker, chunk int)
}

// Pool is a set of workers. Run and Close must be called by one goroutine at
// a time.
type Pool struct {
	threads int
	helpers []helper
	exited  sync.WaitGroup

	_ [64]byte
	// state is the number of the current run, shifted, with openBit set while
	// helpers may enter it and closeBit once the pool is closed. Only the
	// caller writes it.
	state atomic.Uint64
	_     [64]byte
	// next is the first chunk that nobody has taken.
	next atomic.Int64
	_    [64]byte
	// active counts the helpers that may be reading task and count.
	active atomic.Int32
	// waiting is set while the caller sleeps for active to become 0.
	waiting atomic.Bool
	done    chan struct{} // one token, sent by who clears waiting
	_       [64]byte
	// task and count are written by the caller only while no helper is active
	// and the state is not open.
	task  Task
	count int64
}

const (
	openBit  = 1
	closeBit = 2
	runUnit  = 4
)

// helper is one worker other than the caller.
type helper struct {
	parked atomic.Bool
	wake   chan struct{} // one token, sent by who clears parked
	_      [48]byte      // two helpers do not share a cache line
}

// New returns a pool of the given number of threads, the caller's included;
// less than one counts as one. Close it.
func New(threads int) *Pool {
	p := &Pool{threads: max(threads, 1), done: make(chan struct{}, 1)}
	p.helpers = make([]helper, p.threads-1)
	p.exited.Add(len(p.helpers))
	for i := range p.helpers {
		p.helpers[i].wake = make(chan struct{}, 1)
		go p.help(i)
	}
	return p
}

// Threads returns the number of workers, the caller of Run included.
func (p *Pool) Threads() int { return p.threads }

// Run calls t.Do once for every chunk in [0, chunks) and returns when all have
// been done.
func (p *Pool) Run(chunks int, t Task) {
	if p.threads == 1 || chunks <= 1 || p.state.Load()&closeBit != 0 {
		for i := range chunks {
			t.Do(0, i)
		}
		return
	}
	p.task, p.count = t, int64(chunks)
	p.next.Store(0)
	run := p.state.Load() + runUnit
	p.state.Store(run | openBit)
	defer p.finish(run)
	p.wakeUp(min(len(p.helpers), chunks-1))
	p.work(0)
}

// work takes chunks until none is left.
func (p *Pool) work(worker int) {
	for {
		i := p.next.Add(1) - 1
		if i >= p.count {
			return
		}
		p.task.Do(worker, int(i))
	}
}

// finish shuts the run and waits for the helpers that entered it. It must not
// look at the helpers that have not: they may be asleep for a long time.
func (p *Pool) finish(run uint64) {
	p.next.Store(p.count) // no further chunk, should the caller have panicked
	p.state.Store(run)
	var s spin
	for p.active.Load() != 0 {
		if s.again(joinSpin) {
			continue
		}
		p.waiting.Store(true)
		if p.active.Load() == 0 && p.waiting.CompareAndSwap(true, false) {
			break
		}
		<-p.done
	}
	p.task = nil
}

// leave is called by a helper that has entered a run, or tried to.
func (p *Pool) leave() {
	if p.active.Add(-1) == 0 && p.waiting.Load() && p.waiting.CompareAndSwap(true, false) {
		p.done <- struct{}{}
	}
}

// wakeUp wakes up to n parked helpers.
func (p *Pool) wakeUp(n int) {
	for i := range p.helpers {
		if n == 0 {
			return
		}
		h := &p.helpers[i]
		n-- // a helper that spins comes by itself
		if h.parked.Load() && h.parked.CompareAndSwap(true, false) {
			h.wake <- struct{}{}
		}
	}
}

// help is the life of helper i, worker i+1.
func (p *Pool) help(i int) {
	defer p.exited.Done()
	var seen uint64
	for {
		state := p.await(&p.helpers[i], seen)
		if state&closeBit != 0 {
			return
		}
		seen = state
		if state&openBit == 0 {
			continue // the run was over before this helper saw it
		}
		// The caller closes the run first and reads active second, so either
		// it waits for this helper or this helper sees the run closed.
		p.active.Add(1)
		if p.state.Load()&openBit != 0 {
			p.work(i + 1)
		}
		p.leave()
	}
}

// await returns the state once it is another one than seen, open or not.
func (p *Pool) await(h *helper, seen uint64) uint64 {
	for {
		var s spin
		for {
			if state := p.state.Load(); state != seen {
				return state
			}
			if !s.again(idleSpin) {
				break
			}
		}
		h.parked.Store(true)
		if p.state.Load() != seen && h.parked.CompareAndSwap(true, false) {
			continue
		}
		<-h.wake
	}
}

// Close ends the workers and returns when they have ended. A Run afterwards
// does all chunks on its caller.
func (p *Pool) Close() {
	if p.state.Load()&closeBit != 0 {
		return
	}
	p.state.Store(p.state.Load() | closeBit)
	p.wakeUp(len(p.helpers))
	p.exited.Wait()
}
