package httpapi

import (
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const hello = `{"model":"m","messages":[{"role":"user","content":"안녕"}]`

func TestChatAnswers(t *testing.T) {
	r := newRig(t, fake.Say("안녕", "하세요"), nil)
	a := r.post("/v1/chat/completions", hello+`}`)
	if a.status != 200 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	v := a.decode(t)
	if got := at(t, v, "choices", 0, "message", "content"); got != "안녕하세요" {
		t.Errorf("content %q", got)
	}
	if got := at(t, v, "choices", 0, "finish_reason"); got != "stop" {
		t.Errorf("finish_reason %v", got)
	}
	if got := at(t, v, "usage", "total_tokens"); got != 9.0 {
		t.Errorf("total_tokens %v, want 9", got)
	}
	if got := at(t, v, "usage", "prompt_tokens_details", "cached_tokens"); got != 3.0 {
		t.Errorf("cached_tokens %v, want 3", got)
	}
	if v["object"] != "chat.completion" || v["model"] != "m" || !strings.HasPrefix(v["id"].(string), "chatcmpl-") {
		t.Errorf("head: %v %v %v", v["object"], v["model"], v["id"])
	}
}

func TestChatStreams(t *testing.T) {
	r := newRig(t, fake.Say("안녕", "하세요"), nil)
	a := r.post("/v1/chat/completions", hello+`,"stream":true,"stream_options":{"include_usage":true}}`)
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Fatalf("content type %q: %s", got, a.body)
	}
	es := events(t, a.body)
	if last := es[len(es)-1].data; last != "[DONE]" {
		t.Fatalf("last event %q", last)
	}
	text, finish := "", ""
	for _, e := range es[:len(es)-1] {
		v := e.decode(t)
		if _, ok := v["usage"]; !ok {
			t.Errorf("a chunk without usage although asked for: %s", e.data)
		}
		for _, c := range v["choices"].([]any) {
			if s, ok := at(t, c, "delta", "content").(string); ok {
				text += s
			}
			if s, ok := at(t, c, "finish_reason").(string); ok {
				finish = s
			}
		}
	}
	if text != "안녕하세요" || finish != "stop" {
		t.Errorf("text %q, finish %q", text, finish)
	}
	if got := at(t, es[len(es)-2].decode(t), "usage", "completion_tokens"); got != 2.0 {
		t.Errorf("the last chunk has completion_tokens %v", got)
	}
	if got := at(t, es[0].decode(t), "choices", 0, "delta", "role"); got != "assistant" {
		t.Errorf("the first chunk has role %v", got)
	}
}

func TestStreamShowsLifeWhileWaiting(t *testing.T) {
	script := fake.Say("x")
	script.Steps[0].Wait = 150 * time.Millisecond
	r := newRig(t, script, func(o *Options) { o.KeepAlive = 20 * time.Millisecond })
	a := r.post("/v1/chat/completions", hello+`,"stream":true}`)
	if !strings.Contains(a.body, "\n: waiting\n") && !strings.HasPrefix(a.body, ": waiting\n") {
		t.Errorf("no comment while waiting: %q", a.body)
	}
	events(t, a.body)
}

func TestChatErrorsBeforeAndInsideAStream(t *testing.T) {
	full := &llm.ContextError{Prompt: 5000, Max: 10, Limit: 4096}
	r := newRig(t, fake.Script{Err: full}, nil)
	a := r.post("/v1/chat/completions", hello+`,"stream":true}`)
	if a.status != 400 || at(t, a.decode(t), "error", "code") != "context_length_exceeded" {
		t.Errorf("context error: %d %s", a.status, a.body)
	}
	for _, number := range []string{"5000", "10", "4096"} {
		if !strings.Contains(a.body, number) {
			t.Errorf("the message does not name %s: %s", number, a.body)
		}
	}

	script := fake.Script{Steps: []fake.Step{
		{Event: llm.Event{Content: "half"}}, {Err: errSecret{}},
	}}
	r = newRig(t, script, nil)
	a = r.post("/v1/chat/completions", hello+`,"stream":true}`)
	es := events(t, a.body)
	if len(es) < 3 || es[len(es)-1].data != "[DONE]" {
		t.Fatalf("want an error event and [DONE]: %q", a.body)
	}
	if got := at(t, es[len(es)-2].decode(t), "error", "type"); got != "server_error" {
		t.Errorf("error type %v", got)
	}
	if strings.Contains(a.body, "secret") {
		t.Errorf("an internal error leaked: %s", a.body)
	}
}

type errSecret struct{}

func (errSecret) Error() string { return "/data/secret/model.gguf: bad page" }
