package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"malmoi/internal/bus"
)

// Topics of the notices that this room publishes. User says whom they concern.
const (
	TopicSession  = "account.session"  // the session ID ended
	TopicSessions = "account.sessions" // all sessions ended, but ID if it is not ""
	TopicKey      = "account.key"      // the API key ID was revoked
	TopicUser     = "account.user"     // disabled or another role; ID is Deleted if the account is gone
	TopicChanged  = "account.changed"  // anything else: a name, groups, a quota; User "" means the site
)

// Deleted is the ID of a TopicUser notice about an account that is gone.
const Deleted = "deleted"

// Watch returns a channel that is closed when the credential of p ends: signed
// out, revoked, expired, its user disabled, deleted, or given another role.
// Watching stops when ctx ends.
func (s *Service) Watch(ctx context.Context, p Principal) <-chan struct{} {
	if p.Session == "" && p.Key == "" || p.User == Static {
		return make(chan struct{}) // nothing that could end
	}
	w := &watcher{p: p, ended: make(chan struct{})}
	s.watched.add(w)
	context.AfterFunc(ctx, func() { s.watched.remove(w) })
	if s.watched.lately(string(p.User), s.now()) {
		// It may have ended after Authenticate and before now.
		go s.recheckUser(ctx, p.User, []*watcher{w})
	}
	return w.ended
}

// tell cuts what this process watches, at once, and lets the others know.
func (s *Service) tell(n bus.Notice) {
	s.hear(n)
	s.bus.Publish(n)
}

// hear acts on a notice, from this process or another one. It forgets all that
// is remembered: changes are rare and reading again is cheap.
func (s *Service) hear(n bus.Notice) {
	if n.User != "" {
		s.watched.note(n.User, s.now())
	}
	switch n.Topic {
	case TopicSession:
		s.seen.forget()
		s.watched.cut(func(p Principal) bool { return p.Session == n.ID })
	case TopicSessions:
		s.seen.forget()
		s.watched.cut(func(p Principal) bool { return string(p.User) == n.User && p.Session != "" && p.Session != n.ID })
	case TopicKey:
		s.seen.forget()
		s.watched.cut(func(p Principal) bool { return p.Key == n.ID })
	case TopicUser:
		s.seen.forget()
		s.ledger.forget()
		s.watched.cut(func(p Principal) bool { return string(p.User) == n.User })
	case TopicChanged:
		s.seen.forget()
		s.ledger.forget()
	case bus.Lost:
		s.seen.forget()
		s.ledger.forget()
		select {
		case s.lost <- struct{}{}: // Run looks at once
		default:
		}
	}
}

// recheck looks at every watched credential in the store, because a bus may
// lose notices and time ends sessions without one.
func (s *Service) recheck(ctx context.Context) {
	for user, list := range s.watched.byUser() {
		s.recheckUser(ctx, user, list)
	}
}

func (s *Service) recheckUser(ctx context.Context, user UserID, list []*watcher) {
	alive, err := s.alive(ctx, user)
	if err != nil {
		return // not knowing is no reason to cut anybody
	}
	now := s.now()
	for _, w := range list {
		c, ok := alive[w.p.Session+w.p.Key]
		if !ok || !c.valid(now) || c.principal.Role != w.p.Role {
			s.watched.end(w)
		}
	}
}

// alive returns the credentials of a user by their ids.
func (s *Service) alive(ctx context.Context, user UserID) (map[string]*credential, error) {
	all := map[string]*credential{}
	u, err := s.store.UserByID(ctx, user)
	if errors.Is(err, ErrNotFound) {
		return all, nil
	}
	if err != nil {
		return nil, err
	}
	sessions, err := s.store.Sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	keys, err := s.store.Keys(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, one := range sessions {
		all[one.ID] = ofSession(one, u.User)
	}
	for _, k := range keys {
		all[k.ID] = ofKey(k, u.User)
	}
	return all, nil
}

// watcher is one open stream, or whatever else wants to end with its
// credential.
type watcher struct {
	p     Principal
	ended chan struct{}
}

// watchers are all of this process. The zero value works. How many there can
// be is limited by who opens streams.
type watchers struct {
	mu     sync.Mutex
	set    map[*watcher]bool
	recent map[string]time.Time // by user: when a notice came
}

// A request comes from Authenticate to Watch within recentFor; users beyond
// maxRecent in that time are left to recheck.
const (
	recentFor = 10 * time.Second
	maxRecent = 1024
)

// note remembers that something of user ended.
func (ws *watchers) note(user string, now time.Time) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for u, at := range ws.recent {
		if now.Sub(at) > recentFor {
			delete(ws.recent, u)
		}
	}
	if ws.recent == nil {
		ws.recent = map[string]time.Time{}
	}
	if len(ws.recent) < maxRecent {
		ws.recent[user] = now
	}
}

// lately reports whether something of user ended within recentFor.
func (ws *watchers) lately(user string, now time.Time) bool {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	at, ok := ws.recent[user]
	return ok && now.Sub(at) <= recentFor
}

func (ws *watchers) add(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.set == nil {
		ws.set = map[*watcher]bool{}
	}
	ws.set[w] = true
}

func (ws *watchers) remove(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	delete(ws.set, w)
}

// end closes w's channel unless it was closed or given up already.
func (ws *watchers) end(w *watcher) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if ws.set[w] {
		delete(ws.set, w)
		close(w.ended)
	}
}

func (ws *watchers) cut(match func(Principal) bool) {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	for w := range ws.set {
		if match(w.p) {
			delete(ws.set, w)
			close(w.ended)
		}
	}
}

func (ws *watchers) byUser() map[UserID][]*watcher {
	ws.mu.Lock()
	defer ws.mu.Unlock()
	m := map[UserID][]*watcher{}
	for w := range ws.set {
		m[w.p.User] = append(m[w.p.User], w)
	}
	return m
}
