package app

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"testing"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// posting is a skill that counts how often it ran.
type posting struct{ ran atomic.Int64 }

func (p *posting) Skills(context.Context, account.Principal) skill.Set {
	return skill.Set{{Name: "post", Title: "올리기", Effect: skill.Changes, Call: func(context.Context, json.RawMessage) (string, error) {
		p.ran.Add(1)
		return "올렸습니다", nil
	}}}
}

func calling(r llm.ChatRequest) fake.Script {
	if r.Messages[len(r.Messages)-1].Role == "tool" || len(r.Tools) == 0 {
		return fake.Say("끝")
	}
	return fake.Script{Steps: []fake.Step{
		{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Name: "post", Arguments: `{"text":"안녕"}`}}}, {Event: llm.Event{Finish: "tool_calls"}},
	}}
}

// calls reads an answer's stream to its end and tells each state of its one
// call. It returns all states, each with its result, and the last event.
func (a actor) calls(id string, at func(state, call string)) (states, last string) {
	call := ""
	for e := range a.listen("GET", "/api/messages/"+id+"/stream", "").events {
		last = e.data
		var d struct {
			ToolCall struct{ ID, State, Result string } `json:"tool_call"`
		}
		if e.name != "delta" || json.Unmarshal([]byte(e.data), &d) != nil || d.ToolCall.ID+d.ToolCall.State == "" {
			continue
		}
		call += d.ToolCall.ID
		states += d.ToolCall.State + d.ToolCall.Result + " "
		at(d.ToolCall.State, call)
	}
	return states, last
}

func TestConsentOverHTTP(t *testing.T) {
	box := &posting{}
	r := newRig(t, func(c *Config) { c.Skills = box })
	r.set.Models[0].OnChat = calling
	ann := r.setUp()
	bob := r.person(ann, "bob", "member")
	if list := ann.ok("GET", "/api/skills", "")["skills"].([]any); len(list) != 1 || list[0].(map[string]any)["effect"] != "changes" {
		t.Errorf("skills: %v", list)
	}
	chat := ann.ok("POST", "/api/chats", `{"skills":"on"}`)["id"].(string)
	asked := ann.ok("POST", "/api/chats/"+chat+"/messages", `{"content":"올려 줘"}`)
	id := asked["answers"].([]any)[0].(map[string]any)["id"].(string)
	states, last := ann.calls(id, func(state, call string) {
		if state != "ask" {
			return
		}
		word := func(a actor, body string, want int) {
			t.Helper()
			if got := a.do("POST", "/api/messages/"+id+"/consent", body); got.status != want {
				t.Errorf("%s says %s: %d %s", a.name, body, got.status, got.body)
			}
		}
		yes := `{"call":"` + call + `","allow":true}`
		word(bob, yes, 404)
		word(r.nobody(), yes, 401)
		word(ann, `{"call":"other","allow":true}`, 409)
		if box.ran.Load() != 0 {
			t.Fatal("it ran before the word")
		}
		word(ann, yes, 204)
		word(ann, `{"call":"`+call+`","allow":false}`, 409)
	})
	if box.ran.Load() != 1 || states != " ask running done올렸습니다 " || !strings.Contains(last, `"state":"done"`) {
		t.Errorf("ran %d times, states %q, last %s", box.ran.Load(), states, last)
	}
	var change struct{ Skills string }
	json.Unmarshal([]byte(ann.do("PATCH", "/api/chats/"+chat, `{"skills":"off"}`).body), &change)
	if bad := ann.do("PATCH", "/api/chats/"+chat, `{"skills":"maybe"}`); change.Skills != "off" || bad.status/100 != 4 {
		t.Errorf("skills off: %+v, maybe: %d", change, bad.status)
	}
	var names struct {
		SkillNames []string `json:"skill_names"`
	}
	json.Unmarshal([]byte(ann.do("PATCH", "/api/chats/"+chat, `{"skills":"on","skill_names":["gone","upload"]}`).body), &names)
	if bad := ann.do("PATCH", "/api/chats/"+chat, `{"skill_names":[""]}`); len(names.SkillNames) != 2 || bad.status/100 != 4 {
		t.Errorf("chosen skills: %+v, an empty name: %d %s", names, bad.status, bad.body)
	}
	if got := ann.do("PATCH", "/api/chats/"+chat, `{"skill_names":[]}`); got.status != 200 || strings.Contains(got.body, "skill_names") {
		t.Errorf("all skills: %d %s", got.status, got.body)
	}
	if got := ann.do("PUT", "/api/settings", `{"default_model":"","system":"","tone":"","memory":true,"params":{},"language":"","skills":"on","skill_names":["upload"]}`); got.status != 200 || !strings.Contains(got.body, `"skill_names":["upload"]`) {
		t.Errorf("settings: %d %s", got.status, got.body)
	}
}
