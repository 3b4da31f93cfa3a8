package account

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"malmoi/internal/bus"
)

// Note writes an entry for p into the audit log.
func (s *Service) Note(ctx context.Context, p Principal, action, target, detail string) error {
	return s.store.AddEntry(ctx, s.entry(p, action, target, detail))
}

// Entries returns a page of the audit log, newest first, for admins.
func (s *Service) Entries(ctx context.Context, p Principal, f EntryFilter) ([]Entry, error) {
	if err := admin(p); err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > MaxPage {
		f.Limit = MaxPage
	}
	return s.store.Entries(ctx, f)
}

// ExportEntries writes the audit log as JSON lines, newest first, for admins.
// The export itself becomes an entry before. It holds one page in memory.
func (s *Service) ExportEntries(ctx context.Context, p Principal, w io.Writer) error {
	if err := admin(p); err != nil {
		return err
	}
	if err := s.Note(ctx, p, ActAuditExported, "", ""); err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	lines := json.NewEncoder(out)
	for before := int64(0); ; {
		page, err := s.store.Entries(ctx, EntryFilter{Before: before, Limit: MaxPage})
		if err != nil {
			return err
		}
		for _, e := range page {
			e.At = e.At.In(Seoul)
			if err := lines.Encode(e); err != nil {
				return err
			}
		}
		if len(page) < MaxPage {
			return out.Flush()
		}
		before = page[len(page)-1].ID
	}
}

// Site returns the settings of the site, for admins.
func (s *Service) Site(ctx context.Context, p Principal) (Site, error) {
	if err := admin(p); err != nil {
		return Site{}, err
	}
	return s.store.Site(ctx)
}

// SetSite changes the settings of the site, for admins.
func (s *Service) SetSite(ctx context.Context, p Principal, site Site) (Site, error) {
	if err := admin(p); err != nil {
		return Site{}, err
	}
	if !(site.KRWPerHour >= 0 && site.KRWPerHour <= maxKRWPerHour) { // also refuses NaN
		return Site{}, invalid("krw_per_hour", "range", "an hour costs 0 to %d won", int(maxKRWPerHour))
	}
	if site.SignUp != SignUpInvite && site.SignUp != SignUpClosed {
		return Site{}, invalid("signup", "unknown", "signup is invite or closed")
	}
	if err := checkQuota(site.DefaultQuota); err != nil {
		return Site{}, err
	}
	for _, level := range []string{site.Filter.Profanity, site.Filter.Hate, site.Filter.Sexual} {
		if level != "" && level != FilterOff && level != FilterLow && level != FilterStrict {
			return Site{}, invalid("filter", "unknown", "a level of the text filter is off, low or strict")
		}
	}
	detail, err := json.Marshal(site)
	if err != nil {
		return Site{}, err
	}
	if err := s.store.SetSite(ctx, site, s.entry(p, ActSettings, "", string(detail))); err != nil {
		return Site{}, err
	}
	s.tell(bus.Notice{Topic: TopicChanged})
	return site, nil
}

// maxKRWPerHour is far more than any machine costs.
const maxKRWPerHour = 10_000_000
