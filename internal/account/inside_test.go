package account

import (
	"context"
	"errors"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"malmoi/internal/bus"
)

// stub is a store with one user and nothing else.
type stub struct {
	Store
	user   UserRow
	purged atomic.Int32
	spent  atomic.Int32
	gone   atomic.Bool // the user's sessions ended without a notice
}

func (s *stub) UserByLogin(_ context.Context, login string) (UserRow, error) {
	if login != s.user.Login {
		return UserRow{}, ErrNotFound
	}
	return s.user, nil
}

func (s *stub) UserByID(context.Context, UserID) (UserRow, error)    { return s.user, nil }
func (s *stub) AddEntry(context.Context, Entry) error                { return nil }
func (s *stub) Site(context.Context) (Site, error)                   { return Site{}, nil }
func (s *stub) Keys(context.Context, UserID) ([]Key, error)          { return nil, nil }
func (s *stub) GroupQuotas(context.Context, UserID) ([]Quota, error) { return nil, nil }
func (s *stub) Spent(context.Context, string, UserID) (Sum, error)   { return Sum{}, nil }

func (s *stub) Sessions(context.Context, UserID) ([]Session, error) {
	if s.gone.Load() {
		return nil, nil
	}
	now := time.Now()
	return []Session{{ID: "s1", User: s.user.ID, Created: now, Seen: now, Expires: now.Add(time.Hour)}}, nil
}

func (s *stub) PurgeSessions(context.Context, time.Time, time.Time) (int64, error) {
	s.purged.Add(1)
	return 0, nil
}

func (s *stub) AddSpend(context.Context, string, UserID, string, Sum) error {
	if s.spent.Add(1) == 1 {
		return errors.New("disk full")
	}
	return nil
}

// An unknown login goes through the same hash as a known one: with the hasher
// full, both are told so. Otherwise the time would tell who has an account.
func TestUnknownLoginsCostAHash(t *testing.T) {
	h := newHasher(cheap)
	hash, err := h.hash(t.Context(), "올바른 말 배터리 못")
	if err != nil {
		t.Fatal(err)
	}
	s := NewService(&stub{user: UserRow{User: User{ID: "u", Login: "kim"}, Hash: hash}}, &bus.Memory{}, Options{HashKiB: 8})
	defer s.Close()
	for range cap(s.hasher.queue) {
		s.hasher.queue <- struct{}{}
	}
	for _, login := range []string{"kim", "nobody", "not a login!", "", "~local"} {
		_, _, err := s.SignIn(t.Context(), login, "올바른 말 배터리 못", Client{Address: netip.MustParseAddr("192.0.2.1")})
		if !errors.Is(err, ErrBusy) {
			t.Errorf("login %q: %v, want ErrBusy as for a known one", login, err)
		}
	}
}

// When the bus lost notices, Run looks at once and not at its next turn.
func TestLostNoticesAreLookedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, b := &stub{user: UserRow{User: User{ID: "u", Login: "kim", Role: Member}}}, &bus.Memory{}
		s := NewService(store, b, Options{HashKiB: 8})
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		stream := s.Watch(ctx, Principal{User: "u", Role: Member, Session: "s1"})
		store.gone.Store(true)
		b.Publish(bus.Notice{Topic: bus.Lost})
		synctest.Wait()
		select {
		case <-stream:
		default:
			t.Error("after lost notices a session that ended is not noticed")
		}
		cancel()
		<-done
	})
}

func TestRunLooksAfterThings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &stub{user: UserRow{User: User{ID: "u", Login: "kim", Role: Member}}}
		s := NewService(store, &bus.Memory{}, Options{HashKiB: 8})
		defer s.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		p := Principal{User: "u", Role: Member, Session: "s1"}
		stream := s.Watch(ctx, p)
		if err := s.Record(ctx, p, Spend{Model: "m", PromptTokens: 1}); err == nil {
			t.Error("a ledger that takes no writes is no error")
		}
		time.Sleep(RecheckEvery + time.Second)
		if n := store.spent.Load(); n != 2 {
			t.Errorf("what the ledger did not take was written %d times, want again once", n-1)
		}
		select {
		case <-stream:
			t.Error("a session that lives was cut")
		default:
		}
		store.gone.Store(true)
		time.Sleep(RecheckEvery)
		select {
		case <-stream:
		default:
			t.Error("a session that ended without a notice is not noticed")
		}
		time.Sleep(3 * time.Hour)
		if n := store.purged.Load(); n < 3 || n > 5 {
			t.Errorf("expired sessions were forgotten %d times in three hours", n)
		}
		cancel()
		<-done
	})
}
