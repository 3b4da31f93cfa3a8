package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"malmoi/internal/engine/kv"
	"malmoi/internal/engine/sample"
	"malmoi/internal/engine/sched"
)

// Engine serves requests with one model. Its methods are safe for concurrent
// use. Make it with New, end it with Close or Shutdown.
type Engine struct {
	model   Model
	options Options
	limit   int           // tokens of a sequence
	signal  chan struct{} // one pending wake-up for the loop
	done    chan struct{} // closed when the loop has ended

	mu       sync.Mutex
	incoming []*sequence // submitted, not yet seen by the loop
	active   int         // submitted and not ended
	arrivals int64
	closing  bool // no more requests
	aborted  bool // end those there are
	stats    Stats

	// Owned by the loop.
	cache   *kv.Cache
	sampler sample.Sampler
	waiting []*sequence // by arrival
	running []*sequence // by arrival
	plan    sched.Plan
	seqs    []sched.Seq
	batch   Batch
	inStep  []*sequence // in the order of batch.Seqs
	counted Stats       // copied to stats after each step
	single  [1]int32    // an argument that would escape
}

// New starts an engine for m, which must not be used by anyone else.
func New(m Model, o Options) *Engine {
	e := prepared(m, o.withDefaults(m.ContextLength()))
	go e.loop()
	return e
}

// prepared returns an engine whose loop does not run yet.
func prepared(m Model, o Options) *Engine {
	e := &Engine{
		model: m, options: o,
		limit:  min(m.ContextLength(), o.KVPages*PageTokens),
		signal: make(chan struct{}, 1),
		done:   make(chan struct{}),
		cache:  kv.New(o.KVPages, m.Reserve),
		batch:  Batch{Out: []int32{}},
	}
	e.stats.PagesTotal = o.KVPages
	return e
}

// Limit returns how many tokens prompt and answer may have together.
func (e *Engine) Limit() int { return e.limit }

// Submit queues a request. The answer ends when ctx does. Errors: ErrQueueFull,
// ErrClosed, *ErrContext, or one wrapping ErrRequest.
func (e *Engine) Submit(ctx context.Context, r Request) (*Stream, error) {
	most, err := r.check(e.model.VocabSize(), e.limit)
	if err != nil {
		return nil, err
	}
	s := &sequence{
		req: r, most: most, prompt: len(r.Prompt),
		tokens:   append(make([]int32, 0, len(r.Prompt)+min(most, 1024)), r.Prompt...),
		stream:   newStream(min(e.options.StreamBuffer, most), e.wake),
		sampling: sample.NewState(r.Sampling),
	}
	s.req.Prompt = nil // the copy in tokens counts; the caller may reuse his
	s.req.Stop = slices.Clone(r.Stop)
	s.sampling.Seen(s.tokens...)
	if r.Constraint != nil {
		s.mask = make([]uint64, (e.model.VocabSize()+63)/64)
	}
	if err := e.enqueue(ctx, s); err != nil {
		return nil, err
	}
	return s.stream, nil
}

// enqueue hands a sequence to the loop.
func (e *Engine) enqueue(ctx context.Context, s *sequence) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.submitted = time.Now()
	s.unlink = context.AfterFunc(ctx, s.stream.Cancel)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closing {
		s.unlink()
		return ErrClosed
	}
	if e.active >= e.options.MaxRunning+e.options.MaxQueue {
		s.unlink()
		return fmt.Errorf("%w: %d requests", ErrQueueFull, e.active)
	}
	e.active++
	e.arrivals++
	s.arrival = e.arrivals
	e.incoming = append(e.incoming, s)
	e.stats.Requests++
	e.wake()
	return nil
}

// wake makes the loop look around once more.
func (e *Engine) wake() {
	select {
	case e.signal <- struct{}{}:
	default:
	}
}

// Shutdown takes no more requests and waits until those there are have ended.
// When ctx ends first, it cancels them with ErrClosed and returns ctx's error.
func (e *Engine) Shutdown(ctx context.Context) error {
	e.mu.Lock()
	e.closing = true
	e.mu.Unlock()
	e.wake()
	select {
	case <-e.done:
		return nil
	case <-ctx.Done():
	}
	e.Close()
	return ctx.Err()
}

// Close ends all requests with ErrClosed and waits for the step that runs.
func (e *Engine) Close() {
	e.mu.Lock()
	e.closing, e.aborted = true, true
	e.mu.Unlock()
	e.wake()
	<-e.done
}

// Stats are counters since New, and gauges of the last step.
type Stats struct {
	Running, Waiting                              int
	PagesTotal, PagesHeld, PagesCached, PagesFree int
	PagesEvicted                                  int64
	Requests, Finished, Cancelled, Failed         int64
	PromptTokens, CachedTokens                    int64 // of admitted requests
	CompletionTokens                              int64
	Steps, Rows                                   int64
	Preemptions                                   int64
	Drafted, Accepted                             int64 // guesses of Options.Lookup
	StepTime                                      time.Duration
	PrefillTime, DecodeTime                       time.Duration // sums over finished requests
}

// Stats returns a copy of the present figures.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stats
}

// publish copies the loop's figures to where Stats finds them.
func (e *Engine) publish() {
	c := &e.counted
	pages := e.cache.Stats()
	c.Running, c.Waiting = len(e.running), len(e.waiting)
	c.PagesTotal, c.PagesHeld, c.PagesCached, c.PagesFree = pages.Limit, pages.Held, pages.Cached, pages.Free
	c.PagesEvicted = pages.Evicted
	e.mu.Lock()
	defer e.mu.Unlock()
	c.Requests = e.stats.Requests
	c.Waiting += len(e.incoming)
	e.stats = *c
}
