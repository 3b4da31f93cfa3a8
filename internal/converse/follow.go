package converse

import (
	"context"
	"time"

	"malmoi/internal/account"
)

// Reader gets the events of an answer.
type Reader struct {
	Event func(Event) error
	Idle  func() error  // when nothing came for Every; may be nil
	Every time.Duration // 10 s if 0
}

// pollEvery is how often an answer that another process makes is looked at.
const pollEvery = 200 * time.Millisecond

// Follow hands the events of an answer behind number after to the reader until
// the answer ends, the reader fails or ctx ends. After a Reset the reader has
// the whole answer up to that number.
func (s *Service) Follow(ctx context.Context, p account.Principal, id string, after int, r Reader) error {
	if r.Every <= 0 {
		r.Every = 10 * time.Second
	}
	m, err := s.store.Message(ctx, p.User, id)
	if err != nil {
		return err
	}
	if a := s.hub.get(id); a != nil && a.owner == p.User {
		return s.followHere(ctx, a, after, r)
	}
	if m.Status != Live {
		return r.Event(Event{Seq: after + 1, Done: &m})
	}
	return s.followThere(ctx, p.User, m, after, r)
}

// followHere reads from memory.
func (s *Service) followHere(ctx context.Context, a *answer, n int, r Reader) error {
	idle := time.NewTicker(r.Every)
	defer idle.Stop()
	for {
		events, final, more, known := a.after(n)
		if !known {
			m, last := a.snapshot()
			n = last
			if err := r.Event(Event{Seq: n, Reset: &m}); err != nil {
				return err
			}
			continue
		}
		for i := range events {
			n++
			if err := r.Event(Event{Seq: n, Delta: &events[i]}); err != nil {
				return err
			}
		}
		if final != nil {
			return r.end(n, *final)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-more:
		case <-idle.C:
			if r.Idle != nil {
				if err := r.Idle(); err != nil {
					return err
				}
			}
		}
	}
}

func (r Reader) end(n int, m Message) error {
	if m.Usage != nil {
		if err := r.Event(Event{Seq: n, Usage: m.Usage}); err != nil {
			return err
		}
	}
	return r.Event(Event{Seq: n + 1, Done: &m})
}

// followThere reads the log that another process writes.
func (s *Service) followThere(ctx context.Context, o Owner, m Message, n int, r Reader) error {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	idle := time.NewTicker(r.Every)
	defer idle.Stop()
	n, err := s.rejoin(ctx, o, m, n, r)
	if err != nil {
		return err
	}
	for {
		entries, err := s.store.Entries(ctx, o, m.ID, n)
		if err != nil {
			return err
		}
		if n, err = r.deltas(entries, n); err != nil {
			return err
		}
		// The row is read after its log: if it has ended, the log was complete
		// or is gone, and the row has everything.
		now, err := s.store.Message(ctx, o, m.ID)
		if err != nil {
			return err
		}
		if now.Status != Live {
			return r.end(n, now)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-poll.C:
		case <-idle.C:
			if r.Idle != nil {
				if err := r.Idle(); err != nil {
					return err
				}
			}
		}
	}
}

// rejoin sends a Reset if the reader has seen more than the log holds, which
// happens when the process that made the answer was killed.
func (s *Service) rejoin(ctx context.Context, o Owner, m Message, n int, r Reader) (int, error) {
	if n == 0 {
		return 0, nil
	}
	entries, err := s.store.Entries(ctx, o, m.ID, 0)
	if err != nil {
		return 0, err
	}
	whole, last := applied(m, entries)
	if n >= 0 && n <= last {
		return n, nil
	}
	return last, r.Event(Event{Seq: last, Reset: &whole})
}

// deltas hands on what of the entries lies behind n.
func (r Reader) deltas(entries []Entry, n int) (int, error) {
	for _, e := range entries {
		for i := range e.Deltas {
			seq := e.First + i
			if seq <= n {
				continue
			}
			n = seq
			if err := r.Event(Event{Seq: n, Delta: &e.Deltas[i]}); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// applied is an answer with its log, and the number of the last event.
func applied(m Message, entries []Entry) (Message, int) {
	a := newAnswer("", m, nil)
	last := 0
	for _, e := range entries {
		for i, d := range e.Deltas {
			if e.First+i > last {
				last = e.First + i
				a.say(d)
			}
		}
	}
	m, _ = a.snapshot()
	return m, last
}
