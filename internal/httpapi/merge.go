package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"malmoi/internal/llm"
)

// atOnce is how many prompts of one request are in the engine at a time. It
// keeps one request from filling the queue that all share.
const atOnce = 8

// merged is the answer to several prompts as one stream: the choices of the
// i-th prompt are numbered from i*n.
type merged struct {
	cancel context.CancelFunc
	steps  chan step
	done   chan struct{} // all workers have returned

	mu    sync.Mutex
	usage llm.Usage
}

// completeAll starts on the prompts in order, atOnce of them at a time.
func completeAll(ctx context.Context, m llm.Generator, requests []llm.CompletionRequest) llm.Stream {
	ctx, cancel := context.WithCancel(ctx)
	g := &merged{cancel: cancel, steps: make(chan step), done: make(chan struct{})}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(atOnce, len(requests)) {
		workers.Go(func() {
			for i := range next {
				g.one(ctx, m, requests[i], i*requests[i].N)
			}
		})
	}
	go func() {
		defer close(g.done)
		defer workers.Wait()
		defer close(next)
		for i := range requests {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	return g
}

// one passes on the events of one prompt.
func (g *merged) one(ctx context.Context, m llm.Generator, r llm.CompletionRequest, first int) {
	defer func() {
		if p := recover(); p != nil {
			send(ctx, g.steps, step{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())})
		}
	}()
	st, err := m.Complete(ctx, r)
	if err != nil {
		send(ctx, g.steps, step{err: err})
		return
	}
	defer st.Close()
	for {
		e, err := st.Next(ctx)
		if errors.Is(err, io.EOF) {
			g.count(st.Usage())
			return
		}
		e.Choice += first
		if !send(ctx, g.steps, step{e, err}) || err != nil {
			return
		}
	}
}

func (g *merged) count(u llm.Usage) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.usage = g.usage.Plus(u)
}

// Next implements llm.Stream.
func (g *merged) Next(ctx context.Context) (llm.Event, error) {
	select {
	case <-ctx.Done():
		return llm.Event{}, ctx.Err()
	case n := <-g.steps:
		return n.event, n.err
	case <-g.done:
		return llm.Event{}, io.EOF
	}
}

// Usage implements llm.Stream: the sum over all prompts.
func (g *merged) Usage() llm.Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.usage
}

// Close implements llm.Stream. It returns when nothing is running any more.
func (g *merged) Close() error {
	g.cancel()
	<-g.done
	return nil
}
