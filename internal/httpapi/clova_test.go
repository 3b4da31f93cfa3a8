package httpapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const clovaHello = `{"messages":[{"role":"system","content":"짧게"},{"role":"user","content":"안녕"}]`

func TestClovaChatV1(t *testing.T) {
	r := newRig(t, fake.Say("안녕", "하세요"), func(o *Options) { o.Now = func() time.Time { return time.UnixMilli(1_700_000_000_000) } })
	a := r.post("/v1/chat-completions/HCX-003", clovaHello+`,"topP":0.6,"topK":10,"temperature":0.1,"repeatPenalty":10,"maxTokens":20,"stopBefore":["###"],"seed":7,"includeAiFilters":true}`)
	v := a.decode(t)
	if a.status != 200 || at(t, v, "status", "code") != "20000" || at(t, v, "result", "message", "content") != "안녕하세요" ||
		at(t, v, "result", "stopReason") != "end_token" || at(t, v, "result", "inputLength") != 7.0 || at(t, v, "result", "outputLength") != 2.0 || at(t, v, "result", "seed") != 7.0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	got := r.model.LastChat()
	if s := got.Sampling; s.TopP != 0.6 || s.TopK != 10 || s.Temperature != 0.1 || s.RepetitionPenalty != 1.2 || s.Seed != 7 || got.MaxTokens != 20 || got.Stop[0] != "###" {
		t.Errorf("the model was asked with %+v", got.Params)
	}
	if r.post("/v1/chat-completions/HCX-003", clovaHello+`}`); r.model.LastChat().MaxTokens != 100 {
		t.Errorf("maxTokens is 100 when not given, got %d", r.model.LastChat().MaxTokens)
	}
}

func TestClovaChatV3(t *testing.T) {
	script := fake.Script{Steps: []fake.Step{
		{Event: llm.Event{Reasoning: "음"}}, {Event: llm.Event{Content: "네"}},
		{Event: llm.Event{ToolCall: &llm.ToolCallDelta{ID: "c1", Name: "weather", Arguments: `{"city":`}}},
		{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Arguments: `"서울"}`}}},
		{Event: llm.Event{Finish: "tool_calls"}},
	}, Usage: llm.Usage{PromptTokens: 5, CompletionTokens: 4, ReasoningTokens: 1}}
	r := newRig(t, script, nil)
	body := `{"messages":[{"role":"user","content":[{"type":"text","text":"서울 "},{"type":"text","text":"날씨"}]},
		{"role":"assistant","content":"","toolCalls":[{"id":"c0","type":"function","function":{"name":"weather","arguments":{"city":"부산"}}}]},
		{"role":"tool","toolCallId":"c0","content":"맑음"}],
		"tools":[{"type":"function","function":{"name":"weather","description":"날씨","parameters":{"type":"object"}}}],
		"toolChoice":{"type":"function","function":{"name":"weather"}},"thinking":{"effort":"high"},"maxCompletionTokens":9000,"repetitionPenalty":1.5}`
	v := r.post("/v3/chat-completions/HCX-007", body).decode(t)
	m := at(t, v, "result", "message")
	if at(t, m, "thinkingContent") != "음" || at(t, m, "toolCalls", 0, "function", "arguments", "city") != "서울" || at(t, m, "toolCalls", 0, "id") != "c1" ||
		at(t, v, "result", "finishReason") != "tool_calls" || at(t, v, "result", "usage", "totalTokens") != 9.0 || at(t, v, "result", "usage", "completionTokensDetails", "thinkingTokens") != 1.0 {
		t.Errorf("%v", v)
	}
	got := r.model.LastChat()
	if got.Messages[0].Content != "서울 날씨" || got.Messages[1].ToolCalls[0].Arguments != `{"city":"부산"}` || got.Messages[2].ToolCallID != "c0" ||
		got.ToolChoice != (llm.ToolChoice{Mode: "function", Name: "weather"}) || got.Kwargs["reasoning_effort"] != "high" || got.MaxTokens != 9000 {
		t.Errorf("the model was asked %+v", got)
	}
	r.post("/v3/chat-completions/HCX-007", `{"messages":[{"role":"user","content":"x"}],"responseFormat":{"type":"json","schema":{"type":"object"}}}`)
	if got := r.model.LastChat(); string(got.Format.JSONSchema) != `{"type":"object"}` || got.Kwargs["thinking"] != false {
		t.Errorf("structured: %+v, %v", got.Format, got.Kwargs)
	}
}

func TestClovaStream(t *testing.T) {
	r := newRig(t, fake.Say("안", "녕"), nil)
	a := r.post("/v1/chat-completions/HCX-DASH-001", clovaHello+`,"seed":3}`, "Accept", "text/event-stream")
	want := "id: 1\nevent: token\ndata: {\"message\":{\"role\":\"assistant\",\"content\":\"안\"},\"seed\":3}\n\n" +
		"id: 2\nevent: token\ndata: {\"message\":{\"role\":\"assistant\",\"content\":\"녕\"},\"seed\":3}\n\n" +
		"id: 3\nevent: result\ndata: {\"message\":{\"role\":\"assistant\",\"content\":\"안녕\"},\"stopReason\":\"end_token\",\"inputLength\":7,\"outputLength\":2,\"seed\":3,\"aiFilter\":[]}\n\n" +
		"id: 4\nevent: signal\ndata: {\"data\":\"[DONE]\"}\n\n"
	if a.body != want {
		t.Errorf("got\n%s\nwant\n%s", a.body, want)
	}
	cut := fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "안"}}, {Err: llm.ErrBusy}}}
	r = newRig(t, cut, nil)
	a = r.post("/v3/chat-completions/HCX-005", clovaHello+`}`, "Accept", "text/event-stream")
	if !strings.Contains(a.body, "event: error\ndata: {\"status\":{\"code\":\"42901\"") {
		t.Errorf("a stream that breaks: %s", a.body)
	}
}

func TestClovaErrors(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	f := func(path, body string, status int, code string) {
		t.Helper()
		a := r.post(path, body)
		if v := a.decode(t); a.status != status || at(t, v, "status", "code") != code || at(t, v, "status", "message") == "" || v["result"] != nil {
			t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
		}
	}
	f("/v1/chat-completions/HCX-003", `{"messages":[]}`, 400, "40001")
	f("/v1/chat-completions/HCX-003", clovaHello+`,"maxToken":5}`, 400, "40002")
	f("/v1/chat-completions/HCX-003", clovaHello+`,"temperature":3}`, 400, "40001")
	f("/v1/chat-completions/no-such", clovaHello+`}`, 404, "40080")
	f("/v3/chat-completions/HCX-005", `{"messages":[{"role":"user","content":[{"type":"image_url","imageUrl":{"url":"x"}}]}]}`, 400, "40009")
	f("/v3/chat-completions/HCX-005", clovaHello+`,"toolChoice":"required"}`, 400, "40001")
	f("/v1/api-tools/embedding/bge-m3", `{"text":"x"}`, 404, "40080")
	f("/v1/api-tools/segmentation", `{"text":""}`, 400, "40004")
	f("/v1/api-tools/summarization/v2", `{"texts":["`+strings.Repeat("가", 35_001)+`"]}`, 400, "40001")
	f("/v1/api-tools/reranker", `{"query":"x","documents":[]}`, 400, "40001")
	f("/v3/nothing", `{}`, 404, "40400")
	big := newRig(t, fake.Script{Err: &llm.ContextError{Prompt: 9, Limit: 8}}, nil)
	if a := big.post("/v3/chat-completions/HCX-005", clovaHello+`}`); at(t, a.decode(t), "status", "code") != "40003" {
		t.Errorf("too long: %s", a.body)
	}
}

func TestClovaKeys(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.APIKeys = []string{"nv-secret"} })
	path := "/v3/chat-completions/HCX-005"
	if a := r.post(path, clovaHello+`}`); a.status != 401 || at(t, a.decode(t), "status", "code") != "40100" {
		t.Errorf("no key: %d %s", a.status, a.body)
	}
	for _, h := range [][2]string{{"Authorization", "Bearer nv-secret"}, {"X-NCP-CLOVASTUDIO-API-KEY", "nv-secret"}} {
		if a := r.post(path, clovaHello+`}`, h[0], h[1]); a.status != 200 {
			t.Errorf("%s: %d %s", h[0], a.status, a.body)
		}
	}
	if a := r.post(path, clovaHello+`}`, "Authorization", "Bearer nv-secret", "X-NCP-CLOVASTUDIO-API-KEY", "wrong"); a.status != 401 {
		t.Errorf("one wrong key beside a right one: %d", a.status)
	}
}

func TestClovaNames(t *testing.T) {
	set := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "first"}}, {About: llm.Info{Name: "second"}}, {About: llm.Info{Name: "vec", Embedding: true}}}}
	asked := ""
	for _, m := range set.Models {
		m.OnChat = func(llm.ChatRequest) fake.Script { asked = m.About.Name; return fake.Say("x") }
		m.OnEmbed = func(texts []string) ([][]float32, int, error) {
			asked = m.About.Name
			return make([][]float32, len(texts)), 3, nil
		}
	}
	r := serveRig(t, set, func(o *Options) { o.ModelNames = map[string]string{"HCX-007": "second"} })
	for name, want := range map[string]string{"HCX-007": "second", "HCX-005": "first", "second": "second"} {
		if a := r.post("/v3/chat-completions/"+name, clovaHello+`}`); a.status != 200 || asked != want {
			t.Errorf("%s was answered by %q: %s", name, asked, a.body)
		}
	}
	for _, path := range []string{"embedding/v2", "embedding/bge-m3", "embedding/clir-emb-dolphin", "embedding/vec"} {
		if a := r.post("/v1/api-tools/"+path, `{"text":"글"}`); a.status != 200 || asked != "vec" || at(t, a.decode(t), "result", "inputTokens") != 3.0 {
			t.Errorf("%s was answered by %q: %s", path, asked, a.body)
		}
	}
}

// The path embedding/v2 is bge-m3, which is used where it is installed.
func TestClovaEmbeddingV2(t *testing.T) {
	asked := ""
	set := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "vec", Embedding: true}}, {About: llm.Info{Name: "bge-m3", Embedding: true}}}}
	for _, m := range set.Models {
		m.OnEmbed = func(texts []string) ([][]float32, int, error) {
			asked = m.About.Name
			return make([][]float32, len(texts)), 3, nil
		}
	}
	if a := serveRig(t, set, nil).post("/v1/api-tools/embedding/v2", `{"text":"글"}`); a.status != 200 || asked != "bge-m3" {
		t.Errorf("answered by %q: %s", asked, a.body)
	}
}

func TestClovaTextTools(t *testing.T) {
	r := newRig(t, fake.Say("답입니다 [2]."), nil)
	v := r.post("/v1/api-tools/chat-tokenize/HCX-003", `{"messages":[{"role":"user","content":"한 두 세"}]}`).decode(t)
	if at(t, v, "result", "messages", 0, "count") != 3.0 {
		t.Errorf("chat-tokenize: %v", v)
	}
	v = r.post("/v1/api-tools/sliding/chat-messages/HCX-003", `{"maxTokens":100,"messages":[{"role":"system","content":"s"},{"role":"user","content":"`+strings.Repeat("긴 ", 4090)+`"},
		{"role":"assistant","content":"a"},{"role":"user","content":"u"}]}`).decode(t)
	if m := at(t, v, "result", "messages").([]any); len(m) != 2 || at(t, m, 0, "role") != "system" || at(t, m, 1, "content") != "u" {
		t.Errorf("sliding: %v", v)
	}
	v = r.post("/v1/api-tools/segmentation", `{"text":"커피 원두는 커피나무에서 자란다. 커피 원두를 볶는다. 야구 경기는 아홉 회다. 야구 경기의 투수가 던진다.","segCnt":2}`).decode(t)
	if at(t, v, "result", "topicSeg", 1, 0) != "야구 경기는 아홉 회다." || at(t, v, "result", "span", 1, 0) != 2.0 {
		t.Errorf("segmentation: %v", v)
	}
	v = r.post("/v1/api-tools/summarization/v2", `{"texts":["긴 글입니다."]}`).decode(t)
	if at(t, v, "result", "text") != "답입니다 [2]." || at(t, v, "result", "inputTokens") != 7.0 {
		t.Errorf("summarisation: %v", v)
	}
	v = r.post("/v1/api-tools/reranker", `{"query":"바다 색","documents":[{"id":"a","doc":"바다 색은 파랗다"},{"id":"b","doc":"산은 높고 바람이 분다"}]}`).decode(t)
	if at(t, v, "result", "citedDocuments", 0, "id") != "b" || len(at(t, v, "result", "citedDocuments").([]any)) != 1 || at(t, v, "result", "result") != "답입니다 [2]." {
		t.Errorf("reranker: %v", v)
	}
	v = r.post("/v1/api-tools/rag-reasoning", `{"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"search"}}]}`).decode(t)
	if at(t, v, "result", "message", "content") != "답입니다 [2]." || !strings.Contains(r.model.LastChat().Messages[0].Content, "근거") {
		t.Errorf("rag-reasoning: %v", v)
	}
	v = r.post("/v1/completions/LK-D2", `{"text":"옛날","start":":","restart":"\n","includeTokens":true}`).decode(t)
	if at(t, v, "result", "text") != "옛날:답입니다 [2].\n" {
		t.Errorf("completion: %v", v)
	}
	if v = r.post("/v1/openai/chat/completions", `{"model":"HCX-005","messages":[{"role":"user","content":"x"}]}`).decode(t); at(t, v, "choices", 0, "message", "content") != "답입니다 [2]." {
		t.Errorf("the OpenAI door: %v", v)
	}
}

func FuzzClovaRequests(f *testing.F) {
	f.Add(clovaHello + `}`)
	f.Add(`{"messages":[{"role":"tool","toolCallId":"a","content":[{"type":"text"}]}],"tools":[{"type":"function","function":{"name":"x"}}],"toolChoice":{}}`)
	f.Add(`{"text":"a. b","alpha":-100,"segCnt":1,"postProcess":true,"postProcessMinSize":1}`)
	m := &fake.Model{About: llm.Info{Name: "m", Context: 64}, OnChat: func(llm.ChatRequest) fake.Script { return fake.Say("x") }, OnComplete: func(llm.CompletionRequest) fake.Script { return fake.Say("x") }}
	s, err := New(&fake.Set{Models: []*fake.Model{m}}, Options{Listen: "127.0.0.1:0"})
	if err != nil {
		f.Fatal(err)
	}
	paths := []string{"/v1/chat-completions/HCX-003", "/v3/chat-completions/HCX-005", "/v1/completions/LK-D2", "/v1/api-tools/segmentation",
		"/v1/api-tools/summarization/v2", "/v1/api-tools/reranker", "/v1/api-tools/rag-reasoning", "/v1/api-tools/chat-tokenize/m", "/v1/api-tools/sliding/chat-messages/m"}
	f.Fuzz(func(t *testing.T, body string) {
		for _, p := range paths {
			if status := answerTo(s, p, body); status >= 500 {
				t.Errorf("%s: %d for %q", p, status, body)
			}
		}
	})
}

// answerTo is the status of the answer to a request from this machine.
func answerTo(s *Server, path, body string) int {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Host = "127.0.0.1"
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code
}

// What CLOVA Studio has and this server does not says so in CLOVA's words, and
// a client's id of a request comes back.
func TestClovaNotOffered(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) {
		o.Page = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") })
	})
	for _, path := range []string{"/tuning/v2/tasks", "/tuning/v2/tasks/some", "/v1/routers/a/versions/1/route", "/v1/skillsets/a/versions/1/final-answer"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			a := r.do(method, path, "{}")
			if a.status != 404 || !strings.Contains(a.body, `"code":"40400"`) || !strings.Contains(a.body, "not offered") {
				t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
		}
	}
	a := r.do("POST", "/v3/chat-completions/HCX-005", clovaHello+"}", "X-NCP-CLOVASTUDIO-REQUEST-ID", "my-id-1")
	if got := a.header.Get("X-NCP-CLOVASTUDIO-REQUEST-ID"); a.status != 200 || got != "my-id-1" {
		t.Errorf("%d, request id %q", a.status, got)
	}
}
