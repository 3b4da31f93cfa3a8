package account

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Seoul is where days begin and end. Korea has had no summer time since 1988,
// so no database of time zones is needed.
var Seoul = time.FixedZone("KST", 9*60*60)

// day returns the day of t in Seoul, as the ledger writes it.
func day(t time.Time) string { return t.In(Seoul).Format(time.DateOnly) }

// untilMidnight returns how long the day of t lasts in Seoul.
func untilMidnight(t time.Time) time.Duration {
	t = t.In(Seoul)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, Seoul).Sub(t)
}

// maxQuota is the largest limit; more is meant to be Unlimited.
const maxQuota = 1_000_000_000_000

func checkQuota(q Quota) error {
	for _, v := range []int64{q.TokensPerDay, q.RequestsPerDay} {
		if v < Unlimited || v > maxQuota {
			return invalid("quota", "range", "a quota is -1 (unlimited), 0 (nothing said here) or at most %d", int64(maxQuota))
		}
	}
	return nil
}

func (q Quota) String() string {
	return fmt.Sprintf("tokens_per_day=%d requests_per_day=%d", q.TokensPerDay, q.RequestsPerDay)
}

// effective is the quota that counts: the user's own, else the strictest of the
// groups, else the site's, each field for itself; 0 is none.
func effective(own Quota, groups []Quota, site Quota) Quota {
	tokens, requests := make([]int64, len(groups)), make([]int64, len(groups))
	for i, g := range groups {
		tokens[i], requests[i] = g.TokensPerDay, g.RequestsPerDay
	}
	return Quota{narrow(own.TokensPerDay, tokens, site.TokensPerDay), narrow(own.RequestsPerDay, requests, site.RequestsPerDay)}
}

func narrow(own int64, groups []int64, site int64) int64 {
	var strictest int64
	for _, g := range groups {
		if g != 0 && (strictest <= 0 || g > 0 && g < strictest) {
			strictest = g
		}
	}
	for _, v := range []int64{own, strictest, site} {
		if v != 0 {
			return max(v, 0) // Unlimited
		}
	}
	return 0
}

// tally is what this process knows of one user's spending.
type tally struct {
	quota   Quota // effective
	day     string
	used    Sum
	read    time.Time
	running []time.Time // reservations: when each began
}

// ledger holds the tallies. The zero value works.
type ledger struct {
	mu       sync.Mutex
	users    map[UserID]*tally
	pending  map[ledgerRow]Sum // not yet written
	site     Site
	siteRead time.Time
}

type ledgerRow struct {
	day   string
	user  UserID
	model string
}

// Limits of the ledger.
const (
	tallyFor       = 2 * time.Second  // how old a tally may be; other processes spend too
	reservationFor = 30 * time.Minute // a reservation nobody gives back lapses
	maxTallies     = 10_000           // users in memory; beyond that idle ones go
	maxPending     = 10_000           // rows that wait for a database that takes no writes
	leastReserve   = 500              // tokens that a running request is taken to need, at least
)

// Admit returns a *QuotaError if p's user may not begin another request today.
// Otherwise a request is reserved until Record is called, once for each Admit.
//
// Requests that are running count as one request and as many tokens as the
// user's requests needed on average today, so that a burst cannot go far past
// the limit. The last request may end beyond it: how long an answer becomes is
// not known before. Reservations are those of this process.
func (s *Service) Admit(ctx context.Context, p Principal) error {
	now := s.now()
	t, err := s.tally(ctx, p.User, now)
	if err != nil {
		return err
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	t.lapse(now)
	if err := t.over(now); err != nil {
		return err
	}
	t.running = append(t.running, now)
	return nil
}

// over says which limit another request would pass. The ledger's lock is held.
func (t *tally) over(now time.Time) error {
	n := int64(len(t.running))
	if limit := t.quota.RequestsPerDay; limit > 0 && t.used.Requests+n >= limit {
		return &QuotaError{"requests", limit, t.used.Requests + n, untilMidnight(now)}
	}
	tokens := t.used.PromptTokens + t.used.CompletionTokens
	reserved := int64(0)
	if n > 0 {
		reserved = n * max(leastReserve, tokens/max(t.used.Requests, 1))
	}
	if limit := t.quota.TokensPerDay; limit > 0 && tokens+reserved >= limit {
		return &QuotaError{"tokens", limit, tokens + reserved, untilMidnight(now)}
	}
	return nil
}

func (t *tally) lapse(now time.Time) {
	for len(t.running) > 0 && now.Sub(t.running[0]) > reservationFor {
		t.running = t.running[1:]
	}
}

// tally returns what is known of a user, read again if it is old.
func (s *Service) tally(ctx context.Context, id UserID, now time.Time) (*tally, error) {
	l := &s.ledger
	l.mu.Lock()
	t := l.users[id]
	fresh := t != nil && t.day == day(now) && now.Sub(t.read) < tallyFor
	l.mu.Unlock()
	if fresh {
		return t, nil
	}
	quota, err := s.quotaOf(ctx, id)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	waiting := l.waiting(id, day(now))
	l.mu.Unlock()
	used, err := s.store.Spent(ctx, day(now), id)
	if err != nil {
		return nil, err
	}
	used.add(waiting)
	l.mu.Lock()
	defer l.mu.Unlock()
	if t = l.users[id]; t == nil {
		l.make(now)
		t = &tally{}
		l.users[id] = t
	}
	t.quota, t.day, t.used, t.read = quota, day(now), used, now
	return t, nil
}

// make makes room for one more tally. The lock is held.
func (l *ledger) make(now time.Time) {
	if l.users == nil {
		l.users = map[UserID]*tally{}
	}
	if len(l.users) < maxTallies {
		return
	}
	for id, t := range l.users {
		if t.lapse(now); len(t.running) == 0 {
			delete(l.users, id)
		}
	}
}

// waiting sums up what is not yet written. The lock is held.
func (l *ledger) waiting(id UserID, day string) Sum {
	var sum Sum
	for row, s := range l.pending {
		if row.user == id && row.day == day {
			sum.add(s)
		}
	}
	return sum
}

// forget lets the next Admit read quotas again.
func (l *ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, t := range l.users {
		t.read = time.Time{}
	}
	l.siteRead = time.Time{}
}

// quotaOf returns the quota that counts for a user. Whoever sits at this
// machine and keys that the operator gave have the limits of their own row
// only, not the site's.
func (s *Service) quotaOf(ctx context.Context, id UserID) (Quota, error) {
	u, err := s.store.UserByID(ctx, id)
	if errors.Is(err, ErrNotFound) && service(id) {
		return Quota{}, nil
	}
	if err != nil {
		return Quota{}, err
	}
	if service(id) {
		return effective(u.Quota, nil, Quota{}), nil
	}
	groups, err := s.store.GroupQuotas(ctx, id)
	if err != nil {
		return Quota{}, err
	}
	site, err := s.store.Site(ctx)
	if err != nil {
		return Quota{}, err
	}
	return effective(u.Quota, groups, site.DefaultQuota), nil
}
