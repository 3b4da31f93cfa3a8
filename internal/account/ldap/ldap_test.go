package ldap_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/account/ldap"
	"malmoi/internal/bus"
	"malmoi/internal/store/storetest"
)

func config(s server) ldap.Config {
	return ldap.Config{URL: s.tls, TLS: s.trust(), BindDN: "cn=reader,dc=example,dc=kr", BindPassword: "pw-reader",
		Base: "ou=people,dc=example,dc=kr", GroupBase: "ou=groups,dc=example,dc=kr", Roles: map[string]account.Role{"admins": account.Admin}, Create: true}
}

func directory(t *testing.T, c ldap.Config) *ldap.Directory {
	t.Helper()
	d, err := ldap.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSignIn(t *testing.T) {
	s := start(t)
	d := directory(t, config(s))
	check := func(login, password, wantName, wantGroups string, wantRole account.Role) {
		t.Helper()
		x, err := d.SignIn(t.Context(), login, password)
		if err != nil || x.Provider != ldap.Provider || len(x.Subject) != 36 || x.Login != login || x.Name != wantName || strings.Join(x.Groups, " ") != wantGroups || x.Role != wantRole || !x.Create {
			t.Errorf("%s: %+v, %v", login, x, err)
		}
	}
	check("kim", "pw-kim", "김철수", "영업", account.Member)
	check("홍길동", "pw-홍", "홍길동", "admins", account.Admin)
	check(`a*(b)\c`, "pw-odd", "괄호", "영업", account.Member)
	for _, c := range []struct{ login, password string }{
		{"kim", "wrong"}, {"kim", ""}, {"", "pw-kim"}, {"nobody", "pw-kim"}, {"locked", "x"}, {"locked", ""},
		{"twin", "pw-twin"}, // which of the two?
		{"*", "pw-kim"}, {"k*", "pw-kim"}, {"kim)(uid=*", "pw-kim"}, {"*)(|(uid=*", "pw-kim"}, {"kim\x00", "pw-kim"},
		{"kim", strings.Repeat("a", 100_000)},
	} {
		x, err := d.SignIn(t.Context(), c.login, c.password)
		if !errors.Is(err, account.ErrCredentials) {
			t.Errorf("%q with %.20q: %+v, %v; want ErrCredentials", c.login, c.password, x, err)
		}
	}
}

func TestWaysToConnect(t *testing.T) {
	s := start(t)
	for name, c := range map[string]struct {
		change func(c *ldap.Config)
		ok     bool
	}{
		"ldaps":                                 {func(c *ldap.Config) {}, true},
		"StartTLS":                              {func(c *ldap.Config) { c.URL, c.StartTLS = s.plain, true }, true},
		"plain, this machine":                   {func(c *ldap.Config) { c.URL = s.plain }, true},
		"an unknown certificate":                {func(c *ldap.Config) { c.TLS = nil }, false},
		"an unknown certificate under StartTLS": {func(c *ldap.Config) { c.URL, c.StartTLS, c.TLS = s.plain, true, nil }, false},
		"a wrong service password":              {func(c *ldap.Config) { c.BindPassword = "wrong" }, false},
		"nobody listens":                        {func(c *ldap.Config) { c.URL = "ldaps://" + freeAddress(t) }, false},
		"no such base":                          {func(c *ldap.Config) { c.Base = "ou=none,dc=example,dc=kr" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(s)
			c.change(&cfg)
			x, err := directory(t, cfg).SignIn(t.Context(), "kim", "pw-kim")
			if c.ok && (err != nil || x.Name != "김철수") || !c.ok && !errors.Is(err, account.ErrUnavailable) {
				t.Errorf("%+v, %v; want ok %t", x, err, c.ok)
			}
			if err != nil && (strings.Contains(err.Error(), "pw-kim") || strings.Contains(err.Error(), "pw-reader")) {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
	cfg := config(s)
	cfg.Allow = []string{"영업"}
	d := directory(t, cfg)
	if _, err := d.SignIn(t.Context(), "kim", "pw-kim"); err != nil {
		t.Errorf("a member of a group that may come in: %v", err)
	}
	if _, err := d.SignIn(t.Context(), "홍길동", "pw-홍"); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("somebody in no such group: %v", err)
	}
}

// Through the service: an account is made at the first sign-in, stays the same
// one, and a password kept here wins over the directory.
func TestToAccount(t *testing.T) {
	s := start(t)
	ctx := t.Context()
	service := account.NewService(storetest.SQLite(t).Accounts(), &bus.Memory{}, account.Options{HashKiB: 8, Directory: directory(t, config(s))})
	defer service.Close()
	home := account.Client{Address: netip.MustParseAddr("192.0.2.7")}
	_, boss, err := service.SetUp(ctx, account.NewUser{Login: "boss", Password: "올바른 말 배터리 못"}, home)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service.CreateGroup(ctx, boss, "영업", account.Quota{}); err != nil {
		t.Fatal(err)
	}
	_, kim, err := service.SignIn(ctx, "Kim", "pw-kim", home)
	if err != nil {
		t.Fatal(err)
	}
	me, err := service.Me(ctx, kim)
	if err != nil || me.Login != "kim" || me.Name != "김철수" || me.External != "ldap" || len(me.Groups) != 1 || me.Email != "kim@example.kr" {
		t.Errorf("the account is %+v, %v", me, err)
	}
	_, again, err := service.SignIn(ctx, "kim", "pw-kim", home)
	if err != nil || again.User != kim.User {
		t.Errorf("the second sign-in is %+v, %v", again, err)
	}
	if _, _, err := service.SignIn(ctx, "kim", "wrong", home); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("a wrong password: %v", err)
	}
	yes := true
	if _, err := service.ChangeUser(ctx, boss, kim.User, account.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := service.SignIn(ctx, "kim", "pw-kim", home); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("a disabled account: %v", err)
	}
	if _, err := service.CreateUser(ctx, boss, account.NewUser{Login: "홍길동", Role: account.Member, Password: "전혀 다른 열쇠말이다"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := service.SignIn(ctx, "홍길동", "pw-홍", home); !errors.Is(err, account.ErrCredentials) {
		t.Errorf("the directory's password opens an account with a password of its own: %v", err)
	}
	entries, err := service.Entries(ctx, boss, account.EntryFilter{Action: account.ActSignInFailed})
	if text, _ := json.Marshal(entries); err != nil || len(entries) != 3 || strings.Contains(string(text), "pw-") {
		t.Errorf("failures in the audit log: %s, %v", text, err)
	}
}

func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := directory(t, ldap.Config{URL: "ldap://" + l.Addr().String(), Base: "dc=example,dc=kr", BindDN: "cn=x", BindPassword: "y"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := d.SignIn(ctx, "kim", "pw-kim"); !errors.Is(err, account.ErrUnavailable) || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := ldap.Config{URL: "ldaps://ldap.example.kr", Base: "dc=example,dc=kr"}
	if _, err := ldap.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *ldap.Config){
		"passwords in the clear": func(c *ldap.Config) { c.URL = "ldap://ldap.example.kr" },
		"another protocol":       func(c *ldap.Config) { c.URL = "https://ldap.example.kr" },
		"no base":                func(c *ldap.Config) { c.Base = "" },
		"broken filter":          func(c *ldap.Config) { c.Filter = "(uid=%s" },
		"filter without login":   func(c *ldap.Config) { c.Filter = "(uid=kim)" },
		"roles without groups":   func(c *ldap.Config) { c.Roles = map[string]account.Role{"a": account.Admin} },
		"unknown role":           func(c *ldap.Config) { c.GroupBase, c.Roles = "dc=kr", map[string]account.Role{"a": "root"} },
	} {
		c := good
		change(&c)
		if _, err := ldap.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	c := good
	c.URL, c.Plain = "ldap://ldap.example.kr", true
	if _, err := ldap.New(c); err != nil {
		t.Errorf("in the clear when asked for: %v", err)
	}
}
