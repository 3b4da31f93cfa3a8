package converse

import (
	"context"
	"errors"
	"slices"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/agent"
	"malmoi/internal/skill"
)

// pageFor is how long a call waits for a page of the user's to make it. A page
// that is open needs seconds; one may have to be opened first.
const pageFor = 3 * time.Minute

// What the model is told where a page says nothing.
const (
	noPage   = "error: no page of the user ran the code"
	noOutput = "(no output)"
)

// offered are the skills of a user: those that the site has, and those that
// their page has where they switched it on.
func (s *Service) offered(ctx context.Context, p account.Principal, own Settings) skill.Set {
	set := s.opt.Skills.Skills(ctx, p)
	if !own.CodeInterpreter {
		return set
	}
	set = slices.DeleteFunc(slices.Clone(set), func(x skill.Skill) bool { return x.Name == skill.RunPython.Name })
	return append(set, skill.RunPython)
}

// Result takes what a page of the user's made of a call of a live answer,
// whichever process makes the answer. The first result counts: what comes
// later, and what does not wait for a page, is ErrConflict.
func (s *Service) Result(ctx context.Context, p account.Principal, id, call, text string, failed bool) error {
	if err := writes(p); err != nil {
		return err
	}
	if len(text) > skill.MaxResult {
		return invalid("text", "at most %d bytes, got %d", skill.MaxResult, len(text))
	}
	m, i, err := s.waiting(ctx, p.User, id, call, OnPage)
	if err != nil {
		return err
	}
	if text = clean(text); text == "" {
		text = noOutput
	}
	if err := s.store.Bring(ctx, p.User, id, Brought{i, text, failed}); err != nil {
		return err
	}
	s.wake(m, p.User)
	return nil
}

// page has a page of the user's make a call, any tab that reads the answer, and
// waits for what it brings. Where none has come once, the answer's later calls
// do not wait: it would be live for as long as its model tries again.
func (r *run) page(ctx context.Context, c agent.Call) (string, bool, error) {
	if r.absent {
		return noPage, false, nil
	}
	i := r.base + c.Index
	if !r.a.say(Delta{ToolCall: &ToolCallDelta{Index: i, State: OnPage}}) {
		return "", false, errTooLong
	}
	mine := func(b Brought) bool { return b.Call == i }
	b, err := awaited(ctx, r, r.s.opt.PageFor, r.s.store.Brought, mine)
	if err == nil && b == nil {
		b, err = r.late(ctx, Brought{i, noPage, true})
	}
	if err != nil {
		return "", false, err
	}
	r.absent = *b == Brought{i, noPage, true}
	return b.Text, !b.Failed, nil
}

// late ends the wait for a page by bringing a result as a page would, so that
// no page is told that its result counts when it does not. One that was faster
// counts.
func (r *run) late(ctx context.Context, none Brought) (*Brought, error) {
	err := r.s.store.Bring(ctx, r.a.owner, r.a.message.ID, none)
	if errors.Is(err, ErrConflict) {
		var b *Brought
		if b, err = r.s.store.Brought(ctx, r.a.owner, r.s.opt.Node, r.a.message.ID); err == nil && b != nil && b.Call == none.Call {
			return b, nil
		}
	}
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, ErrNotFound):
		return nil, errLost
	case err != nil:
		r.s.log.Warn("the end of the wait for a page is not written", "message", r.a.message.ID, "error", err)
	}
	return &none, nil
}
