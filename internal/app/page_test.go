package app

import (
	"strings"
	"testing"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// running has the model run code once and echo what came out.
func running(r llm.ChatRequest) fake.Script {
	if last := r.Messages[len(r.Messages)-1]; last.Role == "tool" || len(r.Tools) == 0 {
		return fake.Say("나온 것: " + last.Content)
	}
	return fake.Script{Steps: []fake.Step{
		{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Name: "run_python", Arguments: `{"code":"print(6*7)"}`}}}, {Event: llm.Event{Finish: "tool_calls"}},
	}}
}

const plainSettings = `"default_model":"","system":"","tone":"","memory":true,"params":{},"language":"ko"`

// listed are the names of the skills that somebody may switch on, with effects.
func (a actor) listed() string {
	var names []string
	for _, x := range a.ok("GET", "/api/skills", "")["skills"].([]any) {
		one := x.(map[string]any)
		names = append(names, one["name"].(string)+":"+one["effect"].(string))
	}
	return strings.Join(names, " ")
}

func TestCodeIsSwitchedOnInTheSettings(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Skills = &posting{} })
	ann := r.setUp()
	bob := r.person(ann, "bob", "member")
	if s := ann.ok("GET", "/api/settings", ""); s["code_interpreter"] != false || ann.listed() != "post:changes" {
		t.Errorf("at first: %v, %s", s, ann.listed())
	}
	ann.ok("PUT", "/api/settings", `{`+plainSettings+`,"code_interpreter":true}`)
	if s := ann.ok("GET", "/api/settings", ""); s["code_interpreter"] != true || ann.listed() != "post:changes run_python:page" || bob.listed() != "post:changes" {
		t.Errorf("switched on: %v, %s; bob has %s", s, ann.listed(), bob.listed())
	}
	ann.ok("PUT", "/api/settings", `{`+plainSettings+`}`) // a page that does not know it
	if s := ann.ok("GET", "/api/settings", ""); s["code_interpreter"] != false || ann.listed() != "post:changes" {
		t.Errorf("left out: %v, %s", s, ann.listed())
	}
	if got := ann.do("PUT", "/api/settings", `{`+plainSettings+`,"code_interpreter":"yes"}`); got.status/100 != 4 {
		t.Errorf("a word for a switch: %d", got.status)
	}
}

func TestResultOverHTTP(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Skills = &posting{} })
	r.set.Models[0].OnChat = running
	ann := r.setUp()
	bob := r.person(ann, "bob", "member")
	ann.ok("PUT", "/api/settings", `{`+plainSettings+`,"code_interpreter":true}`)
	chat := ann.ok("POST", "/api/chats", `{"skills":"on"}`)["id"].(string)
	asked := ann.ok("POST", "/api/chats/"+chat+"/messages", `{"content":"6 곱하기 7"}`)
	id := asked["answers"].([]any)[0].(map[string]any)["id"].(string)
	states, last := ann.calls(id, func(state, call string) {
		if state == "page" {
			bringing(t, r, ann, bob, id, call)
		}
	})
	if states != " page done42\n " || !strings.Contains(last, `"state":"done"`) || !strings.Contains(last, `나온 것: 42\n`) {
		t.Errorf("states %q, last %s", states, last)
	}
}

// bringing brings a result, after all that is none.
func bringing(t *testing.T, r *rig, ann, bob actor, id, call string) {
	t.Helper()
	bring := func(a actor, body string, want int) {
		t.Helper()
		if got := a.do("POST", "/api/messages/"+id+"/result", body); got.status != want {
			t.Errorf("%s brings %.80s: %d %s, want %d", a.name, body, got.status, got.body, want)
		}
	}
	right := `{"call":"` + call + `","text":"42\n"}`
	long := func(text string) string { return `{"call":"` + call + `","text":"` + text + `"}` }
	bring(bob, right, 404)
	bring(r.nobody(), right, 401)
	bring(ann, `{"call":"other","text":"42"}`, 409)
	bring(ann, long(strings.Repeat("가", skill.MaxResult/3+1)), 400)
	bring(ann, long(strings.Repeat("x", skill.MaxResult+1)), 422)
	bring(ann, long(strings.Repeat("x", maxEscaped)), 413)
	bring(ann, long(strings.Repeat(`\u0000`, skill.MaxResult))[:100], 400) // cut off
	bring(ann, `{"call":"`+call+`"}`, 422)
	bring(ann, `{"call":"`+call+`","text":"42","failed":"no"}`, 422)
	bring(ann, right, 204)
	bring(ann, right, 409)
}

// maxEscaped is more than a result takes whose every byte is escaped.
const maxEscaped = 7 * skill.MaxResult

// Every byte of the longest result may be escaped.
func TestTheLongestResult(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Skills = &posting{} })
	ann := r.setUp()
	chat := ann.ok("POST", "/api/chats", `{}`)["id"].(string)
	asked := ann.ok("POST", "/api/chats/"+chat+"/messages", `{"content":"안녕"}`)
	id := asked["answers"].([]any)[0].(map[string]any)["id"].(string)
	body := `{"call":"none","text":"` + strings.Repeat(`\u0001`, skill.MaxResult) + `"}`
	if got := ann.do("POST", "/api/messages/"+id+"/result", body); got.status != 409 { // it was read, and nothing waits
		t.Errorf("%d %s", got.status, got.body)
	}
}
