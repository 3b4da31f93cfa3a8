package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"malmoi/internal/httpapi/door"
	"malmoi/internal/llm"
)

// step is what one call of Stream.Next returned.
type step struct {
	event llm.Event
	err   error
}

// follow hands every event of a stream to take until the stream ends, the
// client goes, take fails or the server stops. idle is called when nothing has
// come for KeepAlive. The stream is closed when follow returns, so whatever
// the reason, nothing goes on computing.
func (s *Server) follow(ctx context.Context, st llm.Stream, take func(llm.Event) error, idle func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	steps := make(chan step)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.produce(ctx, st, steps)
	}()
	defer func() {
		cancel()
		st.Close()
		<-ended // the model may be unloaded once we have returned
	}()
	timer := time.NewTimer(s.opt.KeepAlive)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.stop:
			return door.ErrStopping
		case <-timer.C:
			if err := idle(); err != nil {
				return gone(err)
			}
		case n := <-steps:
			if errors.Is(n.err, io.EOF) {
				return nil
			}
			if n.err != nil {
				return cause(ctx, n.err)
			}
			if err := take(n.event); err != nil {
				return gone(err)
			}
		}
		timer.Reset(s.opt.KeepAlive)
	}
}

// produce calls Next until it fails. It runs in its own goroutine, where a
// panic would end the whole process.
func (s *Server) produce(ctx context.Context, st llm.Stream, steps chan<- step) {
	defer func() {
		if p := recover(); p != nil {
			s.metrics.panics.Inc()
			s.opt.Log.Error("panic in a stream", "panic", p, "stack", string(debug.Stack()))
			send(ctx, steps, step{err: fmt.Errorf("panic: %v", p)})
		}
	}()
	for {
		e, err := st.Next(ctx)
		if !send(ctx, steps, step{e, err}) || err != nil {
			return
		}
	}
}

func send(ctx context.Context, steps chan<- step, n step) bool {
	select {
	case steps <- n:
		return true
	case <-ctx.Done():
		return false
	}
}

// gone marks a failed write: the client is not there any more.
func gone(err error) error { return fmt.Errorf("write to client: %w: %w", context.Canceled, err) }

func noIdle() error { return nil }
