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

// prompt returns n tokens that depend on seed.
func prompt(n, seed int) []int32 {
	ids := make([]int32, n)
	h := uint64(seed)
	for i := range ids {
		h = fold(h, uint64(i)+11)
		ids[i] = int32(h % 50)
	}
	return ids
}

func newMock() *mock { return &mock{V: 50, context: 4096} }

func submit(t *testing.T, e *Engine, r Request) *Stream {
	t.Helper()
	s, err := e.Submit(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drain reads a stream to its end.
func drain(s *Stream) (outs []Output, err error) {
	for {
		out, err := s.Next(context.Background())
		if err == io.EOF {
			return outs, nil
		}
		if err != nil {
			return outs, err
		}
		outs = append(outs, out)
	}
}

func ids(outs []Output) []int32 {
	var list []int32
	for _, o := range outs {
		list = append(list, o.ID)
	}
	return list
}

func same(a, b Output) bool {
	return a.ID == b.ID && a.LogProb == b.LogProb && slices.Equal(a.Top, b.Top)
}

// check runs a request and compares with the answer computed alone.
func check(t *testing.T, m *mock, e *Engine, r Request) *Stream {
	t.Helper()
	s := submit(t, e, r)
	outs, err := drain(s)
	want, finish := m.alone(r, e.Limit())
	if err != nil || s.Finish() != finish || !slices.EqualFunc(outs, want, same) {
		t.Fatalf("got %v %q %v, want %v %q", ids(outs), s.Finish(), err, ids(want), finish)
	}
	return s
}

func TestAnswerIsThatOfTheModelAlone(t *testing.T) {
	m := newMock()
	e := New(m, Options{})
	defer e.Close()
	check(t, m, e, Request{Prompt: prompt(5, 1), MaxTokens: 40})
	check(t, m, e, Request{Prompt: prompt(300, 2), MaxTokens: 70, LogProbs: 3, Sampling: sample.Params{Temperature: 1, TopP: 0.9, Seed: 7}})
	check(t, m, e, Request{Prompt: prompt(1000, 3), MaxTokens: 10, LogProbs: -1, Sampling: sample.Params{Temperature: 0.7, TopK: 20, RepetitionPenalty: 1.2, Seed: 8}})
	s := check(t, m, e, Request{Prompt: prompt(20, 4), MaxTokens: 400, Stop: []int32{3, 9, 11}, Sampling: sample.Params{Temperature: 2}})
	if id, ok := s.StopToken(); s.Finish() != FinishStop || !ok || !slices.Contains([]int32{3, 9, 11}, id) {
		t.Errorf("finish %q by token %d, %v", s.Finish(), id, ok)
	}
	check(t, m, e, Request{Prompt: prompt(20, 4), MaxTokens: 40, Stop: []int32{3, 9, 11}, IgnoreEOS: true, Sampling: sample.Params{Temperature: 2}})
}

func TestSecondTurnReusesTheFirst(t *testing.T) {
	m := newMock()
	e := New(m, Options{})
	defer e.Close()
	first := Request{Prompt: prompt(75, 1), MaxTokens: 50}
	s := check(t, m, e, first)
	if u := s.Usage(); u.Cached != 0 || u.Prompt != 75 || u.Completion != 50 {
		t.Errorf("first turn: %+v", u)
	}
	answer, _ := m.alone(first, e.Limit())
	turn := append(slices.Clone(first.Prompt), ids(answer)...)
	turn = append(turn, prompt(30, 2)...)
	s = check(t, m, e, Request{Prompt: turn, MaxTokens: 5})
	if u := s.Usage(); u.Cached != 75+50-1 { // the last token drawn was never fed
		t.Errorf("second turn: %d of %d tokens from the cache, want 124", u.Cached, u.Prompt)
	}
	if m.copies != 0 {
		t.Errorf("%d pages copied; the first turn's last page could be continued", m.copies)
	}
	s = check(t, m, e, Request{Prompt: turn, MaxTokens: 5, Sampling: sample.Params{Temperature: 1}})
	if u := s.Usage(); u.Cached != len(turn)-1 {
		t.Errorf("same prompt again: %d of %d tokens from the cache, want all but one", u.Cached, u.Prompt)
	}
	s = check(t, m, e, Request{Prompt: append(slices.Clone(first.Prompt[:70]), 1, 2, 3), MaxTokens: 5})
	if u := s.Usage(); u.Cached < 70 || m.copies == 0 {
		t.Errorf("edited prompt: %d tokens from the cache (%d copies), want 70 by a copy", u.Cached, m.copies)
	}
}

func TestChoicesShareTheirPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMock()
		m.delay = time.Millisecond
		e := New(m, Options{MaxRunning: 8})
		r := Request{Prompt: prompt(700, 1), MaxTokens: 20, Sampling: sample.Params{Temperature: 1}}
		var streams []*Stream
		for n := range 4 {
			r.Sampling.Seed = uint64(n)
			streams = append(streams, submit(t, e, r))
		}
		for n, s := range streams {
			r.Sampling.Seed = uint64(n)
			want, _ := m.alone(r, e.Limit())
			if outs, err := drain(s); err != nil || !slices.EqualFunc(outs, want, same) {
				t.Errorf("choice %d: got %v %v, want %v", n, ids(outs), err, ids(want))
			}
			if u := s.Usage(); n > 0 && u.Cached != 699 {
				t.Errorf("choice %d: %d of 700 prompt tokens shared, want 699", n, u.Cached)
			}
		}
		if rows := e.Stats().Rows; rows > 700+4*20 {
			t.Errorf("%d rows computed, want the prompt once", rows)
		}
		e.Close()
	})
}

func TestRequestsThatCannotFitAreRefused(t *testing.T) {
	e := New(&mock{V: 50, context: 200}, Options{KVPages: 4})
	defer e.Close()
	f := func(r Request, want ErrContext) {
		t.Helper()
		_, err := e.Submit(t.Context(), r)
		var got *ErrContext
		if !errors.As(err, &got) || *got != want {
			t.Errorf("got %v, want %v", err, &want)
		}
	}
	f(Request{Prompt: prompt(100, 1), MaxTokens: 29}, ErrContext{100, 29, 128})
	f(Request{Prompt: prompt(128, 1)}, ErrContext{128, 1, 128})
	f(Request{Prompt: prompt(10, 1), MaxTokens: 1 << 62}, ErrContext{10, 1 << 62, 128})
	for _, r := range []Request{
		{}, {Prompt: []int32{50}}, {Prompt: []int32{-1}}, {Prompt: []int32{1}, MaxTokens: -1}, {Prompt: []int32{1}, LogProbs: 1000},
		{Prompt: []int32{1}, Sampling: sample.Params{TopP: 2}},
	} {
		if _, err := e.Submit(t.Context(), r); !errors.Is(err, ErrRequest) {
			t.Errorf("%+v: got %v, want a bad request", r, err)
		}
	}
	s := submit(t, e, Request{Prompt: prompt(100, 1)})
	if outs, err := drain(s); err != nil || len(outs) != 28 || s.Finish() != FinishLength {
		t.Errorf("no limit of its own: %d tokens, %q, %v; want the 28 that fit", len(outs), s.Finish(), err)
	}
}
