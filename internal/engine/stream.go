package engine

import (
	"context"
	"io"
	"sync/atomic"
)

// Stream is the answer to one request. Next is for one goroutine; the other
// methods are safe for all.
type Stream struct {
	out       chan Output   // closed at the end; its buffer is the client's allowance
	done      chan struct{} // closed at the end, after the fields below are set
	wake      func()        // makes the loop look at this stream
	cancelled atomic.Bool
	full      atomic.Bool // the loop waits for room in out

	// Set by the loop before done is closed, constant after.
	finish    FinishReason
	err       error
	usage     Usage
	stopToken int32 // -1: none
}

func newStream(buffer int, wake func()) *Stream {
	return &Stream{out: make(chan Output, buffer), done: make(chan struct{}), wake: wake, stopToken: -1}
}

// Next returns the next token. At the end it returns io.EOF, or the error that
// ended the answer. An error of ctx does not end the answer.
func (s *Stream) Next(ctx context.Context) (Output, error) {
	select {
	case out, ok := <-s.out:
		return s.received(out, ok)
	default:
	}
	select {
	case out, ok := <-s.out:
		return s.received(out, ok)
	case <-ctx.Done():
		return Output{}, ctx.Err()
	}
}

func (s *Stream) received(out Output, ok bool) (Output, error) {
	if !ok {
		if s.err != nil {
			return Output{}, s.err
		}
		return Output{}, io.EOF
	}
	if s.full.Load() && s.full.CompareAndSwap(true, false) {
		s.wake()
	}
	return out, nil
}

// room returns how many tokens the client would still take. The loop asks
// before it computes, so sending never blocks. If there is none, the next
// receive wakes the loop.
func (s *Stream) room() int {
	if n := cap(s.out) - len(s.out); n > 0 {
		return n
	}
	s.full.Store(true)
	return cap(s.out) - len(s.out) // a receive may have come before the flag
}

// Cancel ends the answer; its pages are free after the step that runs. Tokens
// already delivered can still be read. It may be called at any time, repeatedly.
func (s *Stream) Cancel() {
	if !s.cancelled.Swap(true) {
		s.wake()
	}
}

// ended says that the loop has closed the stream.
func (s *Stream) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Finish returns why the answer ended, "" while it has not.
func (s *Stream) Finish() FinishReason {
	if !s.ended() {
		return ""
	}
	return s.finish
}

// StopToken returns the token of Request.Stop that ended the answer, if one did.
func (s *Stream) StopToken() (id int32, ok bool) {
	if !s.ended() || s.stopToken < 0 {
		return 0, false
	}
	return s.stopToken, true
}

// Usage returns what the answer has cost, zero while it has not ended.
func (s *Stream) Usage() Usage {
	if !s.ended() {
		return Usage{}
	}
	return s.usage
}
