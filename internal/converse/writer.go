package converse

import (
	"context"
	"sync"
	"time"
)

// writer brings the events of all answers into the store, in one transaction
// a few times a second: with hundreds of answers at once a transaction for
// each would be more than a disk can sync.
type writer struct {
	s     *Service
	every time.Duration
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
	mu    sync.Mutex // held while writing, so that Finish comes after
}

// writeTime bounds one transaction of the log.
const writeTime = 10 * time.Second

func newWriter(s *Service, every time.Duration) *writer {
	w := &writer{s: s, every: every, quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *writer) run() {
	defer close(w.done)
	tick := time.NewTicker(w.every)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
			w.flush()
		}
	}
}

// flush writes what is new. An answer that another process has taken over ends
// here. If the store takes no writes, the events stay in memory and the answers
// go on: the next flush tries again.
func (w *writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var entries []Entry
	from := map[string]*answer{}
	for _, a := range w.s.hub.all() {
		if e, some := a.unlogged(); some {
			entries = append(entries, e)
			from[e.Message] = a
		}
	}
	if len(entries) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeTime)
	defer cancel()
	lost, stopped, err := w.s.store.Append(ctx, w.s.opt.Node, entries)
	if err != nil {
		w.s.log.Warn("answers are not written to the log", "answers", len(entries), "error", err)
		return
	}
	for _, e := range entries {
		from[e.Message].logged += len(e.Deltas)
	}
	for _, id := range lost {
		from[id].cancel(errLost)
	}
	for _, id := range stopped {
		from[id].cancel(errStopped)
	}
}

// finish writes an answer's last state; no flush runs meanwhile.
func (w *writer) finish(ctx context.Context, o Owner, m Message) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.s.store.Finish(ctx, o, w.s.opt.Node, m)
}

func (w *writer) close() error {
	w.once.Do(func() { close(w.quit) })
	<-w.done
	return nil
}
