package converse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/agent"
)

// askFor is how long a call waits for the user's word; then it is refused.
const askFor = 10 * time.Minute

// consentPoll is how often the row of an open question is read: a notice of
// another process may be lost.
const consentPoll = 2 * time.Second

// Consent answers the question whether a live answer may make a call, whichever
// process makes it. The first word counts: what comes later, and what is not
// asked, is ErrConflict.
func (s *Service) Consent(ctx context.Context, p account.Principal, id, call string, allow bool) error {
	if err := writes(p); err != nil {
		return err
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err != nil {
		return err
	}
	if m, err = s.soFar(ctx, p.User, m); err != nil {
		return err
	}
	i := slices.IndexFunc(m.ToolCalls, func(c ToolCall) bool { return c.ID == call && c.State == Asks })
	if m.Status != Live || i < 0 {
		return fmt.Errorf("no such question is open: %w", ErrConflict)
	}
	if err := s.store.Consent(ctx, p.User, id, Said{i, allow}); err != nil {
		return err
	}
	s.hub.nudge(id)
	if m.Node != s.opt.Node {
		s.tell(topicConsent, p.User, id)
	}
	return nil
}

// soFar is a live answer with what it has said, from memory or from the log.
func (s *Service) soFar(ctx context.Context, o Owner, m Message) (Message, error) {
	if m.Status != Live {
		return m, nil
	}
	if a := s.hub.get(m.ID); a != nil && a.owner == o {
		now, _ := a.snapshot()
		now.Node = m.Node
		return now, nil
	}
	entries, err := s.store.Entries(ctx, o, m.ID, 0)
	if err != nil {
		return m, err
	}
	m, _ = applied(m, entries)
	return m, nil
}

// permit asks the user, in every tab that reads the answer, and waits.
func (r *run) permit(ctx context.Context, q agent.Question) (bool, error) {
	i := r.base + q.Index
	if !r.a.say(Delta{ToolCall: &ToolCallDelta{Index: i, State: Asks, Tainted: q.Tainted}}) {
		return false, errTooLong
	}
	yes, err := r.await(ctx, i)
	if err != nil || !yes {
		return false, err
	}
	if !r.a.say(Delta{ToolCall: &ToolCallDelta{Index: i, State: Running, Tainted: q.Tainted}}) {
		return false, errTooLong
	}
	return true, nil
}

// await is the user's word. It is read from the answer's row, which is this
// process's only as long as the lease holds: who has lost it runs nothing.
func (r *run) await(ctx context.Context, call int) (bool, error) {
	limit := time.NewTimer(r.s.opt.AskFor)
	defer limit.Stop()
	poll := time.NewTicker(consentPoll)
	defer poll.Stop()
	for {
		said, err := r.s.store.Consented(ctx, r.a.owner, r.s.opt.Node, r.a.message.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			return false, errLost
		case err != nil && ctx.Err() == nil:
			r.s.log.Warn("a consent is not read", "message", r.a.message.ID, "error", err)
		case said != nil && said.Call == call:
			return said.Allow, nil
		}
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-limit.C:
			return false, nil
		case <-r.a.nudged:
		case <-poll.C:
		}
	}
}
