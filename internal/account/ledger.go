package account

import (
	"context"
	"errors"
	"slices"
	"time"
)

func (a *Sum) add(b Sum) {
	a.Requests += b.Requests
	a.PromptTokens += b.PromptTokens
	a.CachedTokens += b.CachedTokens
	a.CompletionTokens += b.CompletionTokens
	a.CostKRW += b.CostKRW
}

// Record writes what a request used into the ledger. A Spend without tokens and
// cost only gives the reservation back.
//
// A database that takes no writes for now stops nobody: what is not written
// waits in memory, counts against quotas, and is written by Run. The cost is
// the upstream's price, or the share of the machine's hour that the request
// kept it busy; requests computed together each count in full.
func (s *Service) Record(ctx context.Context, p Principal, spend Spend) error {
	now := s.now()
	krw, err := s.hourKRW(ctx, now)
	if err != nil {
		s.log.Warn("the price of an hour is not known", "error", err)
	}
	sum, used := priced(spend, krw)
	l := &s.ledger
	l.mu.Lock()
	t := l.users[p.User]
	if t != nil && len(t.running) > 0 {
		t.running = t.running[1:]
	}
	if !used {
		l.mu.Unlock()
		return nil
	}
	if t != nil && t.day == day(now) {
		t.used.add(sum)
	}
	lost := l.keep(ledgerRow{day(now), p.User, cut(spend.Model, maxModel)}, sum)
	l.mu.Unlock()
	if lost {
		s.log.Error("usage is lost: too much waits to be written", "user", p.User)
	}
	return s.flush(ctx)
}

const maxModel = 200 // bytes of a model's name in the ledger

// priced turns a spend into ledger numbers; used is false if it is empty.
func priced(spend Spend, krwPerHour float64) (sum Sum, used bool) {
	sum = Sum{Requests: 1, PromptTokens: max(spend.PromptTokens, 0), CachedTokens: max(spend.CachedTokens, 0), CompletionTokens: max(spend.CompletionTokens, 0), CostKRW: spend.UpstreamKRW}
	if !(sum.CostKRW > 0) {
		sum.CostKRW = krwPerHour * max(spend.Busy, 0).Hours()
	}
	return sum, sum.PromptTokens+sum.CompletionTokens > 0 || sum.CostKRW > 0
}

// keep puts a sum among those to be written. The lock is held.
func (l *ledger) keep(row ledgerRow, sum Sum) (lost bool) {
	if l.pending == nil {
		l.pending = map[ledgerRow]Sum{}
	}
	have, known := l.pending[row]
	if !known && len(l.pending) >= maxPending {
		return true
	}
	have.add(sum)
	l.pending[row] = have
	return false
}

// flush writes what waits. What cannot be written waits on.
func (s *Service) flush(ctx context.Context) error {
	l := &s.ledger
	l.mu.Lock()
	rows := l.pending
	l.pending = nil
	l.mu.Unlock()
	// The request that spent may be gone; what it spent is not.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	var failed error
	for row, sum := range rows {
		if failed == nil {
			failed = s.store.AddSpend(ctx, row.day, row.user, row.model, sum)
		}
		if failed != nil {
			l.mu.Lock()
			l.keep(row, sum)
			l.mu.Unlock()
		}
	}
	return failed
}

const writeTime = 10 * time.Second // for the ledger's rows

// hourKRW returns the site's price of an hour, at most tallyFor old.
func (s *Service) hourKRW(ctx context.Context, now time.Time) (float64, error) {
	site, err := s.siteNow(ctx, now)
	return site.KRWPerHour, err
}

// TextFilter returns how strictly texts are filtered, at most tallyFor old.
func (s *Service) TextFilter(ctx context.Context) (TextFilter, error) {
	site, err := s.siteNow(ctx, s.now())
	return site.Filter, err
}

func (s *Service) siteNow(ctx context.Context, now time.Time) (Site, error) {
	l := &s.ledger
	l.mu.Lock()
	site, fresh := l.site, now.Sub(l.siteRead) < tallyFor
	l.mu.Unlock()
	if fresh {
		return site, nil
	}
	read, err := s.store.Site(context.WithoutCancel(ctx))
	if err != nil {
		return site, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.site, l.siteRead = read, now
	return read, nil
}

// Usage returns what p's user spent in the last days, today included.
func (s *Service) Usage(ctx context.Context, p Principal, days int) (Usage, error) {
	if p.User == "" {
		return Usage{}, ErrNotFound
	}
	return s.usage(ctx, p, p.User, days)
}

// SiteUsage returns what everybody spent, for admins.
func (s *Service) SiteUsage(ctx context.Context, p Principal, days int) (Usage, error) {
	if err := admin(p); err != nil {
		return Usage{}, err
	}
	return s.usage(ctx, p, "", days)
}

func (s *Service) usage(ctx context.Context, p Principal, of UserID, days int) (Usage, error) {
	if days < 1 || days > MaxUsageDays {
		return Usage{}, invalid("days", "range", "a report covers 1 to %d days", MaxUsageDays)
	}
	now := s.now()
	u, err := s.store.UsageOf(ctx, of, day(now.In(Seoul).AddDate(0, 0, 1-days)), day(now))
	if err != nil {
		return Usage{}, err
	}
	slices.SortStableFunc(u.Models, func(a, b ModelUsage) int { return int(b.Requests - a.Requests) })
	slices.SortStableFunc(u.Users, func(a, b UserUsage) int {
		return int(b.PromptTokens + b.CompletionTokens - a.PromptTokens - a.CompletionTokens)
	})
	if u.Quota, err = s.quotaState(ctx, p.User, now); errors.Is(err, ErrNotFound) {
		err = nil // the operator has no quota
	}
	return u, err
}

func (s *Service) quotaState(ctx context.Context, id UserID, now time.Time) (QuotaState, error) {
	t, err := s.tally(ctx, id, now)
	if err != nil {
		return QuotaState{}, err
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return QuotaState{
		TokensPerDay: t.quota.TokensPerDay, RequestsPerDay: t.quota.RequestsPerDay,
		TokensToday: t.used.PromptTokens + t.used.CompletionTokens, RequestsToday: t.used.Requests,
	}, nil
}
