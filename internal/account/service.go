package account

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"malmoi/internal/bus"
)

// Limits of the service.
const (
	MaxAgent       = 200                 // bytes kept of a User-Agent
	MaxName        = 100                 // characters of names of people, groups, keys
	MaxEmail       = 254                 // bytes (RFC 5321 §4.5.3.1.3, less the brackets)
	MaxPage        = 200                 // entries of the audit log at once
	MaxKeys        = 50                  // API keys of one user
	MaxSessions    = 50                  // sessions of one user; the oldest ends
	MaxGroups      = 1000                // groups of the site
	MaxOpen        = 1000                // invitations nobody has used yet
	MaxUsageDays   = 400                 // days of a usage report
	SessionIdle    = 14 * 24 * time.Hour // a session unused for so long ends
	SessionLife    = 90 * 24 * time.Hour // and after so long in any case
	InvitationLife = 7 * 24 * time.Hour  // if nothing else is said
	AuthCache      = time.Second         // how old an answer of Authenticate may be
	SeenEvery      = time.Minute         // how often last use is written
	RecheckEvery   = 10 * time.Second    // how long a lost notice can go unnoticed
	purgeEvery     = time.Hour           // how often expired sessions are forgotten
)

// Options is what a Service needs to know of its surroundings.
type Options struct {
	Now       func() time.Time // time.Now if nil
	Log       *slog.Logger     // nothing is logged if nil
	Directory Directory        // asked for logins that have no password here; may be nil
	// HashKiB is the memory that hashing one password takes, 64 MiB if 0. Less
	// is for machines that lack it, and for tests.
	HashKiB uint32
}

// Directory knows people who are kept elsewhere, such as in LDAP.
type Directory interface {
	// SignIn must return an error wrapping ErrCredentials if login and
	// password do not belong together or the login is unknown, and one
	// wrapping ErrUnavailable if the directory cannot be asked.
	SignIn(ctx context.Context, login, password string) (External, error)
}

// Service is all that concerns people and access. It is safe for concurrent
// use; Close ends its goroutine.
type Service struct {
	store Store
	bus   bus.Bus
	now   func() time.Time
	log   *slog.Logger
	dir   Directory

	hasher  *hasher
	logins  *throttle // by login, from everywhere
	pairs   *throttle // by login and address
	address *throttle // by address
	seen    seenCache
	watched watchers
	ledger  ledger
	lost    chan struct{} // notices were lost: look now
	stop    func()
	once    sync.Once
}

// NewService returns a service on store.
func NewService(store Store, b bus.Bus, opt Options) *Service {
	s := &Service{
		store: store, bus: b, now: opt.Now, log: opt.Log, dir: opt.Directory,
		hasher:  newHasher(costOf(opt.HashKiB)),
		logins:  newThrottle(loginBurst, loginEvery, throttleKeys),
		pairs:   newThrottle(pairBurst, pairEvery, throttleKeys),
		address: newThrottle(addressBurst, addressEvery, throttleKeys),
		lost:    make(chan struct{}, 1),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.stop = b.Subscribe(s.hear)
	return s
}

// Close writes what the ledger still holds and stops listening to the bus.
func (s *Service) Close() error {
	s.once.Do(s.stop)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return s.flush(ctx)
}

// Run forgets what has expired and looks for credentials that ended without
// this process hearing of it, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(RecheckEvery)
	defer tick.Stop()
	var purged time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.lost:
		}
		s.recheck(ctx)
		if err := s.flush(ctx); err != nil {
			s.log.Warn("the ledger waits to be written", "error", err)
		}
		if now := s.now(); now.Sub(purged) >= purgeEvery {
			purged = now
			if _, err := s.store.PurgeSessions(ctx, now, now.Add(-SessionIdle)); err != nil {
				s.log.Warn("expired sessions are not forgotten yet", "error", err)
			}
		}
	}
}

// entry begins a line of the audit log.
func (s *Service) entry(p Principal, action, target, detail string) Entry {
	return Entry{At: s.now(), Actor: p.User, ActorName: p.Name, Action: action, Target: cut(target, maxTarget), Address: addressText(p.Address), Detail: cut(detail, maxDetail)}
}

// Bytes of an entry's text.
const (
	maxTarget = 200
	maxDetail = 1000
)

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().WithZone("").String()
}

// admin lets only admins through whose credential covers it.
func admin(p Principal) error {
	if !p.Can(ScopeAdmin) {
		return ErrForbidden
	}
	return nil
}

// inPerson lets only those through who signed in themselves: a leaked API key
// must not make keys or end sessions.
func inPerson(p Principal) error {
	if p.Key != "" || p.User == "" {
		return ErrForbidden
	}
	return nil
}
