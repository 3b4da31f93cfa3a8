package converse

import (
	"context"
	"errors"
	"time"
)

// maxOrphans is how many answers are rescued in one transaction's time.
const maxOrphans = 100

// rescue ends the answers whose process is gone: they keep what the log has
// and are marked as interrupted. With all, leases do not count, because no other
// process makes answers: whatever was leased before this one began is orphaned.
func (s *Service) rescue(ctx context.Context, all bool) {
	before := s.now()
	if all {
		before = s.started.Add(s.opt.LeaseFor)
	}
	for {
		orphans, err := s.store.Orphans(ctx, before, maxOrphans)
		if err != nil {
			if ctx.Err() == nil {
				s.log.Warn("interrupted answers are not looked for", "error", err)
			}
			return
		}
		mended := 0
		for _, o := range orphans {
			if s.hub.get(o.Message.ID) != nil {
				continue // ours, and alive
			}
			if err := s.mend(ctx, o); err != nil && !errors.Is(err, ErrConflict) {
				s.log.Warn("an interrupted answer is not mended", "message", o.Message.ID, "error", err)
				return
			}
			mended++
		}
		if mended == 0 || len(orphans) < maxOrphans {
			return
		}
	}
}

func (s *Service) mend(ctx context.Context, o Orphan) error {
	m := o.Message
	ok, err := s.store.Adopt(ctx, m.ID, m.Node, s.opt.Node, s.now().Add(s.opt.LeaseFor))
	if err != nil || !ok {
		return err
	}
	entries, err := s.store.Entries(ctx, o.Owner, m.ID, 0)
	if err != nil {
		return err
	}
	stop := m.Stop
	m, _ = applied(m, entries)
	m.Status, m.ToolCalls = Interrupted, settled(m.ToolCalls)
	if stop {
		m.Status = Stopped
	}
	m.Node, m.Lease, m.Stop = "", time.Time{}, false
	if err := s.store.Finish(ctx, o.Owner, s.opt.Node, m); err != nil {
		return err
	}
	s.log.Info("an interrupted answer was mended", "message", m.ID, "bytes", len(m.Content))
	s.tell(TopicMessage, o.Owner, m.ID)
	s.tell(TopicChat, o.Owner, m.Chat)
	return nil
}

// renew holds on to the answers that this process makes, and stops those that
// somebody wants stopped on another process.
func (s *Service) renew(ctx context.Context) {
	if s.hub.size() == 0 {
		return
	}
	stopped, err := s.store.Renew(ctx, s.opt.Node, s.now().Add(s.opt.LeaseFor))
	if err != nil {
		s.log.Warn("leases are not renewed", "error", err)
		return
	}
	for _, id := range stopped {
		s.hub.stop(id)
	}
}
