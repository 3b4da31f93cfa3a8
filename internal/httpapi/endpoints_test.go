package httpapi

import (
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

func TestModels(t *testing.T) {
	set := &fake.Set{Models: []*fake.Model{
		{About: llm.Info{Name: "m", Title: "엠", Context: 4096, Created: time.Unix(1_700_000_000, 0)}},
		{About: llm.Info{Name: "org/b", Licence: "MIT"}},
	}}
	r := serveRig(t, set, nil)
	v := r.do("GET", "/v1/models", "").decode(t)
	if at(t, v, "data", 0, "id") != "m" || at(t, v, "data", 0, "created") != 1_700_000_000.0 || at(t, v, "data", 1, "owned_by") != "malmoi" {
		t.Errorf("%v", v)
	}
	if a := r.do("GET", "/v1/models/org/b", ""); a.status != 200 || at(t, a.decode(t), "licence") != "MIT" {
		t.Errorf("a name with a slash: %d %s", a.status, a.body)
	}
	if a := r.do("GET", "/v1/models/no", ""); a.status != 404 || at(t, a.decode(t), "error", "code") != "model_not_found" {
		t.Errorf("%d %s", a.status, a.body)
	}
	v = r.do("GET", "/v1/models", "", "Anthropic-Version", "2023-06-01").decode(t)
	if at(t, v, "data", 0, "display_name") != "엠" || at(t, v, "last_id") != "org/b" || at(t, v, "data", 0, "created_at") != "2023-11-14T22:13:20Z" {
		t.Errorf("Anthropic's list: %v", v)
	}
}

func TestDefaultAndUnknownModel(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	a := r.post("/v1/chat/completions", `{"messages":[{"role":"user","content":"x"}]}`)
	if a.status != 200 || a.decode(t)["model"] != "m" {
		t.Errorf("no model named: %d %s", a.status, a.body)
	}
	for path, body := range map[string]string{
		"/v1/chat/completions": `{"model":"gpt","messages":[{"role":"user","content":"x"}]}`,
		"/v1/completions":      `{"model":"gpt","prompt":"x"}`,
		"/v1/embeddings":       `{"model":"gpt","input":"x"}`,
		"/v1/responses":        `{"model":"gpt","input":"x"}`,
		"/tokenize":            `{"model":"gpt","prompt":"x"}`,
		"/detokenize":          `{"model":"gpt","tokens":[1]}`,
	} {
		a := r.post(path, body)
		e := at(t, a.decode(t), "error")
		if a.status != 404 || at(t, e, "code") != "model_not_found" || at(t, e, "param") != "model" || !strings.Contains(a.body, `\"gpt\"`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	a = r.post("/v1/messages/count_tokens", `{"model":"gpt","messages":[{"role":"user","content":"x"}]}`)
	if a.status != 404 || at(t, a.decode(t), "error", "type") != "not_found_error" {
		t.Errorf("count_tokens: %d %s", a.status, a.body)
	}
}

func TestWrongKindOfModel(t *testing.T) {
	r := serveRig(t, &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "m"}}}}, nil)
	f := func(path, body, code string) {
		t.Helper()
		if a := r.post(path, body); a.status != 400 || at(t, a.decode(t), "error", "code") != code {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	f("/v1/chat/completions", hello+`}`, "no_chat_template")
	f("/v1/completions", `{"prompt":"x"}`, "not_a_generation_model")
	f("/v1/embeddings", `{"input":"x"}`, "not_an_embedding_model")
}

func TestTokenize(t *testing.T) {
	r := newRig(t, fake.Say(), nil)
	f := func(body, want string) {
		t.Helper()
		if a := r.post("/tokenize", body); a.status != 200 || a.body != want {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	f(`{"prompt":"aa bbb"}`, `{"count":3,"max_model_len":4096,"tokens":[1,2,3],"token_strs":null}`)
	f(`{"content":"aa","add_special_tokens":false,"return_token_strs":true}`, `{"count":1,"max_model_len":4096,"tokens":[2],"token_strs":["t2"]}`)
	f(`{"messages":[{"role":"user","content":"a b"}]}`, `{"count":3,"max_model_len":4096,"tokens":[10,1,1],"token_strs":null}`)
	for _, body := range []string{`{}`, `{"prompt":"a","messages":[]}`, `{"prompt":5}`, `{"messages":[]}`} {
		if a := r.post("/tokenize", body); a.status != 400 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	if a := r.post("/detokenize", `{"tokens":[4,5]}`); a.body != `{"prompt":"t4 t5"}` {
		t.Errorf("detokenize: %s", a.body)
	}
	for _, body := range []string{`{}`, `{"tokens":"x"}`, `{"tokens":[-1]}`, `{"tokens":[1.5]}`} {
		if a := r.post("/detokenize", body); a.status != 400 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
}

func TestInfo(t *testing.T) {
	r := newRig(t, fake.Say(), nil)
	v := r.do("GET", "/api/info", "").decode(t)
	if v["version"] != "test" || v["default_model"] != "m" || v["single_user"] != true || v["needs_key"] != false ||
		at(t, v, "models", 0, "licence") != "Apache-2.0" || at(t, v, "models", 0, "loaded") != true {
		t.Errorf("%v", v)
	}
}

func TestReady(t *testing.T) {
	r := newRig(t, fake.Say(), nil)
	if a := r.do("GET", "/readyz", ""); a.status != 200 {
		t.Errorf("with a model: %d", a.status)
	}
	empty := serveRig(t, &fake.Set{Models: []*fake.Model{{}}}, nil)
	if a := empty.do("GET", "/readyz", ""); a.status != 503 {
		t.Errorf("without a model: %d", a.status)
	}
	if a := empty.do("GET", "/healthz", ""); a.status != 200 {
		t.Errorf("alive: %d", a.status)
	}
}

func TestMetrics(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	r.post("/v1/chat/completions", hello+`}`)
	r.post("/v1/chat/completions", `{`)
	r.do("GET", "/some/secret/path", "")
	a := r.do("GET", "/metrics", "")
	for _, want := range []string{
		`malmoi_http_requests_total{route="POST /v1/chat/completions",status="200"} 1`,
		`malmoi_http_requests_total{route="POST /v1/chat/completions",status="400"} 1`,
		`malmoi_http_request_seconds_count{route="POST /v1/chat/completions"} 2`,
		`malmoi_http_requests_in_flight 1`,
		`malmoi_generations_total{model="m"} 1`,
		`malmoi_kv_pages{model="m"} 128`,
		`go_goroutines`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in\n%s", want, a.body)
		}
	}
	if strings.Contains(a.body, "secret") {
		t.Error("a client's path became a label")
	}
}

// TestManyPrompts holds that choices of many prompts keep their numbers and
// that the engine never sees more than atOnce of them.
func TestManyPrompts(t *testing.T) {
	r := newRig(t, fake.Script{}, nil)
	var mu sync.Mutex
	most := 0
	r.model.OnComplete = func(c llm.CompletionRequest) fake.Script {
		mu.Lock()
		most = max(most, r.model.Open())
		mu.Unlock()
		return fake.Script{Usage: llm.Usage{PromptTokens: 1}, Steps: []fake.Step{
			{Event: llm.Event{Choice: 1, Content: c.Prompt + "1", Finish: "stop"}, Wait: time.Millisecond},
			{Event: llm.Event{Choice: 0, Content: c.Prompt + "0", Finish: "stop"}},
		}}
	}
	prompts := make([]string, 40)
	for i := range prompts {
		prompts[i] = `"` + string(rune('가'+i)) + `"`
	}
	a := r.post("/v1/completions", `{"n":2,"prompt":[`+strings.Join(prompts, ",")+`]}`)
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	v := a.decode(t)
	for i := range 80 {
		want := string(rune('가'+i/2)) + string(rune('0'+i%2))
		if got := at(t, v, "choices", i, "text"); got != want {
			t.Errorf("choice %d: %v, want %q", i, got, want)
		}
	}
	if got := at(t, v, "usage", "prompt_tokens"); got != 40.0 {
		t.Errorf("prompt_tokens %v", got)
	}
	if most >= atOnce {
		t.Errorf("%d prompts were open beside the one that begins, limit %d", most, atOnce)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHistory(3, 1000)
	put := func(id string, size int) {
		h.put(&kept{id: id, body: make([]byte, size), turns: []chat.Message(nil)})
	}
	has := func(want string) {
		t.Helper()
		got := ""
		for _, id := range []string{"a", "b", "c", "d", "e"} {
			if _, ok := h.byID[id]; ok {
				got += id
			}
		}
		if got != want {
			t.Errorf("holds %q, want %q", got, want)
		}
	}
	put("a", 10)
	put("b", 10)
	put("c", 10)
	h.get("a", "") // used last: b is the oldest now
	put("d", 10)
	has("acd")
	put("e", 981) // too much beside c and a
	has("de")
	put("b", 1001)
	has("de")
	if h.remove("d", "other") || !h.remove("d", "") || h.remove("d", "") {
		t.Error("remove does not look at the owner, or lies")
	}
	has("e")
	if h.bytes != 981 {
		t.Errorf("%d bytes, want 981", h.bytes)
	}
}

// TestNothingIsKeptUnasked holds store:false and failed answers.
func TestNothingIsKeptUnasked(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	for _, body := range []string{`{"input":"x","store":false}`, `{"input":"x","store":true}`} {
		a := r.post("/v1/responses", body)
		id := a.decode(t)["id"].(string)
		want := map[bool]int{true: 200, false: 404}[strings.Contains(body, "true")]
		got := r.do("GET", "/v1/responses/"+id, "")
		if got.status != want || want == 200 && got.body != a.body {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
}
