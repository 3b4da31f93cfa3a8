package outside

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/skill"
	"malmoi/internal/skill/fresh"
	"malmoi/internal/upstream/seal"
)

// slowTools is a tool server with a tool that ends when it is let, and one that
// answers at once. down is called when a client says goodbye.
func slowTools(t *testing.T, let <-chan struct{}, down func()) string {
	t.Helper()
	s := sdk.NewServer(&sdk.Implementation{Name: "x", Version: "1"}, nil)
	answer := func(text string) (*sdk.CallToolResult, any, error) {
		return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: text}}}, nil, nil
	}
	sdk.AddTool(s, &sdk.Tool{Name: "slow", Description: "느림"}, func(ctx context.Context, _ *sdk.CallToolRequest, _ struct{}) (*sdk.CallToolResult, any, error) {
		select {
		case <-let:
			return answer("끝")
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	})
	sdk.AddTool(s, &sdk.Tool{Name: "quick", Description: "빠름"}, func(context.Context, *sdk.CallToolRequest, struct{}) (*sdk.CallToolResult, any, error) {
		return answer("네")
	})
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return s }, nil)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		if r.Method == http.MethodDelete {
			down()
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// liveFile is a Live over a file that a test rewrites, with a clock that it moves.
type liveFile struct {
	t    *testing.T
	path string
	log  bytes.Buffer
	*Live

	mu    sync.Mutex
	clock time.Time
}

func openLive(t *testing.T, text string) *liveFile {
	f := &liveFile{t: t, path: filepath.Join(t.TempDir(), "skills.json"), clock: time.Unix(1000, 0)}
	if text != "" {
		f.write(text)
	}
	box := func() (*seal.Box, error) { return seal.OpenFile(filepath.Join(filepath.Dir(f.path), "secret.key")) }
	now := func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.clock }
	var err error
	if f.Live, err = OpenLive(f.path, box, Options{Dir: filepath.Dir(f.path), Now: now, Log: slog.New(slog.NewTextHandler(&f.log, nil))}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// write puts down another file, and lets the time pass until it is looked at.
func (f *liveFile) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	f.clock = f.clock.Add(fresh.Every)
	f.mu.Unlock()
}

func (f *liveFile) names() string { return names(f.Skills()) }

func names(set skill.Set) string {
	var out []string
	for _, x := range set {
		out = append(out, x.Name)
	}
	return strings.Join(out, " ")
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func TestLiveFollowsTheFile(t *testing.T) {
	f := openLive(t, "")
	check := func(what, want string) {
		t.Helper()
		if got := f.names(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("no file", "")
	f.write(`{"web":true}`)
	check("a file", "read_page")
	f.write(`{"web":true,"search":{"kind":"kakao","secret":"s3cret"}}`)
	check("a provider", "read_page web_search")
	if kept, _ := os.ReadFile(f.path); strings.Contains(string(kept), "s3cret") {
		t.Errorf("the secret lies open: %s", kept)
	}
	f.write(`{"web":tru`)
	check("a bad file", "read_page web_search")
	if !strings.Contains(f.log.String(), "level=ERROR") || strings.Count(f.log.String(), "is not used") != 1 {
		t.Errorf("log: %s", f.log.String())
	}
	f.names()
	f.write(`{"search":{"kind":"bing"}}`)
	check("a file that cannot be used", "read_page web_search")
	f.write(`{"web":true,"openapi":[]}`)
	check("a good one again", "read_page")
	if err := os.Remove(f.path); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	f.clock = f.clock.Add(fresh.Every)
	f.mu.Unlock()
	check("taken away", "")
}

// mcpFile offers the tools of the servers, all approved.
func mcpFile(t *testing.T, o Options, servers map[string]string) string {
	t.Helper()
	f := File{Allow: []string{"127.0.0.1"}}
	for _, name := range []string{"a", "b"} {
		if url := servers[name]; url != "" {
			f.MCP = append(f.MCP, Server{Name: name, URL: url})
		}
	}
	for i := range f.MCP {
		tools, err := Tools(t.Context(), f, f.MCP[i].Name, o)
		if err != nil {
			t.Fatal(err)
		}
		f.MCP[i].Approved = map[string]string{}
		for _, x := range tools {
			f.MCP[i].Approved[x.Name] = x.Pin
		}
	}
	path := filepath.Join(t.TempDir(), "x.json")
	if err := seal.ReplaceFile(path, f); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLiveKeepsWhatStaysAndLetsCallsEnd: a tool server whose lines did not
// change is not started anew; one that left answers the call under way, takes
// no further one, and is ended.
func TestLiveKeepsWhatStaysAndLetsCallsEnd(t *testing.T) {
	let, down := make(chan struct{}), make(chan string, 8)
	a := slowTools(t, nil, func() { down <- "a" })
	b := slowTools(t, let, func() { down <- "b" })
	both := mcpFile(t, Options{}, map[string]string{"a": a, "b": b})
	onlyA := mcpFile(t, Options{}, map[string]string{"a": a})
	for len(down) > 0 {
		<-down // of asking for the pins
	}
	f := openLive(t, both)
	eventually(t, "all tools", func() bool { return strings.Count(f.names(), "_") == 4 })
	before := f.Skills()
	kept := f.now.servers[0]
	type result struct {
		text string
		ok   bool
	}
	done := make(chan result)
	go func() {
		text, ok := before.Run(context.Background(), "b_slow", "{}")
		done <- result{text, ok}
	}()
	leaving := f.now.servers[1]
	eventually(t, "the call is under way", func() bool { leaving.mu.Lock(); defer leaving.mu.Unlock(); return leaving.calls == 1 })
	f.write(onlyA)
	if got := f.names(); got != "a_quick a_slow" && got != "a_slow a_quick" {
		t.Errorf("after the change: %s", got)
	}
	if f.now.servers[0] != kept {
		t.Error("a server that did not change was started anew")
	}
	if text, ok := f.Skills().Run(t.Context(), "a_quick", "{}"); !ok || text != "네" {
		t.Errorf("%q", text)
	}
	eventually(t, "b is marked", func() bool { leaving.mu.Lock(); defer leaving.mu.Unlock(); return leaving.gone })
	if text, ok := before.Run(t.Context(), "b_quick", "{}"); ok || !strings.Contains(text, "taken away") {
		t.Errorf("a further call: %q", text)
	}
	select {
	case who := <-down:
		t.Errorf("%s was ended below a call", who)
	default:
	}
	close(let)
	if r := <-done; !r.ok || r.text != "끝" {
		t.Errorf("the call under way: %+v", r)
	}
	if who := <-down; who != "b" {
		t.Errorf("%s was ended", who)
	}
}

// TestLiveEndsChildProcesses: the process of a command that left the file ends.
func TestLiveEndsChildProcesses(t *testing.T) {
	dir := t.TempDir()
	mark := filepath.Join(dir, "pid")
	// A server that says nothing sensible, writes down that it lives, and removes
	// that when its input ends.
	script := `echo $$ > ` + mark + `; cat > /dev/null; rm ` + mark
	f := openLive(t, `{"mcp":[{"name":"c","command":["/bin/sh","-c","`+script+`"]}]}`)
	exists := func() bool { _, err := os.Stat(mark); return err == nil }
	eventually(t, "the child runs", exists)
	f.write(`{}`)
	f.Skills()
	eventually(t, "the child has ended", func() bool { return !exists() })
}

func TestAllAndFind(t *testing.T) {
	url := slowTools(t, nil, func() {})
	path, box := write(t, mcpFile(t, Options{}, map[string]string{"a": url}))
	f, err := ReadFile(path, box)
	if err != nil {
		t.Fatal(err)
	}
	f.Web = true
	f.MCP = append(f.MCP, Server{Name: "dead", Command: []string{"/nowhere/program"}})
	set, trouble, done, err := All(t.Context(), f, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	if got := names(set); !strings.Contains(got, "read_page") || !strings.Contains(got, "a_quick") || len(trouble) != 1 || !strings.Contains(trouble[0].Error(), "dead") {
		t.Errorf("%s %v", got, trouble)
	}
	for name, want := range map[string]bool{"read_page": true, "a_quick": true, "a_none": false, "dead_x": false, "else": false} {
		x, found, trouble, done, err := Find(t.Context(), f, name, Options{})
		if err != nil || found != want || found && x.Name != name {
			t.Errorf("%s: %v %v %v", name, x.Name, found, err)
		}
		if (name == "dead_x") != (len(trouble) == 1) {
			t.Errorf("%s: %v", name, trouble)
		}
		done()
	}
}
