package oidc_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"malmoi/internal/account"
	"malmoi/internal/account/oidc"
	"malmoi/internal/bus"
	"malmoi/internal/store/storetest"
)

// Against a real provider, github.com/zitadel/oidc: see testdata/op.

const redirect = "http://localhost:7777/api/oidc/corp/callback"

// users and groups of the provider.
const users = `{
	"u-100": {"ID": "u-100", "Username": "kim.chulsoo", "Password": "pw-kim", "FirstName": "철수", "LastName": "김", "Email": "kim@example.kr", "EmailVerified": true},
	"u-200": {"ID": "u-200", "Username": "boss", "Password": "pw-boss", "FirstName": "영희", "LastName": "이", "Email": "boss@example.kr", "EmailVerified": false}
}`

const memberships = `{"u-100": ["영업", "everybody"], "u-200": ["malmoi-admins"]}`

var build = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("../../../tools/openid.sh").CombinedOutput()
	path := strings.TrimSpace(string(out))
	if i := strings.LastIndexByte(path, '\n'); i >= 0 {
		path = path[i+1:]
	}
	if err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// provider starts the real one and returns its issuer.
func provider(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		if os.Getenv("MALMOI_OPENID") == "required" {
			t.Fatalf("tools/openid.sh: %v", err)
		}
		t.Skipf("no OpenID provider can be built here: %v", err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"users.json": users, "groups.json": memberships} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(path, filepath.Join(dir, "users.json"), filepath.Join(dir, "groups.json"), redirect)
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	issuer, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the provider does not start: %v\n%s", err, log.String())
	}
	return strings.TrimSpace(issuer)
}

// browser signs in at the provider as a person would, and returns the query
// with which the provider sends it back to us.
func browser(t *testing.T, start, login, password string) url.Values {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	var back *url.URL
	c := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), redirect) {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := c.Get(start)
	if err != nil {
		t.Fatal(err)
	}
	page, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if back != nil {
		return back.Query() // refused without a question
	}
	id := resp.Request.URL.Query().Get("authRequestID")
	if id == "" {
		t.Fatalf("no sign-in page at %s: %d %s", resp.Request.URL, resp.StatusCode, page)
	}
	resp, err = c.PostForm(resp.Request.URL.ResolveReference(&url.URL{Path: "/login/username"}).String(), url.Values{"username": {login}, "password": {password}, "id": {id}})
	if err != nil {
		t.Fatal(err)
	}
	page, _ = io.ReadAll(resp.Body)
	resp.Body.Close()
	if back == nil {
		t.Fatalf("the provider does not send the browser back: %d %s", resp.StatusCode, page)
	}
	return back.Query()
}

func config(issuer string) oidc.Config {
	return oidc.Config{ID: "corp", Title: "회사 계정", Issuer: issuer, ClientID: "malmoi", Secret: "secret", Redirect: redirect, GroupClaim: "groups", Create: true,
		Roles: map[string]account.Role{"malmoi-admins": account.Admin}}
}

func newProvider(t *testing.T, c oidc.Config) *oidc.Provider {
	t.Helper()
	p, err := oidc.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRealProvider(t *testing.T) {
	ctx := t.Context()
	p := newProvider(t, config(provider(t)))
	start, secret, err := p.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	q, _ := url.Parse(start)
	for name, want := range map[string]string{"code_challenge_method": "S256", "response_type": "code", "client_id": "malmoi", "redirect_uri": redirect, "scope": "openid profile email"} {
		if got := q.Query().Get(name); got != want {
			t.Errorf("the browser is sent away with %s=%q, want %q", name, got, want)
		}
	}
	if strings.Contains(start, "secret") || strings.ContainsAny(secret, "\"; ,\\") {
		t.Errorf("url %q, secret %q", start, secret)
	}
	query := browser(t, start, "kim.chulsoo", "pw-kim")
	got, err := p.Finish(ctx, secret, query)
	if err != nil {
		t.Fatal(err)
	}
	want := account.External{Provider: "oidc:corp", Subject: "u-100", Login: "kim.chulsoo", Name: "철수 김", Email: "kim@example.kr", Groups: []string{"영업", "everybody"}, Role: account.Member, Create: true}
	if g, w := asJSON(got), asJSON(want); g != w {
		t.Errorf("got  %s\nwant %s", g, w)
	}
	if _, err := p.Finish(ctx, secret, query); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("a code used twice: %v; want a refusal", err)
	}
	// An answer in another browser, which kept another secret.
	start, _, err = p.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_, others, err := p.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	query = browser(t, start, "kim.chulsoo", "pw-kim")
	if _, err := p.Finish(ctx, others, query); !errors.Is(err, account.ErrForbidden) || !strings.Contains(err.Error(), "another sign-in") {
		t.Errorf("an answer planted in another browser: %v", err)
	}
	// The same with a state that was made to fit: PKCE and nonce still refuse.
	query.Set("state", strings.Split(others, ".")[0])
	if _, err := p.Finish(ctx, others, query); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("an answer with a state made to fit: %v", err)
	}
}

func TestRealProviderRefusesOurMistakes(t *testing.T) {
	ctx := t.Context()
	c := config(provider(t))
	c.Secret = "wrong"
	p := newProvider(t, c)
	start, secret, err := p.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Finish(ctx, secret, browser(t, start, "kim.chulsoo", "pw-kim")); !errors.Is(err, account.ErrForbidden) || strings.Contains(err.Error(), "wrong") {
		t.Errorf("with a wrong client secret: %v", err)
	}
	c = config(c.Issuer)
	c.Allow = []string{"malmoi-users"}
	p = newProvider(t, c)
	start, secret, _ = p.Start(ctx)
	if _, err := p.Finish(ctx, secret, browser(t, start, "kim.chulsoo", "pw-kim")); !errors.Is(err, account.ErrForbidden) || !strings.Contains(err.Error(), "group") {
		t.Errorf("somebody in no group that may come in: %v", err)
	}
}

// Through the service: an account is made once, follows the provider's groups,
// and is never one that happened to have the same login.
func TestRealProviderToAccount(t *testing.T) {
	ctx := t.Context()
	store := storetest.SQLite(t).Accounts()
	s := account.NewService(store, &bus.Memory{}, account.Options{HashKiB: 8})
	defer s.Close()
	home := account.Client{Address: netip.MustParseAddr("192.0.2.7")}
	_, boss, err := s.SetUp(ctx, account.NewUser{Login: "boss", Password: "올바른 말 배터리 못"}, home)
	if err != nil {
		t.Fatal(err)
	}
	sales, err := s.CreateGroup(ctx, boss, "영업", account.Quota{})
	if err != nil {
		t.Fatal(err)
	}
	c := config(provider(t))
	signIn := func(login, password string) (account.Principal, error) {
		p := newProvider(t, c)
		start, secret, err := p.Start(ctx)
		if err != nil {
			t.Fatal(err)
		}
		x, err := p.Finish(ctx, secret, browser(t, start, login, password))
		if err != nil {
			t.Fatal(err)
		}
		_, who, err := s.SignInExternal(ctx, x, home)
		return who, err
	}
	c.Create = false
	if _, err := signIn("kim.chulsoo", "pw-kim"); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("a stranger while accounts are not made: %v", err)
	}
	c.Create = true
	kim, err := signIn("kim.chulsoo", "pw-kim")
	if err != nil {
		t.Fatal(err)
	}
	me, err := s.Me(ctx, kim)
	if err != nil || me.Login != "kim.chulsoo" || me.Name != "철수 김" || me.External != "oidc:corp" || me.Role != account.Member || len(me.Groups) != 1 || me.Groups[0].ID != sales.ID {
		t.Errorf("the account is %+v, %v", me, err)
	}
	again, err := signIn("kim.chulsoo", "pw-kim")
	if err != nil || again.User != kim.User {
		t.Errorf("the second sign-in is %+v, %v; want the same account", again, err)
	}
	// The provider's "boss" is not our boss.
	other, err := signIn("boss", "pw-boss")
	if err != nil {
		t.Fatal(err)
	}
	me, err = s.Me(ctx, other)
	if err != nil || other.User == boss.User || me.Login != "boss2" || me.Role != account.Admin {
		t.Errorf("the provider's boss is %+v, %v", me, err)
	}
	yes := true
	if _, err := s.ChangeUser(ctx, boss, kim.User, account.UserChange{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	if _, err := signIn("kim.chulsoo", "pw-kim"); !errors.Is(err, account.ErrForbidden) {
		t.Errorf("a disabled account: %v", err)
	}
	log, err := s.Entries(ctx, boss, account.EntryFilter{Action: account.ActExternalRejected})
	if err != nil || len(log) != 2 {
		t.Errorf("refusals in the audit log: %+v, %v; want two", log, err)
	}
}

func asJSON(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
