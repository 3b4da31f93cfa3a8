package httpapi

import (
	"strings"
	"testing"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// namedRig is a server of two models, the second of which has further names.
func namedRig(t *testing.T) (*rig, *string) {
	asked := new(string)
	set := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "first", Chat: true}}, {About: llm.Info{Name: "second", Chat: true, Context: 4096}}, {About: llm.Info{Name: "vec", Embedding: true}}, {About: llm.Info{Name: "vec2", Embedding: true}}}}
	for _, m := range set.Models {
		m.OnChat = func(llm.ChatRequest) fake.Script { *asked = m.About.Name; return fake.Say("x") }
		m.OnComplete = func(llm.CompletionRequest) fake.Script { *asked = m.About.Name; return fake.Say("x") }
		m.OnEmbed = func(texts []string) ([][]float32, int, error) {
			*asked = m.About.Name
			return make([][]float32, len(texts)), 3, nil
		}
	}
	return serveRig(t, set, func(o *Options) {
		o.ModelNames = map[string]string{"HCX-005": "second", "우리모델": "second", "bge-m3": "vec2", "gone": "removed"}
	}), asked
}

// A further name works at every door that takes the name of a model.
func TestNamesAtEveryDoor(t *testing.T) {
	r, asked := namedRig(t)
	f := func(want, path, body string, headers ...string) {
		t.Helper()
		*asked = ""
		if a := r.post(path, body, headers...); a.status != 200 || *asked != want {
			t.Errorf("%s %s: %d, %q answered, want %q: %s", path, body, a.status, *asked, want, a.body)
		}
	}
	const turns = `"messages":[{"role":"user","content":"x"}]`
	f("second", "/v1/chat/completions", `{"model":"HCX-005",`+turns+`}`)
	f("second", "/v1/chat/completions", `{"model":"우리모델",`+turns+`}`)
	f("second", "/v1/openai/chat/completions", `{"model":"HCX-005",`+turns+`}`)
	f("second", "/v1/completions", `{"model":"HCX-005","prompt":"x"}`)
	f("second", "/v1/responses", `{"model":"HCX-005","input":"x"}`)
	f("second", "/v1/messages", `{"model":"HCX-005","max_tokens":5,`+turns+`}`, "Anthropic-Version", "2023-06-01")
	f("second", "/api/chat", `{"model":"HCX-005","stream":false,`+turns+`}`)
	f("second", "/api/chat", `{"model":"HCX-005:latest","stream":false,`+turns+`}`)
	f("second", "/api/generate", `{"model":"HCX-005","stream":false,"prompt":"x"}`)
	f("second", "/v1/chat-completions/HCX-005", clovaHello+`}`)
	f("second", "/v3/chat-completions/HCX-005", clovaHello+`}`)
	f("second", "/v1/completions/HCX-005", `{"text":"x"}`)
	f("first", "/v3/chat-completions/HCX-DASH-002", clovaHello+`}`) // no name was given: the default stands in
	f("vec2", "/v1/embeddings", `{"model":"bge-m3","input":"x"}`)
	f("vec2", "/v1/api-tools/embedding/bge-m3", `{"text":"x"}`)
	f("vec2", "/v1/api-tools/embedding/v2", `{"text":"x"}`)
	f("vec", "/v1/api-tools/embedding/clir-emb-dolphin", `{"text":"x"}`)
	f("vec2", "/api/embed", `{"model":"bge-m3","input":"x"}`)
	f("", "/tokenize", `{"model":"HCX-005","prompt":"x"}`)
	f("", "/v1/messages/count_tokens", `{"model":"HCX-005",`+turns+`}`, "Anthropic-Version", "2023-06-01")
	f("", "/v1/api-tools/tokenize/HCX-005", `{"text":"x"}`)
	f("", "/v1/api-tools/chat-tokenize/HCX-005", `{`+turns+`}`)
	f("", "/v3/api-tools/chat-tokenize/HCX-005", `{`+turns+`}`)
	f("", "/v1/api-tools/sliding/chat-messages/HCX-005", `{`+turns+`}`)
	f("", "/api/show", `{"model":"HCX-005"}`)
	if a := r.post("/v1/chat/completions", `{"model":"gone",`+turns+`}`); a.status != 404 {
		t.Errorf("a name whose model was removed: %d %s", a.status, a.body)
	}
}

// Lists hold further names after the models; one whose model is gone is not
// listed.
func TestNamesAreListed(t *testing.T) {
	r, _ := namedRig(t)
	check := func(path, list, field string, headers ...string) {
		t.Helper()
		var names []string
		for _, m := range at(t, r.do("GET", path, "", headers...).decode(t), list).([]any) {
			names = append(names, at(t, m, field).(string))
		}
		if got := strings.Join(names, " "); got != "first second vec vec2 HCX-005 bge-m3 우리모델" {
			t.Errorf("%s: %s", path, got)
		}
	}
	check("/v1/models", "data", "id")
	check("/v1/openai/models", "data", "id")
	check("/v1/models", "data", "id", "Anthropic-Version", "2023-06-01")
	check("/api/tags", "models", "name")
	if a := r.do("GET", "/v1/models/HCX-005", ""); a.status != 200 || at(t, a.decode(t), "id") != "HCX-005" {
		t.Errorf("one by its further name: %d %s", a.status, a.body)
	}
	if a := r.do("GET", "/api/ps", ""); strings.Contains(a.body, "HCX") {
		t.Errorf("what is in memory has its own name: %s", a.body)
	}
}

// CLOVA Studio's clients wait when they read 42901 and its text, whichever
// limit was met.
func TestClovaTooManyRequests(t *testing.T) {
	const want = `{"status":{"code":"42901","message":"Too many requests - rate exceeded"},"result":null}`
	full := newRig(t, fake.Script{Err: llm.ErrBusy}, nil) // the model's queue
	for _, path := range []string{"/v1/chat-completions/HCX-003", "/v3/chat-completions/HCX-005", "/v1/completions/LK-D2", "/v1/api-tools/summarization/v2"} {
		body := clovaHello + `}`
		switch path {
		case "/v1/completions/LK-D2":
			body = `{"text":"x"}`
		case "/v1/api-tools/summarization/v2":
			body = `{"texts":["x"]}`
		}
		a := full.post(path, body)
		if a.status != 429 || strings.TrimSpace(a.body) != want || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
	if a := full.post("/v1/chat/completions", hello+`}`); a.status != 429 || !strings.Contains(a.body, "server_busy") {
		t.Errorf("others read what they know: %d %s", a.status, a.body)
	}

	r := newRig(t, ongoing, func(o *Options) { o.MaxConcurrent = 1 }) // the server's slots
	held := openStream(t, r)
	defer held.Close()
	if a := r.post("/v3/chat-completions/HCX-005", clovaHello+`}`); a.status != 429 || strings.TrimSpace(a.body) != want {
		t.Errorf("no slot: %d %s", a.status, a.body)
	}
}
