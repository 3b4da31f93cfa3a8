package app

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// keyed sends a key with every request.
type keyed string

func (k keyed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(k))
	return http.DefaultTransport.RoundTrip(r)
}

// connect is the official client, unmodified.
func connect(t *testing.T, r *rig, key string) (*sdk.ClientSession, error) {
	t.Helper()
	c := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil)
	s, err := c.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: r.url + "/mcp", HTTPClient: &http.Client{Transport: keyed(key)}, MaxRetries: -1}, nil)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

func tools(t *testing.T, s *sdk.ClientSession) string {
	t.Helper()
	var names []string
	for tool, err := range s.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, tool.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func use(t *testing.T, ctx context.Context, s *sdk.ClientSession, name string, arguments map[string]any) (string, bool) {
	t.Helper()
	res, err := s.CallTool(ctx, &sdk.CallToolParams{Name: name, Arguments: arguments})
	if err != nil {
		return err.Error(), false
	}
	var b strings.Builder
	for _, c := range res.Content {
		if x, ok := c.(*sdk.TextContent); ok {
			b.WriteString(x.Text)
		}
	}
	return b.String(), !res.IsError
}

func TestToolServer(t *testing.T) {
	r := newRig(t, func(c *Config) { c.ModelNames = map[string]string{"HCX-005": "m"} })
	admin := r.setUp()
	ann, bob := r.person(admin, "ann", "member"), r.person(admin, "bob", "member")
	own(t, ann)
	all := ann.keyOf("models", "chats").key
	for _, c := range []struct{ key, want string }{
		{all, "ask_model list_models search_chats"},
		{ann.keyOf("models").key, "ask_model list_models"},
		{ann.keyOf("chats").key, "search_chats"},
	} {
		s, err := connect(t, r, c.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := tools(t, s); got != c.want {
			t.Errorf("tools %q, want %q", got, c.want)
		}
		for name, arguments := range map[string]map[string]any{"ask_model": {"prompt": "x"}, "search_chats": {"query": "canary"}} {
			if got, ok := use(t, t.Context(), s, name, arguments); ok != strings.Contains(c.want, name) {
				t.Errorf("tools %q, %s: %v %q", c.want, name, ok, got)
			}
		}
	}
	mine, err := connect(t, r, all)
	if err != nil {
		t.Fatal(err)
	}
	f := func(s *sdk.ClientSession, name string, arguments map[string]any, ok bool, want string) {
		t.Helper()
		if got, good := use(t, t.Context(), s, name, arguments); good != ok || !strings.Contains(got, want) {
			t.Errorf("%s %v: %v %q, want %v %q", name, arguments, good, got, ok, want)
		}
	}
	f(mine, "list_models", nil, true, "m (default): Model")
	f(mine, "ask_model", map[string]any{"prompt": "안녕", "system": "짧게"}, true, "an answer")
	f(mine, "ask_model", map[string]any{"prompt": "short", "model": "m"}, true, "cut: the answer reached")
	f(mine, "ask_model", map[string]any{"prompt": "short", "model": "HCX-005"}, true, "cut: the answer reached")
	f(mine, "ask_model", map[string]any{"prompt": "x", "model": "none"}, false, "no model")
	f(mine, "ask_model", map[string]any{"prompt": " "}, false, "empty")
	f(mine, "ask_model", map[string]any{"prompt": strings.Repeat("x", 600<<10)}, false, "at most")
	f(mine, "search_chats", map[string]any{"query": "canary"}, true, secret)
	f(mine, "search_chats", map[string]any{"query": "없는말"}, true, "nothing was found")
	list := ann.do("POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, "Accept", "application/json, text/event-stream")
	if list.status != 200 || !strings.Contains(list.body, `"cacheScope":"private"`) {
		t.Errorf("a list that depends on who asks may be kept for others: %d %s", list.status, list.body)
	}
	// Nobody finds what is somebody else's, an admin neither.
	for _, other := range []actor{bob, admin} {
		s, err := connect(t, r, other.keyOf("models", "chats").key)
		if err != nil {
			t.Fatal(err)
		}
		f(s, "search_chats", map[string]any{"query": "canary"}, true, "nothing was found")
	}
	for _, key := range []string{"", "sk-malmoi-guessed"} {
		if _, err := connect(t, r, key); err == nil {
			t.Errorf("key %q came in", key)
		}
	}
	if got := ann.ok("GET", "/api/usage", ""); !strings.Contains(strings.ReplaceAll(toJSON(got), " ", ""), `"model":"m"`) {
		t.Errorf("what tools used was not counted: %v", got)
	}
}

// TestToolServerEnds: a call ends with its key, and with its client.
func TestToolServerEnds(t *testing.T) {
	r := newRig(t, nil)
	ann := r.person(r.setUp(), "ann", "member")
	made := ann.ok("POST", "/api/keys", `{"name":"k","scopes":["models"]}`)
	s, err := connect(t, r, made["key"].(string))
	if err != nil {
		t.Fatal(err)
	}
	ended := func(why string, end func(cancel func())) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		done := make(chan bool, 1)
		go func() { _, ok := use(t, ctx, s, "ask_model", map[string]any{"prompt": "hang"}); done <- ok }()
		waitFor(t, why+": the model works", func() bool { return r.set.Models[0].Open() == 1 })
		end(cancel)
		if ok := <-done; ok {
			t.Errorf("%s: the call went well", why)
		}
		waitFor(t, why+": the model stops", func() bool { return r.set.Models[0].Open() == 0 })
	}
	ended("the client goes", func(cancel func()) { cancel() })
	ended("the key is revoked", func(func()) { ann.do("DELETE", "/api/keys/"+made["id"].(string), "") })
}

func waitFor(t *testing.T, what string, good func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !good() {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
