package account_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// The service on a real database, with a clock that the tests move.

const secret = "올바른 말 배터리 못"

var home = account.Client{Address: netip.MustParseAddr("192.0.2.7"), Agent: "Firefox"}

type world struct {
	*account.Service
	t     *testing.T
	store *store.Accounts
	path  string // of the database
	bus   *bus.Memory
	log   *bytes.Buffer
	mu    sync.Mutex
	at    time.Time
	boss  account.Principal // an admin's session
	token string            // of boss
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// second is another process on the same database and bus.
func (w *world) second(opt account.Options) *account.Service {
	opt.Now, opt.HashKiB = w.now, 8
	s := account.NewService(w.store, w.bus, opt)
	w.t.Cleanup(func() { s.Close() })
	return s
}

// site is a new site whose first admin is signed in.
func site(t *testing.T) *world {
	t.Helper()
	w := empty(t, account.Options{})
	token, p, err := w.SetUp(t.Context(), account.NewUser{Login: "Boss", Name: "관리자", Password: secret}, home)
	w.must(err)
	w.boss, w.token = p, token
	return w
}

func empty(t *testing.T, opt account.Options) *world {
	t.Helper()
	url := storetest.SQLiteURL(t)
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, store: db.Accounts(), path: strings.TrimPrefix(url, "sqlite://"), bus: &bus.Memory{}, log: &bytes.Buffer{}, at: time.Date(2026, 11, 24, 12, 0, 0, 0, account.Seoul)}
	opt.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.Service = w.second(opt)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got error %v, want one wrapping %q", err, want)
	}
}

func (w *world) wantsInvalid(err error, code string) {
	w.t.Helper()
	if e, ok := errors.AsType[*account.InvalidError](err); !ok || e.Code != code {
		w.t.Fatalf("got error %v, want an InvalidError %q", err, code)
	}
}

// member makes a user and signs in.
func (w *world) member(login string, role account.Role) (account.User, string, account.Principal) {
	w.t.Helper()
	u, err := w.CreateUser(w.t.Context(), w.boss, account.NewUser{Login: login, Role: role, Password: secret})
	w.must(err)
	token, p, err := w.SignIn(w.t.Context(), login, secret, home)
	w.must(err)
	return u, token, p
}

func (w *world) in(token string) bool {
	w.t.Helper()
	_, err := w.Authenticate(w.t.Context(), token, home.Address)
	if err != nil {
		w.wants(err, account.ErrNotSignedIn)
	}
	return err == nil
}

// actions are those of the audit log, newest first, with their detail.
func (w *world) actions(n int) string {
	w.t.Helper()
	list, err := w.store.Entries(w.t.Context(), account.EntryFilter{Limit: n})
	w.must(err)
	var out []string
	for _, e := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", e.ActorName, e.Action, e.Target, e.Address, e.Detail)))
	}
	return strings.Join(out, "\n")
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// soon waits for a notice to go through the bus.
func soon(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	case <-time.After(10 * time.Second):
		return false
	}
}

func TestSetUpOnce(t *testing.T) {
	w := empty(t, account.Options{})
	ctx := t.Context()
	if need, err := w.NeedsSetUp(ctx); !need || err != nil {
		t.Fatalf("NeedsSetUp = %t, %v", need, err)
	}
	if _, err := w.EnsureLocal(ctx); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.SetUp(ctx, account.NewUser{Login: "boss", Password: "1234567890"}, home)
	w.wantsInvalid(err, "common")
	_, _, err = w.SetUp(ctx, account.NewUser{Login: "boss"}, home)
	w.wantsInvalid(err, "too_short")
	token, p, err := w.SetUp(ctx, account.NewUser{Login: "boss", Role: account.Reader, Password: secret}, home)
	w.must(err)
	if p.Role != account.Admin || !p.Can(account.ScopeAdmin) || !w.in(token) {
		t.Fatalf("the first account is %+v", p)
	}
	_, _, err = w.SetUp(ctx, account.NewUser{Login: "other", Password: secret}, home)
	w.wants(err, account.ErrConflict)
	if need, _ := w.NeedsSetUp(ctx); need {
		t.Fatal("a site with an account needs set-up")
	}
}

func TestSignInAndOut(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, token, p := w.member("홍길동", account.Member)
	if p.User != u.ID || p.Role != account.Member || p.Session == "" || p.Can(account.ScopeAdmin) || !p.Can(account.ScopeModels) || !p.Writes() {
		t.Fatalf("signed in as %+v", p)
	}
	got, err := w.Authenticate(ctx, token, netip.MustParseAddr("198.51.100.1"))
	w.must(err)
	if got.User != p.User || got.Session != p.Session || got.Address.String() != "198.51.100.1" {
		t.Fatalf("Authenticate = %+v", got)
	}
	for _, no := range []string{"", "x", token[1:], token + "a", "sk-malmoi-x", strings.Repeat("A", 43)} {
		if w.in(no) {
			t.Errorf("%q is let in", no)
		}
	}
	w.must(w.SignOut(ctx, p))
	if w.in(token) {
		t.Error("signed out, and still in")
	}
	for _, c := range []struct{ login, password string }{{"홍길동", "wrong password"}, {"nobody", secret}, {"no such!", secret}, {"홍길동", ""}, {"~local", ""}, {"홍길동", strings.Repeat("a", 10_000)}} {
		_, _, err := w.SignIn(ctx, c.login, c.password, home)
		w.wants(err, account.ErrCredentials)
	}
	if got, want := w.actions(8), `session.sign_in_failed 홍길동 192.0.2.7 wrong password
session.sign_in_failed  192.0.2.7 unknown login
홍길동 session.sign_in_failed 홍길동 192.0.2.7 wrong password
session.sign_in_failed  192.0.2.7 unknown login
session.sign_in_failed  192.0.2.7 unknown login
홍길동 session.sign_in_failed 홍길동 192.0.2.7 wrong password
홍길동 session.sign_out `+p.Session+` 192.0.2.7
홍길동 session.sign_in 홍길동 192.0.2.7 password`; got != "홍길동 "+want {
		t.Errorf("audit log:\n%s\nwant:\n홍길동 %s", got, want)
	}
}

func TestSignInIsSlowedDown(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	w.member("kim", account.Member)
	var rate *account.RateError
	tries := 0
	for ; tries < 100; tries++ {
		if _, _, err := w.SignIn(ctx, "kim", "wrong password", home); errors.As(err, &rate) {
			break
		}
	}
	if tries != 8 || rate.RetryAfter != 30*time.Second {
		t.Fatalf("after %d wrong tries: %v; want 8 tries, then 30 s", tries, rate)
	}
	if _, _, err := w.SignIn(ctx, "kim", secret, home); !errors.As(err, &rate) {
		t.Fatalf("the right password during the wait: %v", err)
	}
	elsewhere := account.Client{Address: netip.MustParseAddr("203.0.113.5")}
	_, _, err := w.SignIn(ctx, "KIM", secret, elsewhere)
	w.must(err) // nobody can keep somebody else out from another address
	w.pass(31 * time.Second)
	_, _, err = w.SignIn(ctx, "kim", secret, home)
	w.must(err)
	// Many logins from one address.
	tries = 0
	for ; tries < 200; tries++ {
		if _, _, err := w.SignIn(ctx, fmt.Sprint("user", tries), "wrong password", home); errors.As(err, &rate) {
			break
		}
	}
	if tries < 40 || tries > 60 {
		t.Fatalf("one address tried %d logins", tries)
	}
}

func TestSessionsExpire(t *testing.T) {
	w := site(t)
	_, token, _ := w.member("kim", account.Member)
	w.pass(account.SessionIdle - time.Minute)
	if !w.in(token) {
		t.Fatal("ended before it was idle for long enough")
	}
	w.pass(account.SessionIdle - time.Minute)
	if !w.in(token) {
		t.Fatal("use did not keep it alive")
	}
	w.pass(account.SessionIdle + time.Second)
	if w.in(token) {
		t.Fatal("idle, and still in")
	}
	token, p, err := w.SignIn(t.Context(), "kim", secret, home)
	w.must(err)
	for end := w.now().Add(account.SessionLife); w.now().Before(end.Add(-24 * time.Hour)); w.pass(24 * time.Hour) {
		if !w.in(token) {
			t.Fatalf("ended at %v, want %v", w.now(), end)
		}
	}
	if list, _ := w.Sessions(t.Context(), p); len(list) != 1 || !list[0].Current || list[0].Agent != "Firefox" || list[0].Address != "192.0.2.7" {
		t.Fatalf("sessions: %+v", list)
	}
	w.pass(25 * time.Hour)
	if w.in(token) {
		t.Fatal("older than a session may become, and still in")
	}
	if list, _ := w.Sessions(t.Context(), p); len(list) != 0 {
		t.Fatalf("expired sessions are listed: %+v", list)
	}
}

// Who knows the password may sign in as often as they like.
func TestRightPasswordsAreNotSlowedDown(t *testing.T) {
	w := site(t)
	for range 150 {
		_, _, err := w.SignIn(t.Context(), "boss", secret, home)
		w.must(err)
	}
	if list, err := w.Sessions(t.Context(), w.boss); len(list) != account.MaxSessions || err != nil {
		t.Errorf("%d sessions, %v; want the newest %d", len(list), err, account.MaxSessions)
	}
}

// counting counts how often credentials are read and written.
type counting struct {
	account.Store
	reads, touches int
}

func (c *counting) KeyByHash(ctx context.Context, h []byte) (account.Key, account.UserRow, error) {
	c.reads++
	return c.Store.KeyByHash(ctx, h)
}

func (c *counting) TouchKey(ctx context.Context, u account.UserID, id string, at time.Time) error {
	c.touches++
	return c.Store.TouchKey(ctx, u, id, at)
}

func TestManyRequestsReadLittle(t *testing.T) {
	w := site(t)
	c := &counting{Store: w.store}
	s := account.NewService(c, w.bus, account.Options{Now: w.now})
	defer s.Close()
	_, key, err := s.CreateKey(t.Context(), w.boss, account.NewKey{Name: "앱", Scopes: []account.Scope{account.ScopeModels}})
	w.must(err)
	for range 300 { // 30 s with 1,000 requests in each tenth of a second
		for range 10 {
			p, err := s.Authenticate(t.Context(), key, home.Address)
			w.must(err)
			p.Scopes[0] = "changed by a caller"
		}
		w.pass(100 * time.Millisecond)
	}
	if c.reads > 31 || c.touches != 1 {
		t.Errorf("3,000 requests in 30 s read the key %d times and wrote its use %d times; want at most 31 and once", c.reads, c.touches)
	}
	if p, _ := s.Authenticate(t.Context(), key, home.Address); !p.Can(account.ScopeModels) {
		t.Errorf("a caller changed what is remembered: %+v", p)
	}
	w.pass(time.Minute)
	_, err = s.Authenticate(t.Context(), key, home.Address)
	w.must(err)
	keys, err := s.Keys(t.Context(), w.boss)
	w.must(err)
	if c.touches != 2 || !keys[0].Seen.Equal(w.now()) {
		t.Errorf("after a minute: %d writes, last use %v", c.touches, keys[0].Seen)
	}
}

// What ends a credential must end it at once, for the next request and for
// streams that are open, in this process and in others.
func TestWhatEndsACredential(t *testing.T) {
	type who struct {
		user                  account.User
		session, other, key   account.Principal
		sessionToken, otherID string
		keySecret, keyID      string
	}
	const none, keepsKey, cutsAll = "session other key", "key", ""
	for _, c := range []struct {
		name  string
		do    func(w *world, x who) error
		left  string // streams that stay open
		lives string // credentials that still authenticate
	}{
		{"sign out", func(w *world, x who) error { return w.SignOut(w.t.Context(), x.session) }, "other key", "other key"},
		{"end another session", func(w *world, x who) error { return w.EndSession(w.t.Context(), x.session, x.otherID) }, "session key", "session key"},
		{"end all sessions", func(w *world, x who) error { return w.EndAllSessions(w.t.Context(), x.session) }, keepsKey, keepsKey},
		{"admin ends sessions", func(w *world, x who) error { return w.EndSessionsOf(w.t.Context(), w.boss, x.user.ID) }, keepsKey, keepsKey},
		{"revoke the key", func(w *world, x who) error { return w.DeleteKey(w.t.Context(), x.session, x.keyID) }, "session other", "session other"},
		{"new password", func(w *world, x who) error {
			next := "전혀 다른 열쇠말이다"
			_, err := w.ChangeMe(w.t.Context(), x.session, account.SelfChange{CurrentPassword: secret, Password: &next})
			return err
		}, "session key", "session key"},
		{"admin sets a password", func(w *world, x who) error {
			next := "전혀 다른 열쇠말이다"
			_, err := w.ChangeUser(w.t.Context(), w.boss, x.user.ID, account.UserChange{Password: &next})
			return err
		}, keepsKey, keepsKey},
		{"disable", func(w *world, x who) error {
			yes := true
			_, err := w.ChangeUser(w.t.Context(), w.boss, x.user.ID, account.UserChange{Disabled: &yes})
			return err
		}, cutsAll, ""},
		{"demote", func(w *world, x who) error {
			reader := account.Reader
			_, err := w.ChangeUser(w.t.Context(), w.boss, x.user.ID, account.UserChange{Role: &reader})
			return err
		}, cutsAll, none},
		{"delete", func(w *world, x who) error { return w.DeleteUser(w.t.Context(), w.boss, x.user.ID) }, cutsAll, ""},
		{"a new name", func(w *world, x who) error {
			name := "김철수"
			_, err := w.ChangeMe(w.t.Context(), x.session, account.SelfChange{Name: &name})
			return err
		}, none, none},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := site(t)
			ctx := t.Context()
			elsewhere := w.second(account.Options{})
			var x who
			x.user, x.sessionToken, x.session = w.member("kim", account.Member)
			otherToken, other, err := w.SignIn(ctx, "kim", secret, home)
			w.must(err)
			x.other, x.otherID = other, other.Session
			k, keySecret, err := w.CreateKey(ctx, x.session, account.NewKey{Name: "앱", Scopes: []account.Scope{account.ScopeModels}})
			w.must(err)
			x.keySecret, x.keyID = keySecret, k.ID
			x.key, err = w.Authenticate(ctx, keySecret, home.Address)
			w.must(err)
			tokens := map[string]string{"session": x.sessionToken, "other": otherToken, "key": keySecret}
			here, there := map[string]<-chan struct{}{}, map[string]<-chan struct{}{}
			for name, p := range map[string]account.Principal{"session": x.session, "other": x.other, "key": x.key} {
				here[name], there[name] = w.Watch(ctx, p), elsewhere.Watch(ctx, p)
				_, err := elsewhere.Authenticate(ctx, tokens[name], home.Address)
				w.must(err)
			}
			boss := w.Watch(ctx, w.boss)
			w.must(c.do(w, x))
			for name := range tokens {
				stays := strings.Contains(c.left, name)
				if closed(here[name]) == stays {
					t.Errorf("the stream of %s in this process: stays open is %t, want %t", name, !stays, stays)
				}
				if !stays && !soon(there[name]) {
					t.Errorf("the stream of %s in another process stays open", name)
				}
				if stays && closed(there[name]) {
					t.Errorf("the stream of %s in another process is cut", name)
				}
				if lives := strings.Contains(c.lives, name); w.in(tokens[name]) != lives {
					t.Errorf("%s authenticates is %t, want %t", name, !lives, lives)
				}
			}
			if closed(boss) || !w.in(w.token) {
				t.Error("somebody else's stream was cut")
			}
		})
	}
}

// A bus may lose notices; then a look into the database cuts the stream.
func TestLostNoticesAreMadeUpFor(t *testing.T) {
	w := site(t)
	deaf := account.NewService(w.store, &bus.Memory{}, account.Options{Now: w.now, HashKiB: 8})
	defer deaf.Close()
	u, token, p := w.member("kim", account.Member)
	stream, boss := deaf.Watch(t.Context(), p), deaf.Watch(t.Context(), w.boss)
	if _, err := deaf.Authenticate(t.Context(), token, home.Address); err != nil {
		t.Fatal(err)
	}
	yes := true
	_, err := w.ChangeUser(t.Context(), w.boss, u.ID, account.UserChange{Disabled: &yes})
	w.must(err)
	w.pass(account.AuthCache)
	if _, err := deaf.Authenticate(t.Context(), token, home.Address); !errors.Is(err, account.ErrNotSignedIn) {
		t.Errorf("a second after the change: %v", err)
	}
	deaf.Recheck(t.Context())
	if !closed(stream) || closed(boss) {
		t.Errorf("after a look into the database: stream cut %t, the admin's %t; want only the first", closed(stream), closed(boss))
	}
}

// A credential that ends between Authenticate and Watch is noticed too.
func TestWatchAfterTheEnd(t *testing.T) {
	w := site(t)
	_, token, _ := w.member("kim", account.Member)
	p, err := w.Authenticate(t.Context(), token, home.Address)
	w.must(err)
	w.must(w.EndAllSessions(t.Context(), p))
	if !soon(w.Watch(t.Context(), p)) {
		t.Error("the stream of an ended session stays open")
	}
	ctx, cancel := context.WithCancel(t.Context())
	w.Watch(ctx, w.boss)
	if n := w.Watching(); n != 1 {
		t.Errorf("%d are watched, want 1", n)
	}
	cancel()
	for deadline := time.Now().Add(10 * time.Second); w.Watching() != 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if n := w.Watching(); n != 0 {
		t.Errorf("%d are watched after their requests ended", n)
	}
}

func TestOnlyAdminsManage(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	u, _, member := w.member("kim", account.Member)
	_, _, reader := w.member("lee", account.Reader)
	_, adminKey, err := w.CreateKey(ctx, w.boss, account.NewKey{Name: "관리", Scopes: []account.Scope{account.ScopeAdmin}})
	w.must(err)
	_, chatKey, err := w.CreateKey(ctx, w.boss, account.NewKey{Name: "대화", Scopes: []account.Scope{account.ScopeChats}})
	w.must(err)
	withAdmin, err := w.Authenticate(ctx, adminKey, home.Address)
	w.must(err)
	withChat, err := w.Authenticate(ctx, chatKey, home.Address)
	w.must(err)
	local, err := w.EnsureLocal(ctx)
	w.must(err)
	static, err := w.EnsureStatic(ctx)
	w.must(err)
	methods := map[string]func(p account.Principal) error{
		"Users":       func(p account.Principal) error { _, err := w.Users(ctx, p); return err },
		"User":        func(p account.Principal) error { _, err := w.User(ctx, p, u.ID); return err },
		"UserByLogin": func(p account.Principal) error { _, err := w.UserByLogin(ctx, p, "kim"); return err },
		"CreateUser": func(p account.Principal) error {
			_, err := w.CreateUser(ctx, p, account.NewUser{Login: "kim", Role: account.Member})
			return unless(err, account.ErrConflict)
		},
		"ChangeUser": func(p account.Principal) error {
			_, err := w.ChangeUser(ctx, p, u.ID, account.UserChange{})
			return err
		},
		"DeleteUser":    func(p account.Principal) error { return unless(w.DeleteUser(ctx, p, "nobody"), account.ErrNotFound) },
		"EndSessionsOf": func(p account.Principal) error { return unless(w.EndSessionsOf(ctx, p, "nobody"), account.ErrNotFound) },
		"Groups":        func(p account.Principal) error { _, err := w.Groups(ctx, p); return err },
		"CreateGroup": func(p account.Principal) error {
			_, err := w.CreateGroup(ctx, p, "부서", account.Quota{})
			return unless(err, account.ErrConflict)
		},
		"ChangeGroup": func(p account.Principal) error {
			_, err := w.ChangeGroup(ctx, p, "none", account.GroupChange{})
			return unless(err, account.ErrNotFound)
		},
		"DeleteGroup": func(p account.Principal) error { return unless(w.DeleteGroup(ctx, p, "none"), account.ErrNotFound) },
		"Invite": func(p account.Principal) error {
			_, _, err := w.Invite(ctx, p, account.NewInvitation{Role: account.Member})
			return err
		},
		"Invitations": func(p account.Principal) error { _, err := w.Invitations(ctx, p); return err },
		"DeleteInvitation": func(p account.Principal) error {
			return unless(w.DeleteInvitation(ctx, p, "none"), account.ErrNotFound)
		},
		"SiteUsage":     func(p account.Principal) error { _, err := w.SiteUsage(ctx, p, 30); return err },
		"Entries":       func(p account.Principal) error { _, err := w.Entries(ctx, p, account.EntryFilter{}); return err },
		"ExportEntries": func(p account.Principal) error { return w.ExportEntries(ctx, p, &bytes.Buffer{}) },
		"Site":          func(p account.Principal) error { _, err := w.Site(ctx, p); return err },
		"SetSite": func(p account.Principal) error {
			_, err := w.SetSite(ctx, p, account.Site{SignUp: "invite"})
			return err
		},
	}
	for name, call := range methods {
		for who, c := range map[string]struct {
			p  account.Principal
			ok bool
		}{
			"admin": {w.boss, true}, "local": {local, true}, "operator": {account.Operator("x"), true}, "key for admin": {withAdmin, true},
			"member": {member, false}, "reader": {reader, false}, "key for chats": {withChat, false}, "static key": {static, false}, "nobody": {account.Principal{}, false},
		} {
			if err := call(c.p); c.ok && err != nil || !c.ok && !errors.Is(err, account.ErrForbidden) {
				t.Errorf("%s as %s: %v; allowed should be %t", name, who, err, c.ok)
			}
		}
	}
	// What needs a person does not work with a key.
	for name, call := range map[string]func(p account.Principal) error{
		"Keys": func(p account.Principal) error { _, err := w.Keys(ctx, p); return err },
		"CreateKey": func(p account.Principal) error {
			_, _, err := w.CreateKey(ctx, p, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeChats}})
			return err
		},
		"DeleteKey":      func(p account.Principal) error { return w.DeleteKey(ctx, p, "none") },
		"Sessions":       func(p account.Principal) error { _, err := w.Sessions(ctx, p); return err },
		"EndAllSessions": func(p account.Principal) error { return w.EndAllSessions(ctx, p) },
		"ChangeMe":       func(p account.Principal) error { _, err := w.ChangeMe(ctx, p, account.SelfChange{}); return err },
	} {
		for who, p := range map[string]account.Principal{"key for admin": withAdmin, "static key": static, "operator": account.Operator("x"), "nobody": {}} {
			if err := call(p); !errors.Is(err, account.ErrForbidden) {
				t.Errorf("%s as %s: %v; want ErrForbidden", name, who, err)
			}
		}
	}
}

func unless(err, allowed error) error {
	if errors.Is(err, allowed) {
		return nil
	}
	return err
}

func TestPeopleAreManaged(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	g, err := w.CreateGroup(ctx, w.boss, "영업", account.Quota{TokensPerDay: 100})
	w.must(err)
	_, err = w.CreateGroup(ctx, w.boss, "영업", account.Quota{})
	w.wants(err, account.ErrConflict)
	u, err := w.CreateUser(ctx, w.boss, account.NewUser{Login: " Kim ", Email: "kim@example.kr", Role: account.Member, Groups: []string{g.ID, g.ID}})
	w.must(err)
	if u.Login != "kim" || u.Name != "kim" || len(u.Groups) != 1 || u.Groups[0].Name != "영업" {
		t.Fatalf("made %+v", u)
	}
	_, err = w.CreateUser(ctx, w.boss, account.NewUser{Login: "KIM", Role: account.Member})
	w.wants(err, account.ErrConflict)
	_, err = w.CreateUser(ctx, w.boss, account.NewUser{Login: "lee", Role: "owner"})
	w.wantsInvalid(err, "unknown")
	_, err = w.CreateUser(ctx, w.boss, account.NewUser{Login: "lee", Role: account.Member, Groups: []string{"none"}})
	w.wantsInvalid(err, "unknown")
	_, _, err = w.SignIn(ctx, "kim", "", home)
	w.wants(err, account.ErrCredentials) // an account without a password cannot be entered
	role, name, none := account.Admin, "김 부장", []string{}
	u, err = w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Role: &role, Name: &name, Groups: &none, Quota: &account.Quota{TokensPerDay: account.Unlimited}})
	w.must(err)
	if u.Role != account.Admin || u.Name != name || len(u.Groups) != 0 || u.Quota.TokensPerDay != -1 {
		t.Fatalf("changed to %+v", u)
	}
	_, err = w.ChangeUser(ctx, w.boss, u.ID, account.UserChange{Quota: &account.Quota{TokensPerDay: -2}})
	w.wantsInvalid(err, "range")
	w.must(w.DeleteUser(ctx, w.boss, u.ID))
	w.wants(w.DeleteUser(ctx, w.boss, w.boss.User), account.ErrLastAdmin)
	_, err = w.EnsureLocal(ctx)
	w.must(err)
	w.wants(w.DeleteUser(ctx, w.boss, account.Local), account.ErrNotFound)
	if list, _ := w.Users(ctx, w.boss); len(list) != 1 {
		t.Fatalf("users: %+v", list)
	}
	newName := "기술"
	g, err = w.ChangeGroup(ctx, w.boss, g.ID, account.GroupChange{Name: &newName})
	w.must(err)
	if g.Name != "기술" || g.Quota.TokensPerDay != 100 || g.Members != 0 {
		t.Fatalf("group: %+v", g)
	}
	w.must(w.DeleteGroup(ctx, w.boss, g.ID))
	want := `관리자 group.delete 기술 192.0.2.7 0 members
관리자 group.change 영업 192.0.2.7 name=기술
관리자 user.delete kim 192.0.2.7
관리자 user.change kim 192.0.2.7 name role=admin (was member) groups=0 tokens_per_day=-1 requests_per_day=0`
	if got := w.actions(5); !strings.HasPrefix(got, want) {
		t.Errorf("audit log:\n%s\nwant it to begin with:\n%s", got, want)
	}
}

func TestInvitations(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	g, err := w.CreateGroup(ctx, w.boss, "영업", account.Quota{})
	w.must(err)
	i, token, err := w.Invite(ctx, w.boss, account.NewInvitation{Role: account.Member, Name: "새 사람", Groups: []string{g.ID}})
	w.must(err)
	if got := i.Expires.Sub(w.now()); got != account.InvitationLife {
		t.Errorf("ends in %v", got)
	}
	shown, err := w.Invitation(ctx, token, home)
	w.must(err)
	if shown.Role != account.Member || shown.Name != "새 사람" {
		t.Errorf("shown as %+v", shown)
	}
	_, err = w.Invitation(ctx, strings.Repeat("A", 43), home)
	w.wants(err, account.ErrNotFound)
	_, _, err = w.AcceptInvitation(ctx, token, account.NewUser{Login: "boss", Password: secret}, home)
	w.wants(err, account.ErrConflict)
	session, p, err := w.AcceptInvitation(ctx, token, account.NewUser{Login: "newbie", Role: account.Admin, Password: secret}, home)
	w.must(err)
	me, err := w.Me(ctx, p)
	w.must(err)
	if !w.in(session) || me.Role != account.Member || me.Name != "새 사람" || len(me.Groups) != 1 {
		t.Errorf("came in as %+v", me)
	}
	_, _, err = w.AcceptInvitation(ctx, token, account.NewUser{Login: "second", Password: secret}, home)
	w.wants(err, account.ErrNotFound)
	_, token, err = w.Invite(ctx, w.boss, account.NewInvitation{Role: account.Reader, Expires: w.now().Add(time.Hour)})
	w.must(err)
	w.pass(time.Hour)
	_, err = w.Invitation(ctx, token, home)
	w.wants(err, account.ErrNotFound)
	_, token, err = w.Invite(ctx, w.boss, account.NewInvitation{Role: account.Reader})
	w.must(err)
	_, err = w.SetSite(ctx, w.boss, account.Site{SignUp: account.SignUpClosed})
	w.must(err)
	_, err = w.Invitation(ctx, token, home)
	w.wants(err, account.ErrNotFound)
	_, _, err = w.Invite(ctx, w.boss, account.NewInvitation{Role: account.Reader})
	w.wants(err, account.ErrForbidden)
	var rate *account.RateError
	for range 100 {
		if _, err = w.Invitation(ctx, strings.Repeat("B", 43), home); errors.As(err, &rate) {
			break
		}
	}
	if rate == nil {
		t.Error("tokens can be guessed without end")
	}
}

func TestKeys(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	_, _, member := w.member("kim", account.Member)
	_, _, reader := w.member("lee", account.Reader)
	_, _, err := w.CreateKey(ctx, member, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeAdmin}})
	w.wantsInvalid(err, "role")
	_, _, err = w.CreateKey(ctx, member, account.NewKey{Name: "n", Scopes: []account.Scope{"root"}})
	w.wantsInvalid(err, "unknown")
	_, _, err = w.CreateKey(ctx, member, account.NewKey{Name: "n"})
	w.wantsInvalid(err, "empty")
	_, _, err = w.CreateKey(ctx, member, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeChats}, Expires: w.now()})
	w.wantsInvalid(err, "range")
	_, _, err = w.CreateKey(ctx, reader, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeChats}})
	w.wants(err, account.ErrForbidden)
	k, key, err := w.CreateKey(ctx, member, account.NewKey{Name: "앱", Scopes: []account.Scope{account.ScopeChats, account.ScopeModels, account.ScopeChats}, Expires: w.now().Add(time.Hour)})
	w.must(err)
	if !strings.HasPrefix(key, k.Prefix) || len(k.Prefix) > 16 || len(k.Scopes) != 2 {
		t.Errorf("made %+v", k)
	}
	p, err := w.Authenticate(ctx, key, home.Address)
	w.must(err)
	if p.Key != k.ID || p.Session != "" || !p.Can(account.ScopeChats) || p.Can(account.ScopeAdmin) {
		t.Errorf("a key stands for %+v", p)
	}
	w.wants(w.DeleteKey(ctx, w.boss, k.ID), account.ErrNotFound)
	w.pass(time.Hour)
	if w.in(key) {
		t.Error("an expired key opens")
	}
	// The operator makes keys for others, admins do not.
	_, _, err = w.CreateKeyFor(ctx, w.boss, member.User, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeChats}})
	w.wants(err, account.ErrForbidden)
	operator := account.Operator("malmoi key add")
	k, key, err = w.CreateKeyFor(ctx, operator, member.User, account.NewKey{Name: "n", Scopes: []account.Scope{account.ScopeModels}})
	w.must(err)
	if !w.in(key) {
		t.Error("the operator's key does not open")
	}
	list, err := w.KeysOf(ctx, operator, member.User)
	w.must(err)
	if len(list) != 2 {
		t.Errorf("keys: %+v", list)
	}
	w.must(w.DeleteKeyOf(ctx, operator, member.User, k.ID))
	if w.in(key) {
		t.Error("a revoked key opens")
	}
}

func TestOwnPassword(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	_, _, p := w.member("kim", account.Member)
	next := "전혀 다른 열쇠말이다"
	_, err := w.ChangeMe(ctx, p, account.SelfChange{CurrentPassword: "wrong password", Password: &next})
	w.wants(err, account.ErrCredentials)
	weak := "1234567890"
	_, err = w.ChangeMe(ctx, p, account.SelfChange{CurrentPassword: secret, Password: &weak})
	w.wantsInvalid(err, "common")
	_, err = w.ChangeMe(ctx, p, account.SelfChange{CurrentPassword: secret, Password: &next})
	w.must(err)
	_, _, err = w.SignIn(ctx, "kim", secret, home)
	w.wants(err, account.ErrCredentials)
	_, _, err = w.SignIn(ctx, "kim", next, home)
	w.must(err)
	var rate *account.RateError
	for range 20 {
		if _, err = w.ChangeMe(ctx, p, account.SelfChange{CurrentPassword: "wrong password", Password: &next}); errors.As(err, &rate) {
			break
		}
	}
	if rate == nil {
		t.Error("a session can guess the password without end")
	}
	local, err := w.EnsureLocal(ctx)
	w.must(err)
	_, err = w.ChangeMe(ctx, local, account.SelfChange{Password: &next})
	w.wantsInvalid(err, "elsewhere")
}

func TestOldHashesAreRenewed(t *testing.T) {
	w := site(t)
	before, err := w.store.UserByLogin(t.Context(), "boss")
	w.must(err)
	dearer := account.NewService(w.store, w.bus, account.Options{Now: w.now, HashKiB: 16})
	defer dearer.Close()
	for range 2 {
		_, _, err := dearer.SignIn(t.Context(), "boss", secret, home)
		w.must(err)
	}
	after, err := w.store.UserByLogin(t.Context(), "boss")
	w.must(err)
	if !strings.Contains(before.Hash, "m=8,") || !strings.Contains(after.Hash, "m=16,") {
		t.Errorf("the hash went from %q to %q", before.Hash, after.Hash)
	}
}

func TestTheAuditLogIsExported(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	for i := range 2*account.MaxPage + 7 {
		w.must(w.Note(ctx, w.boss, account.ActShared, fmt.Sprint("chat", i), "이름\n\"따옴표\""))
	}
	var out bytes.Buffer
	w.must(w.ExportEntries(ctx, w.boss, &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if want := 2*account.MaxPage + 7 + 3; len(lines) != want {
		t.Fatalf("%d lines, want %d", len(lines), want)
	}
	var e account.Entry
	w.must(json.Unmarshal([]byte(lines[1]), &e))
	if e.Action != account.ActShared || e.Target != fmt.Sprint("chat", 2*account.MaxPage+6) || e.Detail != "이름\n\"따옴표\"" || !e.At.Equal(w.now()) || e.Address != "192.0.2.7" {
		t.Errorf("a line reads %+v", e)
	}
	if !strings.Contains(lines[0], account.ActAuditExported) || !strings.Contains(lines[0], "2026-11-24T12:00:00+09:00") {
		t.Errorf("the first line is %s", lines[0])
	}
}

// No password and no token may be found in the log or in any row.
func TestSecretsStayOut(t *testing.T) {
	w := site(t)
	ctx := t.Context()
	const typed = "비밀번호를-아이디-칸에"
	_, _, err := w.SignIn(ctx, typed, "x", home)
	w.wants(err, account.ErrCredentials)
	_, token, p := w.member("kim", account.Member)
	_, key, err := w.CreateKey(ctx, p, account.NewKey{Name: "앱", Scopes: []account.Scope{account.ScopeChats}})
	w.must(err)
	_, invitation, err := w.Invite(ctx, w.boss, account.NewInvitation{Role: account.Member})
	w.must(err)
	var out bytes.Buffer
	w.must(w.ExportEntries(ctx, w.boss, &out))
	out.WriteString(w.log.String())
	for _, name := range []string{w.path, w.path + "-wal"} {
		b, err := os.ReadFile(name)
		w.must(err)
		out.Write(b)
	}
	if !strings.Contains(out.String(), "$argon2id$") {
		t.Error("what was looked through holds no hash: it is not the database")
	}
	for _, canary := range []string{typed, token, key, invitation, secret} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q is written down", canary)
		}
	}
}
