package account

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// everything is what a browser session covers.
var everything = []Scope{ScopeModels, ScopeChats, ScopeAdmin}

// Authenticate finds out who holds a token, which is that of a session or an
// API key. It returns ErrNotSignedIn for everything else. What it says is at
// most AuthCache old, and never older than what this process itself changed.
func (s *Service) Authenticate(ctx context.Context, token string, from netip.Addr) (Principal, error) {
	ours, err := ParseKey(token)
	if err != nil || !ours && !isToken(token) {
		return Principal{}, ErrNotSignedIn
	}
	now := s.now()
	hash := digest(token)
	known, round := s.seen.get(string(hash), now)
	if known == nil {
		if known, err = s.lookUp(ctx, ours, hash); err != nil {
			return Principal{}, err
		}
		s.seen.put(string(hash), known, now, round)
	}
	if !known.valid(now) {
		return Principal{}, ErrNotSignedIn
	}
	s.touch(ctx, known, now)
	p := known.principal
	p.Scopes = slices.Clone(p.Scopes)
	p.Address = from
	return p, nil
}

// credential is a session or an API key with what is known of its user.
type credential struct {
	principal Principal
	expires   time.Time // zero: never
	idle      bool      // ends SessionIdle after its last use
	used      time.Time // last use as it was read
	disabled  bool
}

func (c *credential) valid(now time.Time) bool {
	return !c.disabled && (c.expires.IsZero() || now.Before(c.expires)) && (!c.idle || now.Sub(c.used) < SessionIdle)
}

func (s *Service) lookUp(ctx context.Context, key bool, hash []byte) (*credential, error) {
	var c *credential
	if key {
		k, u, err := s.store.KeyByHash(ctx, hash)
		if err != nil {
			return nil, notSignedIn(err)
		}
		c = ofKey(k, u.User)
	} else {
		one, u, err := s.store.SessionByHash(ctx, hash)
		if err != nil {
			return nil, notSignedIn(err)
		}
		c = ofSession(one, u.User)
	}
	return c, nil
}

func ofKey(k Key, u User) *credential {
	p := Principal{User: u.ID, Name: u.Name, Role: u.Role, Key: k.ID, Scopes: k.Scopes}
	return &credential{principal: p, expires: k.Expires, used: k.Seen, disabled: u.Disabled}
}

func ofSession(one Session, u User) *credential {
	p := Principal{User: u.ID, Name: u.Name, Role: u.Role, Session: one.ID, Scopes: everything}
	return &credential{principal: p, expires: one.Expires, idle: true, used: one.Seen, disabled: u.Disabled}
}

func notSignedIn(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrNotSignedIn
	}
	return err
}

// touch writes the last use, at most every SeenEvery. That it cannot be
// written, as on a full disk, keeps nobody out.
func (s *Service) touch(ctx context.Context, c *credential, now time.Time) {
	p := c.principal
	if now.Sub(c.used) < SeenEvery || !s.seen.mayTouch(p.Session+p.Key, now) {
		return
	}
	var err error
	if p.Key != "" {
		err = s.store.TouchKey(ctx, p.User, p.Key, now)
	} else {
		err = s.store.TouchSession(ctx, p.User, p.Session, now)
	}
	if err != nil {
		s.log.Debug("last use is not written", "user", p.User, "error", err)
	}
}

// seenCache remembers credentials for AuthCache, so that a thousand requests a
// second do not read the same row a thousand times. The zero value works.
type seenCache struct {
	mu      sync.Mutex
	known   map[string]remembered // by hash of the token
	touched map[string]time.Time  // by id of session or key
	round   int                   // grows when something is forgotten
}

type remembered struct {
	*credential
	at time.Time
}

// maxRemembered bounds the cache; beyond it, it starts anew.
const maxRemembered = 4096

// get returns what is known, or nil, and the round to give to put.
func (c *seenCache) get(hash string, now time.Time) (*credential, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.known[hash]
	if !ok || now.Sub(r.at) >= AuthCache || now.Before(r.at) {
		return nil, c.round
	}
	return r.credential, c.round
}

// put remembers c unless something was forgotten since get: then c may have
// been read before the change.
func (c *seenCache) put(hash string, cred *credential, now time.Time, round int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if round != c.round {
		return
	}
	if c.known == nil || len(c.known) >= maxRemembered {
		c.known = map[string]remembered{}
	}
	c.known[hash] = remembered{cred, now}
}

func (c *seenCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
	c.round++
}

// mayTouch reports whether id was not touched for SeenEvery, and notes that it
// is now.
func (c *seenCache) mayTouch(id string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.touched[id]) < SeenEvery {
		return false
	}
	if c.touched == nil || len(c.touched) >= maxRemembered {
		c.touched = map[string]time.Time{}
	}
	c.touched[id] = now
	return true
}
