package client

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/account"
	"malmoi/internal/app"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// posting has a skill that asks first.
type posting struct{}

func (posting) Skills(context.Context, account.Principal) skill.Set {
	return skill.Set{{Name: "post", Title: "올리기", Effect: skill.Changes, Call: func(context.Context, json.RawMessage) (string, error) { return "올렸습니다", nil }}}
}

// A program answers the questions of a model, and runs what a page would.
func TestCalls(t *testing.T) {
	m := &fake.Model{About: llm.Info{Name: "m", Context: 4096, Chat: true, Loaded: true}}
	m.OnChat = func(r llm.ChatRequest) fake.Script {
		results := 0
		for _, x := range r.Messages {
			if x.Role == "tool" {
				results++
			}
		}
		next := []llm.ToolCallDelta{{Name: "post", Arguments: `{}`}, {Name: "run_python", Arguments: `{"code":"print(6*7)"}`}}
		if results == len(next) || len(r.Tools) == 0 {
			return fake.Say("끝")
		}
		return fake.Script{Steps: []fake.Step{{Event: llm.Event{ToolCall: &next[results]}}, {Event: llm.Event{Finish: "tool_calls"}}}}
	}
	s, err := app.Open(t.Context(), app.Config{Listen: "127.0.0.1:0", Database: filepath.Join(t.TempDir(), "malmoi.db"), Mode: app.Single, Version: "test", Skills: posting{}}, &fake.Set{Models: []*fake.Model{m}})
	must(t, err)
	server := httptest.NewServer(s.Server.Handler())
	t.Cleanup(func() { s.Close(); server.Close() })
	c, ctx := New(server.URL, ""), t.Context()
	must(t, c.call(ctx, "PUT", "/api/settings", json.RawMessage(`{"default_model":"","system":"","tone":"","memory":true,"params":{},"language":"ko","code_interpreter":true}`), nil))
	chat, err := c.NewChat(ctx, NewChat{Skills: "on"})
	must(t, err)
	asked, err := c.Ask(ctx, chat.ID, Question{Content: "해 줘"})
	must(t, err)
	id, ids, states := asked.Answers[0].ID, map[int]string{}, ""
	last, err := c.Follow(ctx, id, func(d Delta) error {
		x := d.ToolCall
		if x == nil {
			return nil
		}
		ids[x.Index] += x.ID
		states += x.State + " "
		switch x.State {
		case "ask":
			return c.Consent(ctx, id, ids[x.Index], true)
		case "page":
			return c.Bring(ctx, id, Result{Call: ids[x.Index], Text: "NameError: x", Failed: true})
		}
		return nil
	})
	if err != nil || strings.Join(strings.Fields(states), " ") != "ask running done page failed" || last.Content != "끝" {
		t.Fatalf("%s, %+v, %v", states, last, err)
	}
	if x := last.ToolCalls; len(x) != 2 || x[0].Title != "올리기" || x[0].Result != "올렸습니다" || x[1].State != "failed" || x[1].Result != "NameError: x" {
		t.Errorf("%+v", x)
	}
	var late *Error
	if err := c.Bring(ctx, id, Result{Call: ids[1], Text: "42"}); !errors.As(err, &late) || late.Status != 409 {
		t.Errorf("a late result: %v", err)
	}
}
