package llm

import (
	"context"
	"io"
	"math"
)

// echoed is what a completion repeats before it goes on.
type echoed struct {
	text     string
	logProbs []ChosenLogProb // of the prompt's tokens, if asked for
}

// echo prepares the repetition of a prompt. The prompt is scored in a pass of
// its own: the engine reads a prompt for its last logits only.
func (m *Model) echo(ctx context.Context, r CompletionRequest, ids []int32) (echoed, error) {
	var e echoed
	if !r.Echo {
		return e, nil
	}
	e.text = r.Prompt
	if r.IDs != nil {
		e.text = m.Detokenize(r.IDs)
	}
	if !r.LogProbs {
		return e, nil
	}
	var err error
	e.logProbs, err = m.promptLogProbs(ctx, ids, r.TopLogProbs)
	return e, err
}

// promptLogProbs says how likely each token is after those before it. Nothing
// stands before the first, whose LogProb is NaN.
func (m *Model) promptLogProbs(ctx context.Context, ids []int32, top int) ([]ChosenLogProb, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	out := []ChosenLogProb{{TokenLogProb: m.logProb(ids[0], float32(math.NaN()))}}
	err := m.Score(ctx, ids, func(pos int, logits []float32) error {
		if pos+1 == len(ids) {
			return nil
		}
		lse := LogSumExp(logits)
		at := func(id int32) TokenLogProb { return m.logProb(id, float32(float64(logits[id])-lse)) }
		c := ChosenLogProb{TokenLogProb: at(ids[pos+1])}
		if top > 0 {
			for _, id := range TopIDs(logits, top) {
				c.Top = append(c.Top, at(id))
			}
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// only is the answer of a request that generates nothing: its prompt, once for
// every choice.
func (e echoed) only(prompt, n int) Stream {
	s := &replay{usage: Usage{PromptTokens: prompt}}
	for i := range max(1, n) {
		s.events = append(s.events, Event{Choice: i, Content: e.text, LogProbs: e.logProbs, Finish: "length"})
	}
	return s
}

// replay is a stream of events that are there already.
type replay struct {
	events []Event
	usage  Usage
}

// Next returns the next event, io.EOF after the last.
func (s *replay) Next(ctx context.Context) (Event, error) {
	if err := ctx.Err(); err != nil {
		return Event{}, err
	}
	if len(s.events) == 0 {
		return Event{}, io.EOF
	}
	e := s.events[0]
	s.events = s.events[1:]
	return e, nil
}

// Usage counts the prompt; nothing was generated.
func (s *replay) Usage() Usage { return s.usage }

// Close does nothing: nothing is running.
func (s *replay) Close() error { return nil }
