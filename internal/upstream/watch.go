package upstream

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"
)

// Timeouts bound the phases of an answer. Zero values are the defaults.
type Timeouts struct {
	Connect   time.Duration // to open a connection, 5 s
	FirstByte time.Duration // from the request to the first byte of the answer's body, 5 min
	Idle      time.Duration // between two signs of life of an answer under way, 60 s
	Total     time.Duration // for the whole answer, 30 min
	Probe     time.Duration // for the list of models, 5 s
}

func (t Timeouts) withDefaults() Timeouts {
	t.Connect = cmp.Or(t.Connect, 5*time.Second)
	t.FirstByte = cmp.Or(t.FirstByte, 5*time.Minute)
	t.Idle = cmp.Or(t.Idle, time.Minute)
	t.Total = cmp.Or(t.Total, 30*time.Minute)
	t.Probe = cmp.Or(t.Probe, 5*time.Second)
	return t
}

// timeout says which phase took too long.
type timeout struct {
	phase string
	limit time.Duration
}

func (t *timeout) Error() string { return fmt.Sprintf("%s for %v", t.phase, t.limit) }

// watch ends a request when a phase takes too long: its context is cancelled
// with a *timeout as the cause. It is used by one goroutine.
type watch struct {
	limits Timeouts
	cancel context.CancelCauseFunc
	timer  *time.Timer
	alive  bool // the first byte came
}

// newWatch begins with the wait for the first byte. The context also ends after
// Total. stop must be called.
func newWatch(ctx context.Context, limits Timeouts) (context.Context, *watch) {
	ctx, cancel := context.WithCancelCause(ctx)
	ctx, release := context.WithTimeoutCause(ctx, limits.Total, &timeout{"the answer did not end", limits.Total})
	w := &watch{limits: limits}
	w.cancel = func(err error) { cancel(err); release() }
	w.timer = time.AfterFunc(limits.FirstByte, func() { cancel(&timeout{"no answer began", limits.FirstByte}) })
	return ctx, w
}

// poke notes a sign of life.
func (w *watch) poke() {
	if w.alive {
		w.timer.Reset(w.limits.Idle)
		return
	}
	w.alive = true
	w.timer.Stop()
	cancel, limit := w.cancel, w.limits.Idle
	w.timer = time.AfterFunc(limit, func() { cancel(&timeout{"nothing came", limit}) })
}

// pause stops the clock while it is us who is slow; poke starts it again.
func (w *watch) pause() { w.timer.Stop() }

// stop ends the watch and its context.
func (w *watch) stop() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// pulse is a body whose bytes are signs of life, and which ends with an error
// after max bytes.
type pulse struct {
	io.Reader
	watch *watch
	left  int64
}

// maxAnswer bounds the bytes of one answer on the wire. A million tokens with
// the overhead of one event each fit.
const maxAnswer = 512 << 20

func newPulse(r io.Reader, w *watch) *pulse { return &pulse{Reader: r, watch: w, left: maxAnswer} }

// Read implements io.Reader.
func (p *pulse) Read(b []byte) (int, error) {
	if p.left <= 0 {
		return 0, fmt.Errorf("the answer is longer than %d bytes", int64(maxAnswer))
	}
	n, err := p.Reader.Read(b[:min(int64(len(b)), p.left)])
	p.left -= int64(n)
	if n > 0 {
		p.watch.poke()
	}
	return n, err
}
