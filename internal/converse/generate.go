package converse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// Why an answer ended before its model did.
var (
	errStopped = errors.New("stopped by the user")
	errLost    = errors.New("another process makes this answer now")
	errTooLong = errors.New("the answer is too long to be kept")

	errFiltered = errors.New("the text filter of this site ended the answer")
)

// finishTime bounds the writing of an answer's last state, and how long it is
// tried again when the store takes no writes.
const (
	finishTime  = 10 * time.Second
	finishTries = 6
)

// start makes an answer in the background.
func (s *Service) start(p account.Principal, m Message, j job) {
	ctx, cancel := context.WithCancelCause(s.closing)
	a := newAnswer(p.User, m, cancel)
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.closing.Err() != nil {
		cancel(nil)
		return // it stays live in the store, and the next process finds it
	}
	s.hub.add(a)
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		defer cancel(nil)
		s.generate(ctx, p, a, j)
	}()
}

// generate runs the model and writes the end, whatever it is.
func (s *Service) generate(ctx context.Context, p account.Principal, a *answer, j job) {
	began := s.now()
	r := &run{s: s, a: a, began: began}
	err := r.guarded(ctx, p, j)
	m := r.last(ctx, err)
	if s.opt.Meter != nil && r.admitted {
		s.record(p, m, r)
	}
	s.finish(p.User, a, m)
	if m.Status != Failed && s.opt.Titles {
		s.name(p, m)
	}
}

// run is the state of one answer's making.
type run struct {
	s        *Service
	a        *answer
	began    time.Time
	first    time.Time // of the first token, zero before
	finish   string
	usage    llm.Usage
	admitted bool
	busy     time.Duration // of the model

	skills skill.Set
	base   int  // calls of the message before this run
	named  int  // calls that have their id
	gap    bool // calls came between the content and what is next
	absent bool // no page of the user's made a call in time
}

func (r *run) guarded(ctx context.Context, p account.Principal, j job) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.s.log.Error("panic while answering", "panic", v, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	if r.s.opt.Meter != nil {
		if err := r.s.opt.Meter.Admit(ctx, p); err != nil {
			return err
		}
		r.admitted = true
	}
	if len(j.skills) > 0 {
		return r.work(ctx, j)
	}
	return r.ask(ctx, j.request)
}

// ask has the model answer by itself.
func (r *run) ask(ctx context.Context, request llm.ChatRequest) error {
	st, err := lent{r}.Chat(ctx, request)
	if err != nil {
		return err
	}
	defer st.Close()
	for {
		e, err := st.Next(ctx)
		if err != nil {
			r.usage = st.Usage()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := r.take(e); err != nil {
			r.usage = st.Usage()
			return err
		}
	}
}

func (r *run) take(e llm.Event) error {
	d := Delta{Content: e.Content, Reasoning: e.Reasoning}
	if t := e.ToolCall; t != nil {
		d.ToolCall = &ToolCallDelta{Index: t.Index, ID: t.ID, Name: t.Name, Arguments: t.Arguments}
	}
	if d.Content != "" || d.Reasoning != "" || d.ToolCall != nil {
		if err := r.append(d); err != nil {
			return err
		}
	}
	if e.Finish != "" {
		r.finish = e.Finish
	}
	if e.Finish == llm.FinishFiltered {
		return errFiltered
	}
	return nil
}

// last is the answer as it stays.
func (r *run) last(ctx context.Context, err error) Message {
	m, _ := r.a.snapshot()
	m.Status, m.ToolCalls = Done, settled(m.ToolCalls)
	if r.finish == "length" {
		m.Status = Length
	}
	switch cause := context.Cause(ctx); {
	case err == nil:
	case errors.Is(err, errTooLong):
		m.Status = Length
	case errors.Is(cause, errStopped):
		m.Status = Stopped
	case cause != nil:
		m.Status = Interrupted
	default:
		m.Status, m.Failure = Failed, failure(err)
		if m.Failure.Kind == "server" {
			r.s.log.Error("an answer failed", "message", m.ID, "model", m.Model, "error", err)
		}
	}
	if !r.first.IsZero() {
		m.Usage = r.counts()
	}
	m.Node, m.Lease, m.Stop = "", time.Time{}, false
	return m
}

func (r *run) counts() *Usage {
	return &Usage{
		PromptTokens: r.usage.PromptTokens, CachedTokens: r.usage.CachedTokens, CompletionTokens: r.usage.CompletionTokens,
		ReasoningTokens: r.usage.ReasoningTokens, FirstMS: r.first.Sub(r.began).Milliseconds(), TotalMS: r.s.now().Sub(r.began).Milliseconds(),
	}
}

func (s *Service) record(p account.Principal, m Message, r *run) {
	ctx, cancel := context.WithTimeout(context.Background(), finishTime)
	defer cancel()
	spend := account.Spend{
		Model: m.Model, PromptTokens: int64(r.usage.PromptTokens), CompletionTokens: int64(r.usage.CompletionTokens),
		CachedTokens: int64(r.usage.CachedTokens), Busy: r.busy,
	}
	if err := s.opt.Meter.Record(ctx, p, spend); err != nil {
		s.log.Warn("an answer is not in the ledger", "message", m.ID, "error", err)
	}
}

// finish writes the last state, tries again while the store takes no writes,
// and then tells the readers. A reader is told of an end only after it is
// stored, unless it cannot be: then the next start finds the log.
func (s *Service) finish(o Owner, a *answer, m Message) {
	defer s.hub.remove(m.ID)
	pause := 100 * time.Millisecond
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), finishTime)
		err := s.writer.finish(ctx, o, m)
		cancel()
		if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
			break // written, taken over, or deleted meanwhile
		}
		s.log.Warn("an answer's end is not written", "message", m.ID, "try", try, "error", err)
		if try == finishTries || s.closing.Err() != nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-s.closing.Done():
		}
		pause *= 2
	}
	a.end(m)
	s.tell(TopicMessage, o, m.ID)
	s.tell(TopicChat, o, m.Chat)
}

// failure says an error in the kinds that a page words.
func failure(err error) *Failure {
	var full *llm.ContextError
	var quota *account.QuotaError
	var filtered *llm.FilteredError
	switch {
	case errors.As(err, &filtered):
		return &Failure{Kind: "filter", Detail: filtered.Error()}
	case errors.Is(err, errFiltered):
		return &Failure{Kind: "filter", Detail: err.Error()}
	case errors.As(err, &full):
		return &Failure{Kind: "context", Detail: full.Error()}
	case errors.As(err, &quota):
		return &Failure{Kind: "quota", Detail: quota.Error(), RetryAfter: int(quota.RetryAfter / time.Second)}
	case errors.Is(err, llm.ErrBusy):
		return &Failure{Kind: "busy", Detail: "the model's queue is full", RetryAfter: max(2, int(llm.RetryAfter(err)/time.Second))}
	case errors.Is(err, llm.ErrUnavailable): // says which server failed, and how
		return &Failure{Kind: "server", Detail: err.Error(), RetryAfter: int(llm.RetryAfter(err) / time.Second)}
	case errors.Is(err, llm.ErrUnknownModel), errors.Is(err, llm.ErrNoTemplate), errors.Is(err, llm.ErrNoGeneration), errors.Is(err, llm.ErrNoRoom):
		return &Failure{Kind: "model", Detail: err.Error()}
	case errors.Is(err, llm.ErrBadRequest):
		return &Failure{Kind: "request", Detail: err.Error()}
	}
	return &Failure{Kind: "server", Detail: "the model stopped with an error; the server's log knows more"}
}
