package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"

	"malmoi/internal/account"
	"malmoi/internal/httpapi"
)

func localPrincipal() account.Principal {
	return account.Principal{User: account.Local, Role: account.Admin, Scopes: []account.Scope{account.ScopeChats}}
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

// The first account is made at the machine itself, and only once.
func TestSetUp(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Hosts = []string{"chat.example"} })
	body := `{"login":"admin","password":"` + password + `"}`
	away := func(headers ...string) {
		t.Helper()
		if got := r.nobody().do("GET", "/api/session", "", headers...); !strings.Contains(got.body, `"setup":false`) {
			t.Errorf("%v is offered to set up: %s", headers, got.body)
		}
		if got := r.nobody().do("POST", "/api/setup", body, headers...); got.status != 403 {
			t.Errorf("%v sets up: %d %s", headers, got.status, got.body)
		}
	}
	away("X-Forwarded-For", "10.0.0.9")
	away("X-Forwarded-For", "127.0.0.1")
	away("Forwarded", "for=10.0.0.9")
	away("X-Real-Ip", "10.0.0.9")
	if got := r.nobody().do("GET", "/api/session", ""); !strings.Contains(got.body, `"setup":true`) {
		t.Errorf("at the machine: %s", got.body)
	}
	r.setUp()
	if got := r.nobody().do("POST", "/api/setup", body); got.status != 409 {
		t.Errorf("a second first account: %d %s", got.status, got.body)
	}
	if got := r.nobody().do("GET", "/api/session", ""); !strings.Contains(got.body, `"setup":false`) {
		t.Errorf("afterwards: %s", got.body)
	}
}

// Cookies are Secure when the client came by https, which only a trusted proxy
// may say.
func TestCookies(t *testing.T) {
	sign := `{"login":"admin","password":"` + password + `"}`
	f := func(proxies []netip.Prefix, want string, headers ...string) {
		t.Helper()
		r := newRig(t, func(c *Config) { c.Proxies = proxies })
		r.setUp()
		got := r.nobody().do("POST", "/api/session", sign, headers...)
		cookie := got.header.Get("Set-Cookie")
		for _, part := range append(strings.Fields(want), "HttpOnly", "SameSite=Lax", "Path=/") {
			if !strings.Contains(cookie, part) {
				t.Errorf("proxies %v, %v: cookie %q lacks %s", proxies, headers, cookie, part)
			}
		}
		if strings.Contains(cookie, "Secure") != strings.Contains(want, "Secure") || strings.Contains(cookie, "Domain") {
			t.Errorf("proxies %v, %v: cookie %q", proxies, headers, cookie)
		}
		a := actor{r: r, cookie: sessionOf(got)}
		if me := a.do("GET", "/api/me", "", headers...); me.status != 200 {
			t.Errorf("the cookie does not open: %d", me.status)
		}
		if out := a.do("DELETE", "/api/session", "", headers...); !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("signing out leaves the cookie: %v", out.header)
		}
		if me := a.do("GET", "/api/me", "", headers...); me.status != 401 {
			t.Errorf("after signing out: %d", me.status)
		}
	}
	f(nil, "malmoi_session=")
	f(nil, "malmoi_session=", "X-Forwarded-Proto", "https")
	f(loopback, "__Host-malmoi= Secure", "X-Forwarded-Proto", "https", "X-Forwarded-For", "10.1.2.3")
}

// The audit log has the client's address, which others than trusted proxies
// cannot make up.
func TestAddresses(t *testing.T) {
	f := func(proxies []netip.Prefix, forwarded, want string) {
		t.Helper()
		r := newRig(t, func(c *Config) { c.Proxies = proxies })
		admin := r.setUp()
		r.nobody().do("POST", "/api/session", `{"login":"nobody","password":"wrong"}`, "X-Forwarded-For", forwarded)
		got := admin.do("GET", "/api/admin/audit?action=session.sign_in_failed", "")
		if !strings.Contains(got.body, `"address":"`+want+`"`) {
			t.Errorf("%q from %v: %s, want %s", forwarded, proxies, got.body, want)
		}
	}
	f(nil, "10.0.0.9", "127.0.0.1")
	f(loopback, "10.0.0.9", "10.0.0.9")
	f(loopback, "1.1.1.1, 10.0.0.9", "10.0.0.9")               // the client wrote the first
	f(loopback, "10.0.0.9, 127.0.0.2", "10.0.0.9")             // two proxies of ours
	f(loopback, "::ffff:10.0.0.9", "10.0.0.9")                 //
	f(loopback, "10.0.0.9, rubbish", "127.0.0.1")              // what cannot be read ends it
	f(loopback, strings.Repeat("127.0.0.1,", 99), "127.0.0.1") // and so does its length
}

// Pages of other sites cannot use a signed-in browser.
func TestOtherSites(t *testing.T) {
	r := newRig(t, nil)
	admin := r.setUp()
	f := func(want int, method, path string, headers ...string) {
		t.Helper()
		if got := admin.do(method, path, `{}`, headers...); got.status != want {
			t.Errorf("%s %s %v: %d, want %d", method, path, headers, got.status, want)
		}
	}
	f(403, "POST", "/api/chats", "Origin", "https://evil.example")
	f(403, "POST", "/api/chats", "Sec-Fetch-Site", "cross-site")
	f(403, "DELETE", "/api/sessions", "Sec-Fetch-Site", "same-site")
	f(403, "GET", "/api/chats", "Origin", "https://evil.example")
	f(200, "POST", "/api/chats", "Origin", r.url)
	f(200, "POST", "/api/chats", "Sec-Fetch-Site", "same-origin")
}

// The keys that the server was started with open the models, and in personal
// mode everything.
func TestStaticKeys(t *testing.T) {
	const key = "static-key-0001"
	with := func(m Mode) actor {
		r := newRig(t, func(c *Config) { c.Mode = m; c.APIKeys = []string{key} })
		if m == Accounts {
			r.setUp()
		}
		return actor{r: r, key: key}
	}
	f := func(a actor, want int, method, path, body string) {
		t.Helper()
		if got := a.do(method, path, body); got.status != want {
			t.Errorf("%s %s: %d, want %d (%s)", method, path, got.status, want, got.body)
		}
	}
	a := with(Accounts)
	f(a, 200, "GET", "/v1/models", "")
	f(a, 200, "POST", "/v1/chat/completions", chatBody)
	f(a, 200, "GET", "/metrics", "")
	f(a, 403, "GET", "/api/chats", "")
	f(a, 403, "GET", "/api/admin/users", "")
	f(a, 403, "POST", "/api/keys", `{"name":"k","scopes":["models"]}`)
	f(a.r.nobody(), 401, "GET", "/v1/models", "")
	a = with(Single)
	f(a, 200, "GET", "/v1/models", "")
	f(a, 200, "GET", "/api/chats", "")
	f(a, 200, "GET", "/api/admin/health", "")
	f(a.r.nobody(), 401, "GET", "/v1/models", "")
	f(a.r.nobody(), 401, "GET", "/api/chats", "")
	f(a.r.nobody(), 200, "GET", "/api/session", "")
}

// A quota holds at every door, and every door counts.
func TestQuotasHoldEverywhere(t *testing.T) {
	r := newRig(t, nil)
	admin := r.setUp()
	doors := []struct{ path, body string }{
		{"/v1/chat/completions", chatBody},
		{"/v1/completions", `{"model":"m","prompt":["x","y"]}`},
		{"/v1/responses", `{"model":"m","input":"x"}`},
		{"/v1/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}]}`},
		{"/v1/embeddings", `{"model":"m","input":"x"}`},
		{"/v1/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}`},
		{"/v3/chat-completions/m", `{"messages":[{"role":"user","content":"x"}]}`},
		{"/api/chat", `{"model":"m","messages":[{"role":"user","content":"x"}]}`},
	}
	kim := r.person(admin, "kim", "member")
	key := kim.keyOf("models", "chats")
	today := func() float64 {
		return kim.ok("GET", "/api/usage", "")["quota"].(map[string]any)["requests_today"].(float64)
	}
	for i, d := range doors {
		if got := key.do("POST", d.path, d.body); got.status != 200 {
			t.Fatalf("%s: %d %s", d.path, got.status, got.body)
		}
		if n := today(); n != float64(i+1) {
			t.Errorf("%s: %v requests are counted, want %d", d.path, n, i+1)
		}
	}
	admin.ok("PATCH", "/api/admin/users/"+kim.id, fmt.Sprintf(`{"quota":{"requests_per_day":%d}}`, len(doors)))
	for _, d := range doors {
		got := key.do("POST", d.path, d.body)
		if got.status != 429 || got.header.Get("Retry-After") == "" {
			t.Errorf("%s beyond the quota: %d %v %s", d.path, got.status, got.header, got.body)
		}
	}
	_, id := kim.ask("x")
	if e := kim.listen("GET", "/api/messages/"+id+"/stream", "").until("done"); !strings.Contains(e.data, `"kind":"quota"`) {
		t.Errorf("a chat beyond the quota: %s", e.data)
	}
	if got := key.do("POST", "/tokenize", `{"model":"m","prompt":"x"}`); got.status != 200 {
		t.Errorf("counting tokens costs nothing: %d", got.status)
	}
	if n := today(); n != float64(len(doors)) {
		t.Errorf("refused requests are counted: %v", n)
	}
}

// No secret lies readable in the log or the database.
func TestSecretsStayOut(t *testing.T) {
	const words = "아무도-읽지-못할-질문-5519"
	r := newRig(t, nil)
	admin := r.setUp()
	kim := r.person(admin, "kim", "member")
	key := kim.keyOf("chats", "models")
	invitation := admin.ok("POST", "/api/admin/invitations", `{}`)["token"].(string)
	r.nobody().do("GET", "/api/invitations/"+invitation, "")
	chat, _ := kim.ask("short " + words)
	share := kim.ok("POST", "/api/chats/"+chat+"/shares", `{}`)["token"].(string)
	r.nobody().do("GET", "/api/shared/"+share, "")
	kim.do("GET", "/api/search?q="+words, "")
	key.do("POST", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"`+words+`"}]}`)
	r.nobody().do("POST", "/api/session", `{"login":"kim","password":"a wrong password 12"}`)
	_, session, _ := strings.Cut(kim.cookie, "=")
	secrets := map[string]string{
		"password": password, "wrong password": "a wrong password 12", "session": session, "key": key.key,
		"invitation": invitation, "share": share,
	}
	log := r.log.String()
	if !strings.Contains(log, `"user":"`+kim.id+`"`) {
		t.Errorf("the access log does not say who: %s", log)
	}
	for name, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log has the %s", name)
		}
	}
	if strings.Contains(log, words) {
		t.Error("the log has what somebody asked")
	}
	if err := r.site.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(r.file + suffix)
		if err != nil && suffix == "" {
			t.Fatal(err)
		}
		for name, secret := range secrets {
			if strings.Contains(string(data), secret) {
				t.Errorf("the database%s has the %s", suffix, name)
			}
		}
		if suffix == "" && !strings.Contains(string(data), words) {
			t.Error("the search of the database finds nothing, not even what must be there")
		}
	}
}

// The mode follows the database unless somebody says otherwise.
func TestModes(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Auto })
	if !r.site.Single || r.site.NeedsSetUp {
		t.Errorf("a fresh database: single %v", r.site.Single)
	}
	r.site.Close()
	reopen := func(m Mode, listen string) (*Site, error) {
		return Open(context.Background(), Config{Listen: listen, Database: r.file, Mode: m}, r.set)
	}
	s, err := reopen(Accounts, "127.0.0.1:0")
	if err != nil || s.Single || !s.NeedsSetUp {
		t.Fatalf("asked for accounts: %+v %v", s, err)
	}
	if _, _, err := s.Accounts.SetUp(context.Background(), account.NewUser{Login: "admin", Password: password, Role: account.Admin}, account.Client{}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if s, err = reopen(Auto, "127.0.0.1:0"); err != nil || s.Single {
		t.Fatalf("a database with an account: %v", err)
	}
	s.Close()
	if s, err = reopen(Accounts, "0.0.0.0:0"); err != nil {
		t.Fatalf("accounts guard an open address: %v", err)
	}
	s.Close()
	if _, err = reopen(Single, "0.0.0.0:0"); !errors.Is(err, httpapi.ErrNeedsKey) {
		t.Fatalf("personal mode on an open address: %v", err)
	}
	if s, err = reopen(Single, "127.0.0.1:0"); err != nil || !s.Single {
		t.Fatalf("personal mode when asked for: %v", err)
	}
	s.Close()
}

// stubProvider vouches for whoever brings the right secret.
type stubProvider struct{}

func (stubProvider) ID() string    { return "office" }
func (stubProvider) Title() string { return "회사 계정" }
func (stubProvider) Start(context.Context) (string, string, error) {
	return "https://id.example/authorize?state=1", "kept-secret", nil
}
func (stubProvider) Finish(_ context.Context, secret string, query map[string][]string) (account.External, error) {
	if secret != "kept-secret" || len(query["code"]) == 0 {
		return account.External{}, account.ErrForbidden
	}
	return account.External{Provider: "oidc:office", Subject: query["code"][0], Login: "park", Name: "박", Create: query["code"][0] == "known"}, nil
}

func TestSignInWithAProvider(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Providers = append(c.Providers, stubProvider{}) })
	r.setUp()
	if got := r.nobody().do("GET", "/api/session", ""); !strings.Contains(got.body, `"oidc":[{"id":"office","name":"회사 계정"}]`) {
		t.Errorf("the button is missing: %s", got.body)
	}
	start := r.nobody().do("GET", "/api/oidc/office/start", "")
	cookie := start.header.Get("Set-Cookie")
	if start.status != 302 || !strings.HasPrefix(start.header.Get("Location"), "https://id.example/") || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Fatalf("start: %d %v", start.status, start.header)
	}
	browser := actor{r: r, cookie: sessionOf(start)}
	f := func(a actor, query, to string) answer {
		t.Helper()
		got := a.do("GET", "/api/oidc/office/callback?"+query, "")
		if got.status != 302 || got.header.Get("Location") != to {
			t.Errorf("callback?%s: %d to %q, want %q", query, got.status, got.header.Get("Location"), to)
		}
		return got
	}
	f(r.nobody(), "code=known", "/login?error=forbidden")
	f(browser, "error=access_denied", "/login?error=forbidden")
	f(browser, "code=stranger", "/login?error=forbidden")
	in := f(browser, "code=known", "/")
	for _, c := range in.header.Values("Set-Cookie") {
		if session, _, _ := strings.Cut(c, ";"); strings.HasPrefix(session, "malmoi_session=") {
			me := actor{r: r, cookie: session}.ok("GET", "/api/me", "")
			if me["external"] != "oidc:office" || me["name"] != "박" {
				t.Errorf("signed in as %v", me)
			}
			return
		}
	}
	t.Errorf("no session: %v", in.header)
}

// What people upload comes back as a download that is no page.
func TestDownloadsAreNoPages(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single })
	me := r.nobody()
	folder := me.ok("POST", "/api/folders", `{"name":"f"}`)["id"].(string)
	page := `<script>alert(1)</script>`
	file := me.ok("POST", "/api/folders/"+folder+"/files?name=%22%0d%0aX-Evil%3a1%20%EA%B0%80.html", page)["id"].(string)
	got := me.do("GET", "/api/folders/"+folder+"/files/"+file, "")
	h := got.header
	if got.body != page || h.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; ") ||
		h.Get("Content-Type") != "application/octet-stream" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("X-Evil") != "" {
		t.Errorf("%v %s", h, got.body)
	}
	chat, _ := me.ask("short <img src=x onerror=alert(1)>")
	for _, format := range []string{"md", "html", "json"} {
		got := me.do("GET", "/api/chats/"+chat+"/export?format="+format, "")
		if got.status != 200 || !strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment; ") || got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("export as %s: %d %v", format, got.status, got.header)
		}
		if format == "html" && strings.Contains(got.body, "<img src=x") {
			t.Errorf("the page runs what was asked: %s", got.body)
		}
	}
	if got := me.do("GET", "/api/chats/"+chat+"/export?format=exe", ""); got.status != 400 {
		t.Errorf("an unknown format: %d", got.status)
	}
	all := me.do("GET", "/api/export", "")
	again := me.do("POST", "/api/import", all.body, "Content-Type", "application/octet-stream")
	if again.status != 200 {
		t.Errorf("what was exported cannot be imported: %d %s", again.status, again.body)
	}
}

// The page has addresses of its own, and no API answers there.
func TestPageAddresses(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/", "/c/some", "/s/token", "/invite/token", "/admin/users", "/login", "/settings/keys"} {
		got := r.nobody().do("GET", path, "")
		if got.status != 200 || got.body != "the page" || !strings.Contains(got.header.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(got.header.Get("Content-Security-Policy"), "script-src 'self' 'unsafe-inline'") {
			t.Errorf("GET %s: %d %v", path, got.status, got.header)
		}
		if got := r.nobody().do("POST", path, `{}`); got.status != 404 && got.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, got.status)
		}
	}
}
