package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const foul = "이런 씨발"

// filterRig is a site whose model says what it is told to say.
func filterRig(t *testing.T, change func(*Config)) *rig {
	r := newRig(t, change)
	r.set.Models[0].OnChat = func(q llm.ChatRequest) fake.Script {
		last := q.Messages[len(q.Messages)-1].Content
		if _, say, ok := strings.Cut(last, "say:"); ok && say == "foul" {
			return fake.Say("하하 ", foul)
		}
		return fake.Say("an answer")
	}
	return r
}

func settings(profanity string) string {
	return fmt.Sprintf(`{"krw_per_hour":0,"default_quota":{},"signup":"invite","filter":{"profanity":%q,"hate":"off","sexual":"strict","judge":false}}`, profanity)
}

// An office is filtered at low until its admins say otherwise; the settings
// count at once, and are kept by a change that does not name them.
func TestFilterSettings(t *testing.T) {
	r := filterRig(t, nil)
	admin := r.setUp()
	ask := func(want string) {
		t.Helper()
		got := admin.do("POST", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"`+foul+`"}]}`)
		if !strings.Contains(got.body, want) {
			t.Errorf("%d %s, want %s", got.status, got.body, want)
		}
	}
	if got := admin.do("GET", "/api/admin/settings", ""); !strings.Contains(got.body, `"filter":{"profanity":"low","hate":"low","sexual":"low","judge":false}`) {
		t.Errorf("a new office: %s", got.body)
	}
	ask(`"code":"content_filter"`)
	admin.ok("PUT", "/api/admin/settings", settings("off"))
	ask("an answer")
	admin.ok("PUT", "/api/admin/settings", `{"krw_per_hour":5,"default_quota":{},"signup":"invite"}`)
	if got := admin.do("GET", "/api/admin/settings", ""); !strings.Contains(got.body, `"filter":{"profanity":"off","hate":"off","sexual":"strict","judge":false}`) {
		t.Errorf("kept: %s", got.body)
	}
	admin.ok("PUT", "/api/admin/settings", settings("strict"))
	ask(`"code":"content_filter"`)
	if got := admin.do("PUT", "/api/admin/settings", settings("harsh")); got.status != 422 && got.status != 400 {
		t.Errorf("an unknown level: %d %s", got.status, got.body)
	}
}

// Every way to a model goes through the filter, and says so in its own words.
func TestFilterAtEveryDoor(t *testing.T) {
	r := filterRig(t, nil)
	admin := r.setUp()
	f := func(path, body, want string) {
		t.Helper()
		for _, text := range []string{foul, "say:foul"} {
			got := admin.do("POST", path, strings.ReplaceAll(body, "TEXT", text))
			said := want
			if text == foul {
				said = "text filter"
			}
			if got.status >= 500 || !strings.Contains(got.body, said) {
				t.Errorf("%s, %q: %d %s, want %s", path, text, got.status, got.body, said)
			}
		}
	}
	turns := `"messages":[{"role":"user","content":"TEXT"}]`
	f("/v1/chat/completions", `{"model":"m",`+turns+`}`, `"finish_reason":"content_filter"`)
	f("/v1/responses", `{"model":"m","input":"TEXT"}`, `"incomplete_details":{"reason":"content_filter"}`)
	f("/v1/messages", `{"model":"m","max_tokens":50,`+turns+`}`, `"stop_reason":"refusal"`)
	f("/api/chat", `{"model":"m","stream":false,`+turns+`}`, `"done_reason":"stop"`)
	f("/v1/chat-completions/m", `{`+turns+`}`, `"stopReason":"content_filter"`)
	f("/v3/chat-completions/m", `{`+turns+`}`, `"finishReason":"content_filter"`)
	if n := r.set.Models[0].Open(); n != 0 {
		t.Errorf("%d streams go on", n)
	}
}

// In a conversation the answer says why there is none, or why it ends.
func TestFilterInConversations(t *testing.T) {
	r := filterRig(t, nil)
	admin := r.setUp()
	for _, question := range []string{foul, "say:foul"} {
		x := own(t, admin)
		admin.ok("POST", x.fill("/api/chats/{chat}/messages"), `{"content":"`+question+`","parent":""}`)
		deadline := time.Now().Add(10 * time.Second)
		for body := ""; !strings.Contains(body, `"kind":"filter"`); time.Sleep(10 * time.Millisecond) {
			if body = admin.do("GET", x.fill("/api/chats/{chat}"), "").body; time.Now().After(deadline) {
				t.Fatalf("%q: no failure of kind filter: %s", question, body)
			}
		}
	}
}

// A person alone is not filtered, and may be.
func TestFilterInPersonalMode(t *testing.T) {
	r := filterRig(t, func(c *Config) { c.Mode = Single })
	me := r.nobody()
	ask := `{"model":"m","messages":[{"role":"user","content":"` + foul + `"}]}`
	if got := me.do("POST", "/v1/chat/completions", ask); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	me.ok("PUT", "/api/admin/settings", settings("low"))
	if got := me.do("POST", "/v1/chat/completions", ask); got.status != 400 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// includeAiFilters is answered with scores of all three groups.
func TestClovaFilterScores(t *testing.T) {
	r := filterRig(t, func(c *Config) { c.Mode = Single })
	got := r.nobody().do("POST", "/v3/chat-completions/m", `{"messages":[{"role":"user","content":"say:foul"}],"includeAiFilters":true}`)
	want := `"aiFilter":[{"groupName":"curse","name":"insult","score":"0"},{"groupName":"curse","name":"discrimination","score":"2"},{"groupName":"unsafeContents","name":"sexualHarassment","score":"2"}]`
	if !strings.Contains(got.body, want) {
		t.Errorf("%s", got.body)
	}
	if got := r.nobody().do("POST", "/v3/chat-completions/m", `{"messages":[{"role":"user","content":"say:foul"}]}`); !strings.Contains(got.body, `"aiFilter":[]`) {
		t.Errorf("not asked: %s", got.body)
	}
}
