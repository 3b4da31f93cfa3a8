package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

func TestValidateRefusesWhatIsUnsafe(t *testing.T) {
	key := []string{"k-0123456789"}
	f := func(o Options, want string) {
		t.Helper()
		_, err := New(&fake.Set{}, o)
		switch {
		case want == "" && err != nil:
			t.Errorf("%+v: %v", o, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%+v: error %v, want one that says %q", o, err, want)
		}
	}
	f(Options{Listen: "127.0.0.1:8080"}, "")
	f(Options{Listen: "127.9.9.9:0"}, "")
	f(Options{Listen: "[::1]:8080"}, "")
	f(Options{Listen: "[::ffff:127.0.0.1]:8080"}, "")
	f(Options{Listen: "localhost:8080"}, "")
	f(Options{Listen: "0.0.0.0:8080"}, "no API key")
	f(Options{Listen: ":8080"}, "no API key")
	f(Options{Listen: "[::]:8080"}, "no API key")
	f(Options{Listen: "192.168.0.3:8080"}, "no API key")
	f(Options{Listen: "localhost.evil.example:8080"}, "no API key")
	f(Options{Listen: "0.0.0.0:8080", APIKeys: key}, "")
	f(Options{Listen: "0.0.0.0:8080", APIKeys: []string{""}}, "API key 1")
	f(Options{Listen: "127.0.0.1:1", APIKeys: []string{"good-key", "한글"}}, "API key 2")
	f(Options{Listen: "127.0.0.1"}, "host:port")
	f(Options{Listen: "127.0.0.1:1", AllowedHosts: []string{"a.example", ".b.example"}}, "")
	f(Options{Listen: "127.0.0.1:1", AllowedHosts: []string{"http://a.example"}}, "allowed host")
	f(Options{Listen: "127.0.0.1:1", AllowedHosts: []string{"*"}}, "allowed host")
	f(Options{Listen: "127.0.0.1:1", AllowedOrigins: []string{"https://a.example:8443"}}, "")
	f(Options{Listen: "127.0.0.1:1", AllowedOrigins: []string{"https://a.example/"}}, "allowed origin")
	f(Options{Listen: "127.0.0.1:1", AllowedOrigins: []string{"a.example"}}, "allowed origin")
	f(Options{Listen: "127.0.0.1:1", AllowedOrigins: []string{"*"}}, "any web page")
	f(Options{Listen: "127.0.0.1:1", AllowedOrigins: []string{"*"}, APIKeys: key}, "")
}

// lying is a listener that is not where the options say.
type lying struct{ net.Listener }

func (lying) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 80} }

func TestServeLooksAtTheRealAddress(t *testing.T) {
	s, err := New(&fake.Set{}, Options{Listen: "127.0.0.1:80"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), lying{}); !errors.Is(err, ErrNeedsKey) {
		t.Errorf("served on another machine's address: %v", err)
	}
}

func TestKeys(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.APIKeys = []string{"first-key", "second-key"} })
	f := func(want int, headers ...string) {
		t.Helper()
		for _, path := range []string{"/v1/models", "/metrics", "/api/info"} {
			if a := r.do("GET", path, "", headers...); a.status != want {
				t.Errorf("GET %s %v: %d, want %d", path, headers, a.status, want)
			}
		}
		if a := r.post("/v1/chat/completions", hello+`}`, headers...); a.status != want {
			t.Errorf("chat %v: %d, want %d", headers, a.status, want)
		}
		if a := r.post("/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}`, headers...); a.status != want {
			t.Errorf("messages %v: %d, want %d", headers, a.status, want)
		}
	}
	f(200, "Authorization", "Bearer first-key")
	f(200, "Authorization", "bearer second-key")
	f(200, "X-Api-Key", "second-key")
	f(200, "X-Api-Key", "first-key", "Authorization", "Bearer first-key")
	f(401)
	f(401, "Authorization", "Bearer first")
	f(401, "Authorization", "Bearer first-key2")
	f(401, "Authorization", "Bearer ")
	f(401, "Authorization", "Basic first-key")
	f(401, "Authorization", "first-key")
	f(401, "X-Api-Key", "")
	f(401, "X-Api-Key", "first-key", "Authorization", "Bearer wrong")
	f(401, "X-Api-Key", "wrong", "Authorization", "Bearer first-key")
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := r.do("GET", path, ""); a.status != 200 {
			t.Errorf("%s needs a key: %d", path, a.status)
		}
	}
	a := r.do("GET", "/v1/models", "")
	if a.header.Get("WWW-Authenticate") != "Bearer" || at(t, a.decode(t), "error", "code") != "missing_api_key" {
		t.Errorf("without a key: %v %s", a.header, a.body)
	}
}

func TestHosts(t *testing.T) {
	f := func(change func(*Options), host string, want int) {
		t.Helper()
		r := newRig(t, fake.Say("x"), change)
		if a := r.do("GET", "/v1/models", "", "Host", host); a.status != want {
			t.Errorf("Host %q: %d, want %d (%s)", host, a.status, want, a.body)
		}
	}
	f(nil, "localhost:8080", 200)
	f(nil, "LOCALHOST.", 200)
	f(nil, "malmoi.localhost", 200)
	f(nil, "127.0.0.1", 200)
	f(nil, "[::1]:99", 200)
	f(nil, "evil.example", 403)
	f(nil, "evil.example:8080", 403)
	f(nil, "localhost.evil.example", 403)
	f(nil, "127.0.0.1.evil.example", 403)
	f(nil, "10.0.0.7", 403)
	named := func(o *Options) { o.AllowedHosts = []string{"Chat.Example", ".lan.example"} }
	f(named, "chat.example:80", 200)
	f(named, "a.chat.example", 403)
	f(named, "lan.example", 200)
	f(named, "pc7.lan.example", 200)
	f(named, "evillan.example", 403)
	abroad := func(o *Options) { o.Listen = "0.0.0.0:1"; o.APIKeys = []string{"key-of-lan"} }
	f(abroad, "10.0.0.7:8080", 401) // past the gate, at the lock
	f(abroad, "evil.example", 403)
}

func TestOrigins(t *testing.T) {
	f := func(change func(*Options), method string, want int, headers ...string) {
		t.Helper()
		r := newRig(t, fake.Say("x"), change)
		path, body := "/v1/models", ""
		if method == "POST" {
			path, body = "/v1/chat/completions", hello+`}`
		}
		if a := r.do(method, path, body, headers...); a.status != want {
			t.Errorf("%s %v: %d, want %d (%s)", method, headers, a.status, want, a.body)
		}
	}
	for _, method := range []string{"GET", "POST"} {
		f(nil, method, 200)
		f(nil, method, 403, "Origin", "https://evil.example")
		f(nil, method, 403, "Origin", "null")
		f(nil, method, 403, "Origin", "http://localhost:3000") // another program's page
		f(nil, method, 200, "Origin", "http://localhost:8080", "Host", "localhost:8080", "Sec-Fetch-Site", "same-origin")
	}
	f(nil, "POST", 403, "Sec-Fetch-Site", "cross-site")
	f(nil, "POST", 403, "Sec-Fetch-Site", "same-site")
	listed := func(o *Options) { o.AllowedOrigins = []string{"https://chat.example"} }
	f(listed, "POST", 200, "Origin", "https://chat.example", "Sec-Fetch-Site", "cross-site")
	f(listed, "POST", 403, "Origin", "https://chat.example.evil.example", "Sec-Fetch-Site", "cross-site")
}

func TestCORSOnlyWhenAllowed(t *testing.T) {
	preflight := []string{"Origin", "https://chat.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type"}
	r := newRig(t, fake.Say("x"), nil)
	if a := r.do("OPTIONS", "/v1/chat/completions", "", preflight...); a.status != 403 || a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("not allowed: %d %v", a.status, a.header)
	}
	r = newRig(t, fake.Say("x"), func(o *Options) {
		o.AllowedOrigins = []string{"https://chat.example"}
		o.APIKeys = []string{"some-key"}
	})
	a := r.do("OPTIONS", "/v1/chat/completions", "", preflight...)
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://chat.example" || a.header.Get("Access-Control-Allow-Headers") != "authorization,content-type" {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	a = r.do("GET", "/v1/models", "", "Origin", "https://chat.example", "Authorization", "Bearer some-key")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://chat.example" || a.header.Get("Vary") != "Origin" {
		t.Errorf("allowed page: %d %v", a.status, a.header)
	}
	if a := r.do("GET", "/v1/models", "", "Authorization", "Bearer some-key"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("no origin, but %v", a.header)
	}
}

// A preview has no origin and no network, also when it is opened by itself.
func TestArtifactsAreLockedUp(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	a := r.do("GET", "/artifact", "")
	policy := a.header.Get("Content-Security-Policy")
	for _, rule := range []string{"sandbox allow-scripts;", "default-src 'none'", "form-action 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("policy %q lacks %q", policy, rule)
		}
	}
	if a.status != 200 || strings.Contains(policy, "allow-same-origin") || strings.Contains(policy, "http") || strings.Contains(policy, "-src 'self'") {
		t.Errorf("%d, policy %q", a.status, policy)
	}
}

// Python has no origin and no network either, and its one script is named by its hash.
func TestPythonIsLockedUp(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	a := r.do("GET", "/python", "")
	policy := a.header.Get("Content-Security-Policy")
	for _, rule := range []string{"sandbox allow-scripts;", "default-src 'none'", "connect-src 'none'", "worker-src blob:;", "form-action 'none'", "frame-ancestors 'self'"} {
		if !strings.Contains(policy, rule) {
			t.Errorf("policy %q lacks %q", policy, rule)
		}
	}
	for _, hole := range []string{"allow-same-origin", "http", "'self';", "'unsafe-inline'", "'unsafe-eval'", "data:"} {
		if strings.Contains(strings.TrimSuffix(policy, "frame-ancestors 'self'"), hole) {
			t.Errorf("policy %q has %q", policy, hole)
		}
	}
	_, script, _ := strings.Cut(a.body, "<script>")
	script, _, _ = strings.Cut(script, "</script>")
	sum := sha256.Sum256([]byte(script))
	if named := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; a.status != 200 || !strings.Contains(policy, named) {
		t.Errorf("%d: policy %q does not name the script's hash %s", a.status, policy, named)
	}
}

func TestPageIsLockedDown(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("page of " + r.URL.Path)) })
	r := newRig(t, fake.Say("x"), func(o *Options) { o.Page = page; o.APIKeys = []string{"some-key"} })
	for _, path := range []string{"/", "/assets/app.js", "/conversation/1"} {
		a := r.do("GET", path, "")
		if a.status != 200 || a.body != "page of "+path {
			t.Errorf("%s: %d %q", path, a.status, a.body)
		}
		policy := a.header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self';", "img-src 'self' data:;", "connect-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("%s: policy %q lacks %q", path, policy, rule)
			}
		}
		if strings.Contains(policy, "script-src 'self' ") || a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, a.header)
		}
	}
	if a := r.post("/", "x"); a.status != 404 {
		t.Errorf("POST /: %d", a.status)
	}
	if a := r.do("GET", "/v1/nothing", ""); a.status != 404 || at(t, a.decode(t), "error", "code") != "unknown_path" {
		t.Errorf("the page answers under /v1/: %s", a.body)
	}
}

func TestWrongMethod(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	a := r.do("GET", "/v1/chat/completions", "")
	if a.status != 405 || a.header.Get("Allow") != "POST" {
		t.Errorf("%d %q %s", a.status, a.header.Get("Allow"), a.body)
	}
	if a := r.do("PUT", "/v1/responses/x", ""); a.header.Get("Allow") != "GET, DELETE" {
		t.Errorf("%d %q", a.status, a.header.Get("Allow"))
	}
}

// TestLogsHoldNoContent looks for the words of requests and answers, for keys
// and for internal errors where they must not be.
func TestLogsHoldNoContent(t *testing.T) {
	var log lockedBuffer
	script := fake.Say("answer-canary")
	r := newRig(t, script, func(o *Options) {
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
		o.APIKeys = []string{"key-canary"}
	})
	auth := []string{"Authorization", "Bearer key-canary"}
	r.post("/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"prompt-canary"}]}`, auth...)
	r.post("/v1/chat/completions", `{"prompt-canary"`, auth...)
	r.post("/v1/chat/completions?q=prompt-canary", `{}`, "Authorization", "Bearer wrong-key-canary")
	r.do("GET", "/prompt-canary", "", auth...)
	r.stop()
	if strings.Contains(log.String(), "canary") {
		t.Errorf("the log holds content:\n%s", log.String())
	}
	if n := strings.Count(log.String(), `"msg":"request"`); n != 4 {
		t.Errorf("%d requests are logged, want 4:\n%s", n, log.String())
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// TestPanicsStayInside lets models panic in every place that calls them.
func TestPanicsStayInside(t *testing.T) {
	r := newRig(t, fake.Script{}, nil)
	r.model.OnChat = func(llm.ChatRequest) fake.Script { panic("secret-canary") }
	a := r.post("/v1/chat/completions", hello+`}`)
	if a.status != 500 || strings.Contains(a.body, "canary") {
		t.Errorf("panic in Chat: %d %s", a.status, a.body)
	}
	r.model.OnChat = func(llm.ChatRequest) fake.Script {
		return fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "x"}}, {Panic: "secret-canary"}}}
	}
	a = r.post("/v1/chat/completions", hello+`}`)
	if a.status != 500 || strings.Contains(a.body, "canary") {
		t.Errorf("panic in Next: %d %s", a.status, a.body)
	}
	a = r.post("/v1/chat/completions", hello+`,"stream":true}`)
	es := events(t, a.body)
	if len(es) < 2 || at(t, es[len(es)-2].decode(t), "error", "code") != "internal_error" || strings.Contains(a.body, "canary") {
		t.Errorf("panic in a stream: %s", a.body)
	}
	r.model.OnComplete = func(llm.CompletionRequest) fake.Script { panic("secret-canary") }
	a = r.post("/v1/completions", `{"model":"m","prompt":["a","b"]}`)
	if a.status != 500 || strings.Contains(a.body, "canary") {
		t.Errorf("panic in one of many prompts: %d %s", a.status, a.body)
	}
	if a := r.do("GET", "/healthz", ""); a.status != 200 {
		t.Errorf("the server is gone: %d", a.status)
	}
	if a := r.do("GET", "/metrics", ""); !strings.Contains(a.body, "malmoi_http_panics_total 3\n") {
		t.Errorf("panics are not counted: %s", a.body)
	}
}

// TestOwnersAreApart holds that a key cannot reach what another key stored.
func TestOwnersAreApart(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.APIKeys = []string{"key-of-kim", "key-of-lee"} })
	kim, lee := []string{"X-Api-Key", "key-of-kim"}, []string{"X-Api-Key", "key-of-lee"}
	a := r.post("/v1/responses", `{"model":"m","input":"비밀"}`, kim...)
	id, _ := a.decode(t)["id"].(string)
	if id == "" {
		t.Fatalf("no response: %s", a.body)
	}
	for _, f := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/v1/responses/" + id, "", 404},
		{"DELETE", "/v1/responses/" + id, "", 404},
		{"POST", "/v1/responses", `{"model":"m","input":"x","previous_response_id":"` + id + `"}`, 400},
	} {
		if a := r.do(f.method, f.path, f.body, lee...); a.status != f.want || strings.Contains(a.body, "비밀") {
			t.Errorf("lee: %s %s: %d %s", f.method, f.path, a.status, a.body)
		}
	}
	if a := r.do("GET", "/v1/responses/"+id, "", kim...); a.status != 200 {
		t.Errorf("kim: %d", a.status)
	}
}
