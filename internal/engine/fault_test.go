package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"malmoi/internal/engine/sample"
)

// pages fails the test unless the engine holds so many pages once it is quiet.
func pages(t *testing.T, e *Engine, held int) {
	t.Helper()
	synctest.Wait()
	if s := e.Stats(); s.PagesHeld != held {
		t.Errorf("%d pages held, want %d: %+v", s.PagesHeld, held, s)
	}
}

func TestCancelFreesPagesAfterTheStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 4096, delay: time.Second}
		e := New(m, Options{})
		defer e.Close()
		ctx, cancel := context.WithCancel(t.Context())
		byContext, err := e.Submit(ctx, Request{Prompt: prompt(600, 1)})
		if err != nil {
			t.Fatal(err)
		}
		byCall := submit(t, e, Request{Prompt: prompt(600, 2)})
		time.Sleep(1500 * time.Millisecond) // inside the second step
		cancel()
		byCall.Cancel()
		byCall.Cancel()
		time.Sleep(time.Second)
		pages(t, e, 0)
		for _, s := range []*Stream{byContext, byCall} {
			if _, err := s.Next(t.Context()); err != io.EOF || s.Finish() != FinishCancelled {
				t.Errorf("%v, finish %q; want the end, cancelled", err, s.Finish())
			}
		}
		if s := e.Stats(); s.Cancelled != 2 || s.Steps != 2 {
			t.Errorf("%+v; want 2 cancelled within 2 steps", s)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(&mock{V: 50, context: 4096, delay: time.Second}, Options{MaxRunning: 1})
		defer e.Close()
		first := submit(t, e, Request{Prompt: prompt(10, 1), MaxTokens: 50})
		second := submit(t, e, Request{Prompt: prompt(10, 2), MaxTokens: 50})
		time.Sleep(500 * time.Millisecond)
		second.Cancel()
		if outs, err := drain(second); err != nil || len(outs) != 0 || second.Finish() != FinishCancelled {
			t.Errorf("%v %v %q", outs, err, second.Finish())
		}
		if u := second.Usage(); u.Completion != 0 || u.Prefill != 0 || u.Queue <= 0 {
			t.Errorf("usage of a request that never ran: %+v", u)
		}
		first.Cancel()
	})
}

func TestClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 4096, delay: time.Millisecond}
		// Pages for one sequence only: the silent client must give them up.
		e := New(m, Options{KVPages: 8, MaxRunning: 2, StreamBuffer: 10, StallTimeout: time.Minute})
		defer e.Close()
		silent := submit(t, e, Request{Prompt: prompt(100, 1), MaxTokens: 150})
		time.Sleep(time.Second)
		synctest.Wait()
		if s := e.Stats(); s.CompletionTokens != 10 {
			t.Errorf("%d tokens computed for a client that read none, want the 10 of its buffer", s.CompletionTokens)
		}
		for n := range 3 {
			check(t, m, e, Request{Prompt: prompt(200, 10+n), MaxTokens: 50})
		}
		time.Sleep(2 * time.Minute)
		outs, err := drain(silent)
		if !errors.Is(err, ErrStalled) || len(outs) != 10 || silent.Finish() != FinishError {
			t.Errorf("%d tokens, %v, %q; want 10 and then stalled", len(outs), err, silent.Finish())
		}
		pages(t, e, 0)
	})
}

func TestClientThatReadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 4096, delay: time.Millisecond}
		e := New(m, Options{StreamBuffer: 4})
		defer e.Close()
		r := Request{Prompt: prompt(40, 1), MaxTokens: 30}
		s := submit(t, e, r)
		time.Sleep(50 * time.Second)
		want, _ := m.alone(r, e.Limit())
		var outs []Output
		for {
			out, err := s.Next(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			outs = append(outs, out)
			time.Sleep(50 * time.Second) // each time short of the limit
		}
		if !slices.EqualFunc(outs, want, same) {
			t.Errorf("got %v, want %v", ids(outs), ids(want))
		}
	})
}

func TestQueueLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(&mock{V: 50, context: 4096, delay: time.Second}, Options{MaxRunning: 2, MaxQueue: 3})
		defer e.Close()
		var streams []*Stream
		for n := range 5 {
			streams = append(streams, submit(t, e, Request{Prompt: prompt(10, n), MaxTokens: 2}))
		}
		if _, err := e.Submit(t.Context(), Request{Prompt: prompt(10, 9)}); !errors.Is(err, ErrQueueFull) {
			t.Errorf("sixth request: %v, want a full queue", err)
		}
		if err := e.Score(t.Context(), prompt(10, 9), nil); !errors.Is(err, ErrQueueFull) {
			t.Errorf("a Score: %v, want a full queue", err)
		}
		for _, s := range streams {
			if _, err := drain(s); err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		if _, err := e.Submit(t.Context(), Request{Prompt: prompt(10, 9), MaxTokens: 1}); err != nil {
			t.Errorf("after all have ended: %v", err)
		}
	})
}

func TestFailedStepEndsItsRequestsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		m := &mock{V: 50, context: 4096, delay: time.Millisecond}
		m.stepErr = func(b *Batch) error {
			if slices.Contains(b.Tokens, 49) {
				return broken
			}
			return nil
		}
		e := New(m, Options{MaxRunning: 1, KVPages: 20})
		defer e.Close()
		shared := make([]int32, 70)
		good := Request{Prompt: shared, MaxTokens: 3, Sampling: sample.Params{LogitBias: map[int32]float32{49: -1e4}}}
		check(t, m, e, good)
		bad := submit(t, e, Request{Prompt: append(slices.Clone(shared), 1, 49)})
		if _, err := drain(bad); !errors.Is(err, broken) || !errors.Is(err, ErrModel) || bad.Finish() != FinishError {
			t.Errorf("%v, %q; want the model's error", err, bad.Finish())
		}
		pages(t, e, 0)
		if s := check(t, m, e, good); s.Usage().Cached != 69 {
			t.Errorf("after the failure %d of 70 tokens were cached, want 69", s.Usage().Cached)
		}
	})
}

func TestNaNEndsTheRequestAndLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 4096, delay: time.Millisecond, nan: 13}
		e := New(m, Options{})
		defer e.Close()
		p := append(prompt(100, 1), 13)
		other := submit(t, e, Request{Prompt: make([]int32, 20), MaxTokens: 10, Sampling: sample.Params{LogitBias: map[int32]float32{13: -1e4}}})
		for range 2 {
			s := submit(t, e, Request{Prompt: p, MaxTokens: 10})
			_, err := drain(s)
			if !errors.Is(err, sample.ErrNaN) || s.Usage().Cached != 0 {
				t.Errorf("%v after %d cached tokens; want NaN, nothing cached", err, s.Usage().Cached)
			}
		}
		if _, err := drain(other); err != nil {
			t.Errorf("the request beside it: %v", err)
		}
		pages(t, e, 0)
	})
}

func TestModelThatCannotReserve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 20000, most: 64}
		e := New(m, Options{KVPages: 500})
		defer e.Close()
		big := submit(t, e, Request{Prompt: prompt(64*32+1, 1), MaxTokens: 1})
		if _, err := drain(big); err == nil || big.Finish() != FinishError {
			t.Errorf("%v; want an error that names the memory", err)
		}
		check(t, m, e, Request{Prompt: prompt(63*32, 2), MaxTokens: 30})
		pages(t, e, 0)
	})
}

func TestShutdownLetsAnswersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(&mock{V: 50, context: 4096, delay: time.Second}, Options{MaxRunning: 1})
		var streams []*Stream
		for n := range 3 {
			streams = append(streams, submit(t, e, Request{Prompt: prompt(10, n), MaxTokens: 5}))
		}
		if err := e.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, s := range streams {
			if outs, err := drain(s); len(outs) != 5 || err != nil {
				t.Errorf("%d tokens, %v", len(outs), err)
			}
		}
		if _, err := e.Submit(t.Context(), Request{Prompt: prompt(1, 1)}); err != ErrClosed {
			t.Errorf("after Shutdown: %v, want closed", err)
		}
		e.Close()
	})
}

func TestShutdownDeadlineAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(&mock{V: 50, context: 4096, delay: time.Second}, Options{MaxRunning: 1})
		first := submit(t, e, Request{Prompt: prompt(10, 1), MaxTokens: 100})
		second := submit(t, e, Request{Prompt: prompt(10, 2), MaxTokens: 100})
		scored := make(chan error)
		go func() { scored <- e.Score(context.Background(), prompt(10, 3), nil) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer cancel()
		if err := e.Shutdown(ctx); err != context.DeadlineExceeded {
			t.Errorf("Shutdown: %v, want its deadline", err)
		}
		if outs, err := drain(first); len(outs) != 5 || err != ErrClosed {
			t.Errorf("first: %d tokens, %v; want 5 and closed", len(outs), err)
		}
		if outs, err := drain(second); len(outs) != 0 || err != ErrClosed {
			t.Errorf("second: %d tokens, %v", len(outs), err)
		}
		if err := <-scored; err != ErrClosed {
			t.Errorf("score: %v", err)
		}
		pages(t, e, 0)
	})
}

func TestNextGivesUpWithItsContextOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &mock{V: 50, context: 4096, delay: time.Second}
		e := New(m, Options{})
		defer e.Close()
		s := submit(t, e, Request{Prompt: prompt(10, 1), MaxTokens: 3})
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Next(ctx); err != context.DeadlineExceeded {
			t.Errorf("got %v, want the deadline", err)
		}
		if outs, err := drain(s); len(outs) != 3 || err != nil {
			t.Errorf("%d tokens, %v; want all 3", len(outs), err)
		}
	})
}

func TestScoreLeavesTheCacheAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMock()
		e := New(m, Options{KVPages: 30})
		defer e.Close()
		check(t, m, e, Request{Prompt: prompt(100, 1), MaxTokens: 10})
		synctest.Wait()
		before := e.Stats()
		nothing := func(int, []float32) error { return nil }
		for _, ids := range [][]int32{prompt(150, 1), prompt(400, 2)} {
			if err := e.Score(t.Context(), ids, nothing); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if after := e.Stats(); after.PagesCached != before.PagesCached || after.PagesEvicted != 0 || after.Rows != before.Rows+550 {
			t.Errorf("before %+v\nafter %+v; want the same pages and 550 rows", before, after)
		}
		if s := check(t, m, e, Request{Prompt: prompt(400, 2), MaxTokens: 1}); s.Usage().Cached != 0 {
			t.Errorf("%d tokens of a scored text were cached", s.Usage().Cached)
		}
	})
}

func TestScoreCallbackEndsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(newMock(), Options{})
		defer e.Close()
		enough := errors.New("enough")
		err := e.Score(t.Context(), prompt(100, 1), func(pos int, _ []float32) error {
			if pos == 20 {
				return enough
			}
			return nil
		})
		if err != enough {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		err = e.Score(ctx, prompt(100, 1), func(int, []float32) error { cancel(); return nil })
		if err != context.Canceled {
			t.Errorf("got %v, want cancelled", err)
		}
		pages(t, e, 0)
	})
}
