package app

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/sse"
)

// maxNotices is how much may wait for one listener. What waits is what
// changed, not how often, so only a very slow client gets there.
const maxNotices = 256

// listeners hand the notices of the bus to those whom they concern.
type listeners struct {
	mu   sync.Mutex
	user map[account.UserID]map[*listener]bool
}

// listener is one open stream of events.
type listener struct {
	more chan struct{} // something waits

	mu    sync.Mutex
	queue []bus.Notice
	lost  bool // more happened than fits: the client is to load everything again
}

// hear takes a notice of the bus. It never waits.
func (l *listeners) hear(n bus.Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch n.Topic {
	case converse.TopicChat, converse.TopicChatDeleted, converse.TopicMessage, converse.TopicFolder:
		for one := range l.user[account.UserID(n.User)] {
			one.offer(n)
		}
	case bus.Lost:
		for _, all := range l.user {
			for one := range all {
				one.miss()
			}
		}
	}
}

// miss notes that something happened and nobody knows what.
func (l *listener) miss() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = true
	l.wake()
}

func (l *listener) wake() {
	select {
	case l.more <- struct{}{}:
	default: // it has not looked since the last time
	}
}

func (l *listener) offer(n bus.Notice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case slices.Contains(l.queue, n): // the row is read when its turn comes
	case len(l.queue) >= maxNotices:
		l.lost = true
	default:
		l.queue = append(l.queue, n)
	}
	l.wake()
}

// take empties the queue.
func (l *listener) take() (list []bus.Notice, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, lost = l.queue, l.lost
	l.queue, l.lost = nil, false
	return list, lost
}

func (l *listeners) join(u account.UserID) (*listener, func()) {
	one := &listener{more: make(chan struct{}, 1)}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.user == nil {
		l.user = map[account.UserID]map[*listener]bool{}
	}
	if l.user[u] == nil {
		l.user[u] = map[*listener]bool{}
	}
	l.user[u][one] = true
	return one, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(l.user[u], one); len(l.user[u]) == 0 {
			delete(l.user, u)
		}
	}
}

// readEvents is GET /api/events.
func (a *API) readEvents(w http.ResponseWriter, r *http.Request) error {
	p := who(r.Context())
	if err := a.open.enter(p.User); err != nil {
		return err
	}
	defer a.open.leave(p.User)
	mine, leave := a.listeners.join(p.User)
	defer leave()
	out := sse.NewWriter(w, a.opt.WriteTimeout)
	if err := out.Begin(); err != nil {
		return nil // the client is gone
	}
	idle := time.NewTicker(a.opt.KeepAlive)
	defer idle.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			err = context.Cause(r.Context())
		case <-idle.C:
			err = out.Comment("")
		case <-mine.more:
			err = a.tell(r.Context(), p, out, mine)
		}
		if err != nil {
			return a.ended(r.Context(), out, "session_ended", err)
		}
	}
}

// tell sends what waits.
func (a *API) tell(ctx context.Context, p account.Principal, out *sse.Writer, l *listener) error {
	list, lost := l.take()
	for _, n := range list {
		if n.ID == "" { // many changed at once, as by an import
			lost = true
			continue
		}
		body, err := a.notice(ctx, p, n)
		if errors.Is(err, converse.ErrNotFound) {
			continue // deleted since
		}
		if err == nil {
			err = out.Send(0, n.Topic, body)
		}
		if err != nil {
			return err
		}
	}
	if lost {
		return out.Send(0, "reload", struct{}{})
	}
	return nil
}

type changedChat struct {
	Chat chatBody `json:"chat"`
}

type changedID struct {
	ID string `json:"id"`
}

// notice reads the row that a notice is about.
func (a *API) notice(ctx context.Context, p account.Principal, n bus.Notice) (any, error) {
	switch n.Topic {
	case converse.TopicChat:
		c, err := a.opt.Converse.Chat(ctx, p, n.ID)
		return changedChat{newChat(c)}, err
	case converse.TopicMessage:
		m, err := a.opt.Converse.Message(ctx, p, n.ID)
		return wholeBody{newMessage(m)}, err
	}
	return changedID{n.ID}, nil
}
