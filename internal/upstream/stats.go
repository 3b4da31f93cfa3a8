package upstream

import (
	"context"
	"errors"
	"io"
	"sync"

	"malmoi/internal/llm"
)

// counters are the statistics of one model.
type counters struct {
	mu sync.Mutex
	s  llm.Stats
}

func (u *Server) count(model string) *counters {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.counts[model]
	if c == nil {
		c = &counters{}
		if len(u.counts) < maxListed {
			u.counts[model] = c
		}
	}
	return c
}

// totals are the requests to all models of a server, and those that failed.
func (u *Server) totals() (requests, failed int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, c := range u.counts {
		s := c.stats()
		requests += s.Requests
		failed += s.Failed
	}
	return requests, failed
}

func (c *counters) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Running++
	c.s.Requests++
}

func (c *counters) end(err error, u llm.Usage) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.s.Running--
	switch {
	case errors.Is(err, context.Canceled):
		c.s.Cancelled++
	case err != nil && !errors.Is(err, io.EOF):
		c.s.Failed++
	}
	c.s.PromptTokens += int64(u.PromptTokens)
	c.s.CachedTokens += int64(u.CachedTokens)
	c.s.CompletionTokens += int64(u.CompletionTokens)
	c.s.PrefillSeconds += u.Prefill.Seconds()
	c.s.DecodeSeconds += u.Decode.Seconds()
}

func (c *counters) stats() llm.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.s
}
