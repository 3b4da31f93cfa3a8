package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const password = "correct horse battery"

// buffer is a log that the test reads while it is written.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }
func (b *buffer) String() string              { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// rig is a whole site on a fresh SQLite file, with one scripted model.
type rig struct {
	t    *testing.T
	site *Site
	url  string
	file string
	log  *buffer
	set  *fake.Set
	skew *atomic.Int64 // how far the site's clock is ahead
}

// script answers what a question's first word asks for.
func script(r llm.ChatRequest) fake.Script {
	question := ""
	for _, m := range r.Messages {
		if m.Role == "user" {
			question = m.Content
		}
	}
	switch {
	case strings.HasPrefix(question, "hang"):
		return fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "one"}}, {Event: llm.Event{Content: " two"}}, {Hang: true}}}
	case strings.HasPrefix(question, "short"):
		s := fake.Say("cut")
		s.Steps[len(s.Steps)-1].Event.Finish = "length"
		return s
	}
	return fake.Say("an ", "answer")
}

func newRig(t *testing.T, change func(*Config)) *rig {
	t.Helper()
	model := &fake.Model{About: llm.Info{Name: "m", Title: "Model", Context: 4096, Chat: true, Loaded: true}}
	model.OnChat = script
	model.OnComplete = func(llm.CompletionRequest) fake.Script { return fake.Say("more") }
	model.OnEmbed = func(texts []string) ([][]float32, int, error) { return make([][]float32, len(texts)), len(texts), nil }
	set := &fake.Set{Models: []*fake.Model{model}}
	r := newRigOn(t, set, change)
	r.set = set
	return r
}

// newRigOn is newRig with other models.
func newRigOn(t *testing.T, models llm.Models, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, file: filepath.Join(t.TempDir(), "malmoi.db"), log: &buffer{}, skew: &atomic.Int64{}}
	c := Config{
		Listen: "127.0.0.1:0", Database: r.file, Mode: Accounts, Version: "test", KeepAlive: 200 * time.Millisecond,
		Now:   func() time.Time { return time.Now().Add(time.Duration(r.skew.Load())) },
		Blobs: memory{}, Log: slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Page: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "the page") }),
	}
	if change != nil {
		change(&c)
	}
	var err error
	if r.site, err = Open(context.Background(), c, models); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.site.Server.Handler())
	r.url = server.URL
	t.Cleanup(func() {
		if err := r.site.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		server.Close()
	})
	return r
}

// memory keeps files for a test. Tests of one rig do not upload at once.
type memory map[string][]byte

func (m memory) Put(_ context.Context, data []byte) (string, error) {
	key := fmt.Sprint(len(m))
	m[key] = bytes.Clone(data)
	return key, nil
}
func (m memory) Get(_ context.Context, key string) ([]byte, error) { return m[key], nil }
func (m memory) Delete(_ context.Context, key string) error        { delete(m, key); return nil }

// actor sends requests as somebody: with a cookie, a key or nothing.
type actor struct {
	r      *rig
	name   string
	id     string
	cookie string
	key    string
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a actor) request(ctx context.Context, method, path, body string, headers ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, a.r.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/json")
	}
	if a.cookie != "" {
		req.Header.Set("Cookie", a.cookie)
	}
	if a.key != "" {
		req.Header.Set("Authorization", "Bearer "+a.key)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return noRedirect.Do(req)
}

var noRedirect = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends a request and reads the whole answer, streams for a second at most.
func (a actor) do(method, path, body string, headers ...string) answer {
	a.r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	resp, err := a.request(ctx, method, path, body, headers...)
	if err != nil {
		a.r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	if path == "/api/events" && resp.StatusCode == 200 {
		return answer{resp.StatusCode, resp.Header, ""} // it has no end
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.r.t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// ok is do for requests that must succeed, with the answer decoded.
func (a actor) ok(method, path, body string) map[string]any {
	a.r.t.Helper()
	got := a.do(method, path, body)
	if got.status/100 != 2 {
		a.r.t.Fatalf("%s: %s %s %s: %d %s", a.name, method, path, body, got.status, got.body)
	}
	out := map[string]any{}
	if got.body != "" {
		if err := json.Unmarshal([]byte(got.body), &out); err != nil {
			a.r.t.Fatalf("%s %s: %v\n%s", method, path, err, got.body)
		}
	}
	return out
}

func (g answer) code() string {
	var e struct {
		Error struct{ Code string }
	}
	json.Unmarshal([]byte(g.body), &e)
	return e.Error.Code
}

func sessionOf(g answer) string {
	cookie, _, _ := strings.Cut(g.header.Get("Set-Cookie"), ";")
	return cookie
}

func (r *rig) nobody() actor { return actor{r: r, name: "anonymous"} }

// setUp makes the first account.
func (r *rig) setUp() actor {
	r.t.Helper()
	got := r.nobody().do("POST", "/api/setup", `{"login":"admin","name":"관리자","password":"`+password+`"}`)
	if got.status != 200 {
		r.t.Fatalf("set up: %d %s", got.status, got.body)
	}
	a := actor{r: r, name: "admin", cookie: sessionOf(got)}
	a.id = a.ok("GET", "/api/me", "")["id"].(string)
	return a
}

// person makes an account and signs it in.
func (r *rig) person(admin actor, login, role string) actor {
	r.t.Helper()
	id := admin.ok("POST", "/api/admin/users", fmt.Sprintf(`{"login":%q,"role":%q,"password":%q}`, login, role, password))["id"].(string)
	return actor{r: r, name: login, id: id, cookie: r.signIn(login)}
}

func (r *rig) signIn(login string) string {
	r.t.Helper()
	got := r.nobody().do("POST", "/api/session", fmt.Sprintf(`{"login":%q,"password":%q}`, login, password))
	if got.status != 200 {
		r.t.Fatalf("sign in as %s: %d %s", login, got.status, got.body)
	}
	return sessionOf(got)
}

// keyOf makes an API key of somebody.
func (a actor) keyOf(scopes ...string) actor {
	a.r.t.Helper()
	list, _ := json.Marshal(scopes)
	key := a.ok("POST", "/api/keys", fmt.Sprintf(`{"name":"k","scopes":%s}`, list))["key"].(string)
	return actor{r: a.r, name: a.name + "'s key " + strings.Join(scopes, "+"), id: a.id, key: key}
}
