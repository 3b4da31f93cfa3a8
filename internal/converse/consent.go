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
	m, i, err := s.waiting(ctx, p.User, id, call, Asks)
	if err != nil {
		return err
	}
	if err := s.store.Consent(ctx, p.User, id, Said{i, allow}); err != nil {
		return err
	}
	s.wake(m, p.User)
	return nil
}

// waiting is a live answer with the place of its call that waits in a state.
func (s *Service) waiting(ctx context.Context, o Owner, id, call string, state CallState) (Message, int, error) {
	m, err := s.store.Message(ctx, o, id)
	if err != nil {
		return m, 0, err
	}
	if m, err = s.soFar(ctx, o, m); err != nil {
		return m, 0, err
	}
	i := slices.IndexFunc(m.ToolCalls, func(c ToolCall) bool { return c.ID == call && c.State == state })
	if m.Status != Live || i < 0 {
		return m, 0, fmt.Errorf("no such call waits: %w", ErrConflict)
	}
	return m, i, nil
}

// wake has whoever makes an answer read its row.
func (s *Service) wake(m Message, o Owner) {
	s.hub.nudge(m.ID)
	if m.Node != s.opt.Node {
		s.tell(topicConsent, o, m.ID)
	}
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

// await is the user's word; none in time is a no.
func (r *run) await(ctx context.Context, call int) (bool, error) {
	said, err := awaited(ctx, r, r.s.opt.AskFor, r.s.store.Consented, func(x Said) bool { return x.Call == call })
	return said != nil && said.Allow, err
}

// awaited is what the user has to say, or nil if they do not in time. It is
// read from the answer's row, which is this process's only as long as the lease
// holds: who has lost it goes no further.
func awaited[T any](ctx context.Context, r *run, limit time.Duration, read func(ctx context.Context, o Owner, node, id string) (*T, error), meant func(T) bool) (*T, error) {
	late := time.NewTimer(limit)
	defer late.Stop()
	poll := time.NewTicker(consentPoll)
	defer poll.Stop()
	for {
		x, err := read(ctx, r.a.owner, r.s.opt.Node, r.a.message.ID)
		switch {
		case errors.Is(err, ErrNotFound):
			return nil, errLost
		case err != nil && ctx.Err() == nil:
			r.s.log.Warn("what a user said to an answer is not read", "message", r.a.message.ID, "error", err)
		case x != nil && meant(*x):
			return x, nil
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-late.C:
			return nil, nil
		case <-r.a.nudged:
		case <-poll.C:
		}
	}
}
