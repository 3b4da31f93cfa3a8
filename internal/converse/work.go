package converse

import (
	"context"
	"strings"
	"time"

	"malmoi/internal/agent"
	"malmoi/internal/llm"
)

// work has the model answer with skills.
func (r *run) work(ctx context.Context, j job) error {
	m, _ := r.a.snapshot()
	r.base, r.named, r.skills = len(m.ToolCalls), len(m.ToolCalls), j.skills
	out, err := agent.Run(ctx, lent{r}, j.request, agent.Options{
		Skills: j.skills, Tainted: j.tainted, Permit: r.permit, Page: r.page, On: r.see, Now: r.s.now,
	})
	r.usage = out.Usage
	return err
}

// see takes an event of the loop into the answer.
func (r *run) see(e agent.Event) error {
	if e.Result != nil {
		return r.came(*e.Result)
	}
	if e.Content != "" && r.gap { // what the model says next is another turn
		e.Content = "\n\n" + strings.TrimLeft(e.Content, " \n")
		r.gap = false
	}
	if e.ToolCall == nil {
		return r.take(e.Event)
	}
	d := r.piece(*e.ToolCall)
	return r.append(Delta{ToolCall: &d})
}

// piece is a part of a call as the answer has it: calls are numbered through
// all turns, and have ids that are unique in the answer, since a person's yes
// is for one of them.
func (r *run) piece(t llm.ToolCallDelta) ToolCallDelta {
	d := ToolCallDelta{Index: r.base + t.Index, Name: t.Name, Arguments: t.Arguments}
	if d.Index == r.named {
		r.named++
		d.ID = newID()[:callIDChars]
		if x, ok := r.skills.Find(t.Name); ok {
			d.Title = x.Title
		}
	}
	return d
}

// callIDChars is the length of a call's id: some templates want just that.
const callIDChars = 9

// came notes what a call came to.
func (r *run) came(res agent.Result) error {
	d := ToolCallDelta{Index: r.base + res.Index, State: Broke, Result: clean(res.Text), Outside: res.Outside}
	switch {
	case res.Refused:
		d.State = Refused
	case res.OK:
		d.State = Ran
	}
	m, _ := r.a.snapshot()
	r.gap = m.Content != ""
	return r.append(Delta{ToolCall: &d})
}

func (r *run) append(d Delta) error {
	if r.first.IsZero() {
		r.first = r.s.now()
	}
	if !r.a.say(d) {
		return errTooLong
	}
	return nil
}

// lent is the answer's model. It is held while it speaks, and not while a call
// runs or a person thinks.
type lent struct{ r *run }

// Chat implements agent.Model.
func (l lent) Chat(ctx context.Context, request llm.ChatRequest) (llm.Stream, error) {
	r := l.r
	model, release, err := r.s.models.Acquire(ctx, r.a.message.Model)
	if err != nil {
		return nil, err
	}
	at := r.s.now()
	st, err := model.Chat(llm.WithConversation(ctx, r.a.message.Chat), request)
	if err != nil {
		release()
		return nil, err
	}
	return &lentStream{st, r, at, release}, nil
}

type lentStream struct {
	llm.Stream
	r       *run
	at      time.Time
	release func()
}

// Close gives the model back.
func (s *lentStream) Close() error {
	err := s.Stream.Close()
	s.r.busy += s.r.s.now().Sub(s.at)
	s.release()
	return err
}
