package upstream

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"sync"
	"time"

	"malmoi/internal/llm"
)

// Limits of one stream.
const (
	eventQueue  = 64 // events that wait for a reader before the server must
	maxAttempts = 3  // times that a request is sent, all replicas together
)

// backoff is the wait before a request goes to a replica that failed it once.
const backoff = 200 * time.Millisecond

// ask is one request in the shape that every replica gets.
type ask struct {
	path  string // below the base
	model string // as the server calls it
	key   string // of the conversation
	body  []byte
	size  int // bytes of the prompt's text, for a guess at its tokens
	n     int
	stops []string
}

// stream delivers an answer. It implements llm.Stream.
type stream struct {
	events chan llm.Event
	cancel context.CancelFunc
	err    error // set before events is closed

	mu    sync.Mutex
	usage llm.Usage
}

// start begins a request and returns at once; what goes wrong comes from Next.
func (u *Server) start(ctx context.Context, a ask) *stream {
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{events: make(chan llm.Event, eventQueue), cancel: cancel}
	c := u.count(a.model)
	c.begin()
	go func() {
		defer close(s.events)
		s.err = u.pump(ctx, a, s)
		c.end(s.err, s.Usage())
		cancel()
	}()
	return s
}

// Next implements llm.Stream.
func (s *stream) Next(ctx context.Context) (llm.Event, error) {
	select {
	case e, ok := <-s.events:
		if !ok {
			return llm.Event{}, s.err
		}
		return e, nil
	case <-ctx.Done():
		return llm.Event{}, ctx.Err()
	}
}

// Usage implements llm.Stream.
func (s *stream) Usage() llm.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

// Close implements llm.Stream.
func (s *stream) Close() error {
	s.cancel()
	return nil
}

// pump sends the request until an answer begins, and hands its events on. It
// returns io.EOF after a whole answer.
func (u *Server) pump(ctx context.Context, a ask, s *stream) error {
	tried := map[*replica]bool{}
	var last error
	for range maxAttempts {
		l, err := u.balance.pick(a.key, a.model, tried)
		if err != nil {
			if last != nil {
				return last // what the server said is better than that we stopped asking
			}
			return err
		}
		if tried[l.replica] && !pause(ctx, backoff) {
			l.release()
			return ctx.Err()
		}
		began, err := u.attempt(ctx, l, a, s)
		l.release()
		if err == nil {
			return io.EOF
		}
		if began || !retryable(err) || ctx.Err() != nil {
			return err
		}
		if errors.Is(err, llm.ErrBusy) && (tried[l.replica] || len(u.balance.replicas) == 1) {
			return err // a busy server is not helped by asking again at once
		}
		tried[l.replica] = true
		last = err
	}
	return last
}

// pause waits, and reports whether ctx lasted.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt sends the request to one replica. began says that a piece of the
// answer was handed on: it may not be asked for again.
func (u *Server) attempt(ctx context.Context, l *lease, a ask, s *stream) (began bool, err error) {
	ctx, w := newWatch(ctx, u.limits)
	defer w.stop()
	clock := &stopwatch{start: time.Now()}
	asm := newAssembler(u.name, a.n, a.stops)
	asm.key = u.cfg.Key
	emit := func(e llm.Event) error {
		if !began {
			began = true
			clock.first = time.Now()
			l.judge(nil)
			l.began(clock.prefill())
		}
		return s.send(ctx, w, e)
	}
	res, err := u.post(ctx, l.base+a.path, a.body)
	if err != nil {
		err = transportError(ctx, u.name, "cannot be reached", err)
		l.judge(err)
		u.blame(l.replica, err)
		return false, err
	}
	defer res.Body.Close()
	err = u.read(ctx, w, res, asm, emit)
	s.setUsage(asm.counts(a.size, clock.prefill(), clock.decode()))
	if err != nil {
		if ctx.Err() != nil {
			err = transportError(ctx, u.name, "stopped in the middle of an answer", err)
		}
		l.broke(err)
		u.blame(l.replica, err)
	}
	return began, err
}

// read reads an answer to its end.
func (u *Server) read(ctx context.Context, w *watch, res *http.Response, asm *assembler, emit func(llm.Event) error) error {
	if res.StatusCode != http.StatusOK {
		return u.answerError(res)
	}
	body := newPulse(res.Body, w)
	switch kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind {
	case "text/event-stream", "":
		return u.readEvents(ctx, body, asm, emit)
	case "application/json":
		data, err := io.ReadAll(io.LimitReader(body, maxAnswerText))
		if err != nil {
			return transportError(ctx, u.name, "stopped in the middle of an answer", err)
		}
		if err := asm.take(data, emit); err != nil {
			return err
		}
		return u.whole(asm)
	default:
		return badAnswer(u.name, "the answer is %s and not an event stream; check its address", shorten(kind))
	}
}

func (u *Server) readEvents(ctx context.Context, body io.Reader, asm *assembler, emit func(llm.Event) error) error {
	events := newSSEReader(body)
	for {
		name, data, err := events.next()
		switch {
		case errors.Is(err, io.EOF):
			return u.whole(asm)
		case errors.Is(err, errEventTooLarge):
			return badAnswer(u.name, "%v", err)
		case err != nil:
			return transportError(ctx, u.name, "stopped in the middle of an answer", err)
		case string(data) == "[DONE]":
			return asm.end(emit)
		case name == "error":
			return eventError(u.name, u.cfg.Key, data)
		}
		if err := asm.take(data, emit); err != nil {
			return err
		}
	}
}

// whole says whether an answer that ended without [DONE] is one.
func (u *Server) whole(asm *assembler) error {
	if asm.complete() {
		return nil
	}
	return &Error{Upstream: u.name, Message: "stopped in the middle of an answer", Kind: llm.ErrUnavailable, cause: io.ErrUnexpectedEOF}
}

// send hands an event to the reader. The server is not blamed for the time that
// a slow reader takes.
func (s *stream) send(ctx context.Context, w *watch, e llm.Event) error {
	select {
	case s.events <- e:
		return nil
	default:
	}
	w.pause()
	defer w.poke()
	select {
	case s.events <- e:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) setUsage(u llm.Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage = u
}

// stopwatch measures the two halves of an answer.
type stopwatch struct{ start, first time.Time }

func (c *stopwatch) prefill() time.Duration {
	if c.first.IsZero() {
		return time.Since(c.start)
	}
	return c.first.Sub(c.start)
}

func (c *stopwatch) decode() time.Duration {
	if c.first.IsZero() {
		return 0
	}
	return time.Since(c.first)
}
