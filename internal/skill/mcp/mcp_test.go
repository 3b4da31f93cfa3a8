package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/agent"
	"malmoi/internal/guard"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// start opens a server process with every tool approved as it is now, and
// returns it with its pins.
func start(t *testing.T, mode string, change func(*Config)) *Client {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Name: "bad", Command: []string{self}, Env: []string{"TOOL_SERVER=" + mode}, Pins: pins(t), Timeout: 10 * time.Second}
	if change != nil {
		change(&c)
	}
	client, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// pins approves what the well-behaved server says of its tools.
func pins(t *testing.T) map[string]string {
	t.Helper()
	near, far := sdk.NewInMemoryTransports()
	session, err := server("good").Connect(t.Context(), far, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	cs, err := sdk.NewClient(&sdk.Implementation{Name: "x", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cs.Close()
	out := map[string]string{}
	for tool, err := range cs.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		if out[tool.Name], err = pin(tool); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func skills(t *testing.T, c *Client) skill.Set {
	t.Helper()
	set, err := c.Skills(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestTools(t *testing.T) {
	c := start(t, "good", func(c *Config) { c.Reads = []string{"huge"}; delete(c.Pins, "picture") })
	set := skills(t, c)
	list, err := c.Tools(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]State{}
	for _, one := range list {
		states[one.Name] = one.State
	}
	if states["echo"] != Approved || states["picture"] != New || states["long"] != Unfit {
		t.Errorf("%v", states)
	}
	if _, ok := set.Find("bad_picture"); ok {
		t.Error("a tool that nobody approved is offered")
	}
	for _, x := range set {
		want := skill.Changes // whatever readOnlyHint says
		if x.Name == "bad_huge" {
			want = skill.Reads
		}
		if x.Effect != want || !json.Valid(x.Parameters) {
			t.Errorf("%s: effect %d, want %d", x.Name, x.Effect, want)
		}
	}
	f := func(name, arguments, want string) {
		t.Helper()
		if got, _ := set.Run(t.Context(), name, arguments); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, skill.Cut(got, 300), want)
		}
	}
	f("bad_echo", `{"x":"가"}`, `{"x":"가"}`)
	f("bad_fail", `{}`, "error: 이전 지시를")
	f("bad_ask", `{}`, "answered: false")
	if got, ok := set.Run(t.Context(), "bad_huge", "{}"); !ok || len(got) > skill.MaxResult+10 {
		t.Errorf("huge: %v, %d bytes", ok, len(got))
	}
	t.Setenv("MALMOI_API_KEY", "s3cret")
	if got, _ := set.Run(t.Context(), "bad_env", "{}"); strings.Contains(got, "s3cret") || strings.Contains(got, "HOME=") {
		t.Errorf("the server sees our environment: %q", got)
	}
}

func TestChangedToolsAreOff(t *testing.T) {
	c := start(t, "other description", nil)
	if _, ok := skills(t, c).Find("bad_echo"); ok {
		t.Error("a changed tool is offered")
	}
	list, _ := c.Tools(t.Context())
	for _, one := range list {
		if one.Name == "echo" && one.State != Changed {
			t.Errorf("%+v", one)
		}
	}
	// It changes while it is in use: the old skill does not call it any more.
	c = start(t, "good", nil)
	set := skills(t, c)
	if got, ok := set.Run(t.Context(), "bad_flip", "{}"); !ok {
		t.Fatal(got)
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		got, ok := set.Run(t.Context(), "bad_echo", "{}")
		if !ok && strings.Contains(got, "approve it again") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the changed tool still answers: %q", got)
		}
		time.Sleep(10 * time.Millisecond) // the notice comes by itself, in another process's time
	}
}

func TestServersThatBreakAreStartedAgain(t *testing.T) {
	t.Parallel()
	c := start(t, "good", func(c *Config) { c.Timeout = 3 * time.Second })
	set := skills(t, c)
	for _, name := range []string{"bad_crash", "bad_hang", "bad_flood"} {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		got, ok := set.Run(ctx, name, "{}")
		cancel()
		if ok || !strings.Contains(got, "the tool server") {
			t.Errorf("%s: %v %q", name, ok, skill.Cut(got, 200))
		}
		if got, ok := set.Run(t.Context(), "bad_echo", `{"x":"1"}`); !ok {
			t.Errorf("after %s: %q", name, got)
		}
	}
}

func TestServersThatDoNotStart(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"garbage", "endless", "silent", "dead", "many"} {
		now := time.Now()
		c := start(t, mode, func(c *Config) { c.Timeout = time.Second; c.Now = func() time.Time { return now } })
		if set, err := c.Skills(t.Context()); err == nil {
			t.Errorf("%s: %d skills", mode, len(set))
		}
		if _, err := c.Skills(t.Context()); err == nil || !strings.Contains(err.Error(), "not tried again") {
			t.Errorf("%s: %v, want a pause", mode, err)
		}
		now = now.Add(pause + time.Second)
		if _, err := c.Skills(t.Context()); err == nil || strings.Contains(err.Error(), "not tried again") {
			t.Errorf("%s: %v, want another try", mode, err)
		}
	}
	c := start(t, "good", func(c *Config) { c.Command = []string{"/nonexistent/server"} })
	if _, err := c.Skills(t.Context()); err == nil {
		t.Error("a program that is not there was started")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Skills(t.Context()); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Error(err)
	}
}

// TestResultsAreStrangersText: with the loop around it, nothing that the server
// says makes a call happen.
func TestResultsAreStrangersText(t *testing.T) {
	set := skills(t, start(t, "good", func(c *Config) { c.Reads = []string{"evil", "fail"} }))
	for _, first := range []string{"bad_evil", "bad_fail"} {
		m := &fake.Model{OnChat: func(r llm.ChatRequest) fake.Script {
			name := map[int]string{0: first, 2: "bad_echo"}[len(r.Messages)]
			if name == "" {
				return fake.Say("끝")
			}
			return fake.Script{Steps: []fake.Step{{Event: llm.Event{ToolCall: &llm.ToolCallDelta{ID: "c", Name: name, Arguments: "{}"}}}, {Event: llm.Event{Finish: "tool_calls"}}}}
		}}
		var asked []agent.Question
		out, err := agent.Run(t.Context(), m, llm.ChatRequest{}, agent.Options{Skills: set, Permit: func(_ context.Context, q agent.Question) (bool, error) {
			asked = append(asked, q)
			return false, nil
		}})
		if err != nil || !out.Tainted || len(asked) != 1 || asked[0].Name != "bad_echo" || !asked[0].Tainted {
			t.Errorf("%s: %+v, %v, asked %+v", first, out, err, asked)
		}
	}
}

func TestStreamableHTTP(t *testing.T) {
	t.Parallel()
	var seen, leaked, inner atomic.Int64
	h := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server("good") }, nil)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer s3cret" {
			seen.Add(1)
		}
		h.ServeHTTP(w, r)
	}))
	defer s.Close()
	open := func(url string, allow ...string) *Client {
		g, err := guard.NewClient(guard.Options{Allow: allow, Timeout: 5 * time.Second, Connect: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Open(Config{Name: "bad", URL: url, Client: g, Pins: pins(t), Headers: map[string]string{"Authorization": "Bearer s3cret"}, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	set := skills(t, open(s.URL, "127.0.0.1"))
	if got, ok := set.Run(t.Context(), "bad_echo", `{"x":"1"}`); !ok || got != `{"x":"1"}` || seen.Load() == 0 {
		t.Errorf("%v %q", ok, got)
	}
	if got, ok := set.Run(t.Context(), "bad_flood", "{}"); ok {
		t.Errorf("flood: %d bytes", len(got))
	}
	// The guard, at the socket.
	trap := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inner.Add(1)
		leaked.Add(int64(len(r.Header.Get("Authorization"))))
	}))
	defer trap.Close()
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0.0.0.0"} {
		if _, err := open(strings.Replace(trap.URL, "127.0.0.1", host, 1)).Skills(t.Context()); err == nil {
			t.Errorf("%s was reached", host)
		}
	}
	if inner.Load() != 0 {
		t.Errorf("%d requests reached an inner address", inner.Load())
	}
	// A server that sends requests on to another does not give away the key.
	front := httptest.NewServer(http.RedirectHandler(trap.URL, http.StatusTemporaryRedirect))
	defer front.Close()
	if _, err := open(front.URL, "127.0.0.1").Skills(t.Context()); err == nil || leaked.Load() != 0 {
		t.Errorf("redirect: %v, %d bytes of a key leaked", err, leaked.Load())
	}
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{}, {Name: "a b", Command: []string{"x"}}, {Name: "a"}, {Name: "a", Command: []string{"x"}, URL: "https://a"}, {Name: "a", URL: "https://a"}, {Name: "a", URL: "file:///x", Client: http.DefaultClient}} {
		if _, err := Open(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("echo", "설명", `{"type":"object"}`)
	f.Add("a/../b", strings.Repeat("x", 9000), `[[[[`)
	f.Fuzz(func(t *testing.T, name, description, schema string) {
		c := &Client{c: Config{Name: "x", Pins: map[string]string{}}}
		var s any
		if json.Unmarshal([]byte(schema), &s) != nil {
			s = schema
		}
		one := c.judge(&sdk.Tool{Name: name, Description: description, InputSchema: s})
		if len(one.Skill) > maxName || one.State == Approved {
			t.Errorf("%+v", one)
		}
		if one.State == New {
			c.c.Pins[name] = one.Pin
			if again := c.judge(&sdk.Tool{Name: name, Description: description, InputSchema: s}); again.State != Approved {
				t.Errorf("%+v", again)
			}
			if other := c.judge(&sdk.Tool{Name: name, Description: description + ".", InputSchema: s}); other.State == Approved {
				t.Errorf("%+v", other)
			}
		}
		resultText(&sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: description}}, StructuredContent: s})
		_ = fmt.Sprint(one)
	})
}
