package engine

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"malmoi/internal/engine/sample"
)

var metaSeed = flag.Uint64("meta.seed", 0, "seed of TestAnyScheduleGivesTheSameAnswers; 0: a new one")

// Random requests under random limits, arrivals, cancellations and slow
// clients: every answer must be the one computed alone, and what is cut short
// must be a start of it. Replay a failure with -meta.seed=N (and -tags
// invariants).
func TestAnyScheduleGivesTheSameAnswers(t *testing.T) {
	first := *metaSeed
	runs := uint64(1)
	if first == 0 {
		first, runs = uint64(time.Now().UnixNano())%1_000_000_000, 60
	}
	var sum Stats
	for seed := first; seed < first+runs; seed++ {
		synctest.Test(t, func(t *testing.T) { schedule(t, seed, &sum) })
		if t.Failed() {
			t.Fatalf("replay with -meta.seed=%d", seed)
		}
	}
	// A harness that never reaches the corners proves nothing.
	if runs > 1 && (sum.Preemptions == 0 || sum.Accepted == 0 || sum.Accepted == sum.Drafted || sum.PagesEvicted == 0 || sum.CachedTokens == 0 || sum.Cancelled == 0) {
		t.Errorf("seeds from %d did not reach every corner: %+v", first, sum)
	}
}

func schedule(t *testing.T, seed uint64, sum *Stats) {
	r := rand.New(rand.NewPCG(seed, 0))
	m := &mock{V: 50, context: 600, delay: time.Duration(r.IntN(3)) * time.Millisecond}
	o := Options{
		KVPages:      2 + r.IntN(40),
		MaxBatch:     1 + r.IntN(200),
		PrefillChunk: 1 + r.IntN(70),
		MaxRunning:   1 + r.IntN(8),
		MaxQueue:     1000,
		StreamBuffer: 1 + r.IntN(20),
		Lookup:       r.IntN(2) * r.IntN(6),
		ScoreRows:    1 + r.IntN(40),
	}
	e := New(m, o)
	done := make(chan string)
	clients := 4 + r.IntN(30)
	for range clients {
		c := client{m: m, e: e, r: rand.New(rand.NewPCG(seed, r.Uint64())), shared: prompt(300, int(seed))}
		go func() { done <- c.visit() }()
	}
	for range clients {
		if complaint := <-done; complaint != "" {
			t.Errorf("%s\noptions %+v", complaint, o)
		}
	}
	e.Close()
	s := e.Stats()
	sum.Preemptions += s.Preemptions
	sum.Drafted += s.Drafted
	sum.Accepted += s.Accepted
	sum.PagesEvicted += s.PagesEvicted
	sum.CachedTokens += s.CachedTokens
	sum.Cancelled += s.Cancelled
	if s.PagesHeld != 0 || s.PagesCached+s.PagesFree != s.PagesTotal || s.Running+s.Waiting != 0 || s.Finished != s.Requests {
		t.Errorf("at the end: %+v", s)
	}
}

// client sends one or two requests and judges the answers.
type client struct {
	m      *mock
	e      *Engine
	r      *rand.Rand
	shared []int32 // instructions that all clients begin with, more or less
}

func (c *client) visit() string {
	time.Sleep(time.Duration(c.r.IntN(100)) * time.Millisecond)
	q := c.request(slices.Concat(c.shared[:c.r.IntN(len(c.shared))], prompt(1+c.r.IntN(60), c.r.IntN(5))))
	if c.r.IntN(6) == 0 {
		return c.score(q.Prompt)
	}
	outs, complaint := c.ask(q)
	if complaint != "" || c.r.IntN(2) == 0 {
		return complaint
	}
	_, complaint = c.ask(c.request(slices.Concat(q.Prompt, ids(outs), prompt(1+c.r.IntN(20), 3))))
	return complaint
}

// request makes a request that fits, cutting the prompt if need be.
func (c *client) request(ids []int32) Request {
	limit := c.e.Limit()
	ids = ids[:min(len(ids), limit-1)]
	q := Request{Prompt: ids, MaxTokens: 1 + c.r.IntN(min(80, limit-len(ids))), LogProbs: []int{0, 0, -1, 3}[c.r.IntN(4)]}
	if c.r.IntN(3) == 0 {
		q.Stop = []int32{int32(c.r.IntN(50)), 7}
	}
	if c.r.IntN(3) > 0 {
		q.Sampling = sample.Params{
			Temperature: 0.2 + c.r.Float32(), TopK: c.r.IntN(30), TopP: c.r.Float32(), Seed: c.r.Uint64(),
			RepetitionPenalty: 1 + c.r.Float32()/2, PenaltyWindow: c.r.IntN(50),
		}
	}
	return q
}

// ask reads an answer, sometimes slowly, sometimes not to its end.
func (c *client) ask(q Request) ([]Output, string) {
	want, finish := c.m.alone(q, c.e.Limit())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := c.e.Submit(ctx, q)
	if err != nil {
		return nil, fmt.Sprintf("submit: %v", err)
	}
	slow := c.r.IntN(3) == 0
	leave := -1
	if c.r.IntN(4) == 0 {
		leave = c.r.IntN(len(want) + 1)
	}
	var got []Output
	for {
		if len(got) == leave {
			if c.r.IntN(2) == 0 {
				cancel()
			} else {
				s.Cancel()
			}
		}
		out, err := s.Next(context.Background())
		if err != nil {
			break
		}
		got = append(got, out)
		if slow {
			time.Sleep(time.Duration(c.r.IntN(20)) * time.Millisecond)
		}
	}
	if s.err != nil {
		return got, fmt.Sprintf("error %v", s.err)
	}
	if s.Finish() == FinishCancelled && leave >= 0 {
		finish, want = FinishCancelled, want[:min(len(want), len(got))]
	}
	if s.Finish() != finish || !slices.EqualFunc(got, want, same) {
		return got, fmt.Sprintf("request %+v\ngot  %v %q\nwant %v %q", q, ids(got), s.Finish(), ids(want), finish)
	}
	return got, ""
}

// score compares all logits with those computed alone.
func (c *client) score(tokens []int32) string {
	past, want := uint64(1), make([]float32, c.m.V)
	next := 0
	err := c.e.Score(context.Background(), tokens, func(pos int, logits []float32) error {
		if pos != next {
			return fmt.Errorf("position %d after %d", pos, next-1)
		}
		next++
		past = fold(past, remember(past, tokens[pos], pos))
		c.m.logits(want, tokens[pos], past)
		if !slices.Equal(logits, want) {
			return fmt.Errorf("position %d has other logits", pos)
		}
		if c.r.IntN(10) == 0 {
			time.Sleep(time.Duration(c.r.IntN(20)) * time.Millisecond)
		}
		return nil
	})
	if err == nil && next != len(tokens) {
		err = fmt.Errorf("%d positions of %d", next, len(tokens))
	}
	if err != nil {
		return "score: " + err.Error()
	}
	return ""
}
