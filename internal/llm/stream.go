package llm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"malmoi/internal/chat"
	"malmoi/internal/engine"
	"malmoi/internal/token"
)

// reply says how generated tokens become events.
type reply struct {
	parser func() *chat.Parser // nil: all text is content
	echo   echoed              // what comes before the generated text
	forced *chat.Force         // the call that the model must write; nil: it writes freely
	stops  []int32             // tokens that end it
}

// maxChoices bounds N: each choice is a sequence of its own.
const maxChoices = 16

// stream merges the choices of one request. It implements Stream.
type stream struct {
	cancel context.CancelFunc
	events chan result
	choice []*choice

	mu    sync.Mutex
	usage Usage
}

type result struct {
	event Event
	err   error
}

// start submits the request's choices and follows them.
func (m *Model) start(ctx context.Context, prompt []int32, p Params, how reply) (Stream, error) {
	n := max(1, p.N)
	if n > maxChoices {
		return nil, fmt.Errorf("%w: n is %d, at most %d choices are computed at once", ErrBadRequest, n, maxChoices)
	}
	if len(prompt) == 0 {
		return nil, fmt.Errorf("%w: the prompt is empty", ErrBadRequest)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &stream{cancel: cancel, events: make(chan result, 16)}
	for i := range n {
		c, err := m.submit(ctx, prompt, p, how, i)
		if err != nil {
			cancel()
			return nil, err
		}
		s.choice = append(s.choice, c)
	}
	var group sync.WaitGroup
	for _, c := range s.choice {
		group.Go(func() { s.follow(ctx, c) })
	}
	go func() {
		group.Wait()
		close(s.events)
		cancel()
	}()
	return s, nil
}

// submit hands one choice to the engine. Choices after the first draw from
// seeds of their own.
func (m *Model) submit(ctx context.Context, prompt []int32, p Params, how reply, index int) (*choice, error) {
	r := engine.Request{
		Prompt:    prompt,
		MaxTokens: p.MaxTokens,
		Sampling:  p.Sampling,
		Stop:      how.stops,
		IgnoreEOS: p.IgnoreEOS,
	}
	r.Sampling.Seed += uint64(index) * 0x9e3779b97f4a7c15
	if p.LogProbs {
		r.LogProbs = -1
		if p.TopLogProbs > 0 {
			r.LogProbs = p.TopLogProbs
		}
	}
	constraint, err := m.constraint(p.Format, how.forced, how.stops)
	if err != nil {
		return nil, err
	}
	r.Constraint = constraint
	es, err := m.eng.Submit(ctx, r)
	if err != nil {
		return nil, m.engineError(err)
	}
	c := &choice{m: m, index: index, es: es, dec: m.tok.Decoder(false), stop: stopMatcher{stops: p.Stop}, echo: how.echo, logprobs: p.LogProbs}
	if how.parser != nil {
		c.parser = how.parser()
	}
	if how.forced != nil {
		c.before, c.suffix = c.events(c.parser.Push(how.forced.Prefix)), how.forced.Suffix
	}
	return c, nil
}

// follow turns one choice's tokens into events until it ends.
func (s *stream) follow(ctx context.Context, c *choice) {
	send := func(r result) bool {
		select {
		case s.events <- r:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for {
		events, err := c.next(ctx)
		for _, e := range events {
			if !send(result{event: e}) {
				c.es.Cancel()
				return
			}
		}
		if errors.Is(err, io.EOF) {
			s.count(c)
			return
		}
		if err != nil {
			c.es.Cancel()
			send(result{err: c.m.engineError(err)})
			return
		}
	}
}

// count adds a finished choice to the usage; the prompt counts once.
func (s *stream) count(c *choice) {
	u := c.es.Usage()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.PromptTokens = u.Prompt
	s.usage.CachedTokens = max(s.usage.CachedTokens, u.Cached)
	s.usage.CompletionTokens += u.Completion
	s.usage.ReasoningTokens += c.reasoning
	s.usage.Prefill = max(s.usage.Prefill, u.Prefill)
	s.usage.Decode = max(s.usage.Decode, u.Decode)
}

// Next returns the next event, io.EOF after the last.
func (s *stream) Next(ctx context.Context) (Event, error) {
	select {
	case r, ok := <-s.events:
		if !ok {
			return Event{}, io.EOF
		}
		return r.event, r.err
	case <-ctx.Done():
		return Event{}, ctx.Err()
	}
}

// Usage counts tokens and time; complete after the last event.
func (s *stream) Usage() Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

// Close cancels what still runs.
func (s *stream) Close() error {
	s.cancel()
	return nil
}

// choice is one answer on its way from tokens to events.
type choice struct {
	m         *Model
	index     int
	es        *engine.Stream
	dec       *token.Decoder
	stop      stopMatcher
	parser    *chat.Parser // nil: all text is content
	before    []Event      // of a forced call's beginning
	suffix    string       // of a forced call, written when its arguments end
	echo      echoed
	logprobs  bool
	pending   []ChosenLogProb // of tokens whose text is held back
	reasoning int             // tokens spent on reasoning
	thinking  bool
	calls     int // tool calls seen
	ended     bool
}

// next reads one token and returns the events it completes. At the end it
// returns the last events with io.EOF.
func (c *choice) next(ctx context.Context) ([]Event, error) {
	if c.ended {
		return nil, io.EOF
	}
	if c.echo.text != "" || c.echo.logProbs != nil {
		e := Event{Choice: c.index, Content: c.echo.text, LogProbs: c.echo.logProbs}
		c.echo = echoed{}
		return []Event{e}, nil
	}
	if len(c.before) > 0 {
		events := c.before
		c.before = nil
		return events, nil
	}
	out, err := c.es.Next(ctx)
	if errors.Is(err, io.EOF) {
		c.ended = true
		return c.last(c.stop.flush()), io.EOF
	}
	if err != nil {
		return nil, err
	}
	if c.logprobs {
		c.pending = append(c.pending, c.chosen(out))
	}
	if c.thinking {
		c.reasoning++
	}
	text, stopped := c.stop.push(c.text(out.ID))
	if stopped {
		c.es.Cancel()
		c.drain(ctx)
		c.ended = true
		events := c.finish(c.parse(text), "stop")
		events[len(events)-1].Stop = c.stop.found
		return events, io.EOF
	}
	return c.attach(c.parse(text)), nil
}

// drain waits for the engine to end a cancelled answer, so that its usage is
// complete.
func (c *choice) drain(ctx context.Context) {
	for {
		if _, err := c.es.Next(ctx); err != nil {
			return
		}
	}
}

// text is what a token adds. Control tokens that mean nothing to the dialect
// are not shown.
func (c *choice) text(id int32) string {
	if c.m.tok.IsControl(id) && (c.parser == nil || !c.m.dialect.Marker(c.m.tok.Piece(id))) {
		return ""
	}
	return c.dec.Push(id)
}

// parse turns text into events without log probabilities.
func (c *choice) parse(text string) []Event {
	if text == "" {
		return nil
	}
	if c.parser == nil {
		return []Event{{Choice: c.index, Content: text}}
	}
	return c.events(c.parser.Push(text))
}

// events translates a parser's deltas.
func (c *choice) events(deltas []chat.Delta) []Event {
	var out []Event
	for _, d := range deltas {
		e := Event{Choice: c.index, Content: d.Content, Reasoning: d.Reasoning}
		if d.Call != nil {
			e.ToolCall = &ToolCallDelta{Index: c.calls, ID: d.Call.ID, Name: d.Call.Name, Arguments: d.Call.Arguments}
			c.calls++
		}
		c.thinking = d.Reasoning != "" && d.Content == "" && d.Call == nil
		out = append(out, e)
	}
	return out
}

// attach gives the pending log probabilities to the first event.
func (c *choice) attach(events []Event) []Event {
	if len(c.pending) == 0 {
		return events
	}
	if len(events) == 0 {
		// Text is held back: tokens and text meet again in a later event.
		return nil
	}
	events[0].LogProbs = c.pending
	c.pending = nil
	return events
}

// last returns the events of the answer's end: text held back by the stop
// strings, the decoder and the parser, and the reason.
func (c *choice) last(held string) []Event {
	// Bytes that the decoder still holds are half a character that the next
	// token would have finished: they are not shown.
	text := held + strings.TrimRight(c.dec.Flush(), "\ufffd")
	reason := string(engine.FinishStop)
	if c.es.Finish() == engine.FinishLength {
		reason = string(engine.FinishLength)
	} else {
		text += c.suffix
	}
	events := c.parse(text)
	return c.finish(events, reason)
}

// finish closes the parser and marks the last event with the reason.
func (c *choice) finish(events []Event, reason string) []Event {
	if c.parser != nil {
		events = append(events, c.events(c.parser.Close())...)
	}
	if c.calls > 0 && reason == "stop" {
		reason = "tool_calls"
	}
	return c.attach(append(events, Event{Choice: c.index, Finish: reason}))
}

// chosen translates one token's log probabilities.
func (c *choice) chosen(out engine.Output) ChosenLogProb {
	l := ChosenLogProb{TokenLogProb: c.m.logProb(out.ID, out.LogProb)}
	for _, t := range out.Top {
		l.Top = append(l.Top, c.m.logProb(t.ID, t.LogProb))
	}
	return l
}

func (m *Model) logProb(id int32, p float32) TokenLogProb {
	b := m.tok.Bytes(id)
	if b == nil {
		b = []byte(strings.ToValidUTF8(m.tok.Piece(id), ""))
	}
	return TokenLogProb{ID: id, Bytes: b, LogProb: p}
}
