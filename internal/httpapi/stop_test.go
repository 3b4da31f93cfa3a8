package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// ongoing says something and then hangs until it is cut.
var ongoing = fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "x"}}, {Hang: true}}}

// TestStopEndsStreams stops the server while answers are under way in every
// dialect: each must end with an event that says so, and none may just break.
func TestStopEndsStreams(t *testing.T) {
	f := func(path, body, last string) {
		t.Run(path, func(t *testing.T) {
			r := newRig(t, ongoing, func(o *Options) { o.DrainTimeout = 20 * time.Millisecond })
			got := make(chan answer, 1)
			go func() { got <- r.post(path, body) }()
			eventually(t, "the answer is under way", func() bool { return r.model.Open() == 1 })
			time.Sleep(20 * time.Millisecond) // the first event is on its way
			if err := r.stop(); err != nil {
				t.Errorf("Serve: %v", err)
			}
			a := <-got
			es := events(t, a.body)
			var tail []string
			for _, e := range es {
				tail = append(tail, e.name+" "+e.data)
			}
			if !strings.Contains(strings.Join(tail, "\n"), last) {
				t.Errorf("no event %q in %q", last, tail)
			}
			if strings.HasPrefix(path, "/v1/chat") && es[len(es)-1].data != "[DONE]" {
				t.Errorf("the stream does not end with [DONE]: %q", tail)
			}
		})
	}
	f("/v1/chat/completions", hello+`,"stream":true}`, `"code":"server_stopping"`)
	f("/v1/completions", `{"model":"m","prompt":["a"],"stream":true}`, `"code":"server_stopping"`)
	f("/v1/responses", `{"model":"m","input":"x","stream":true}`, "response.failed {")
	f("/v1/messages", `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"stream":true}`, `error {"type":"error"`)
}

func TestStopAnswersWaitingRequests(t *testing.T) {
	r := newRig(t, ongoing, func(o *Options) { o.DrainTimeout = 20 * time.Millisecond })
	got := make(chan answer, 1)
	go func() { got <- r.post("/v1/chat/completions", hello+`}`) }()
	eventually(t, "the answer is under way", func() bool { return r.model.Open() == 1 })
	r.stop()
	if a := <-got; a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestStopLetsAnswersFinish holds that what ends within DrainTimeout ends well,
// and that the server says meanwhile that it wants no more.
func TestStopLetsAnswersFinish(t *testing.T) {
	script := fake.Say("a", "b")
	script.Steps[1].Wait = 200 * time.Millisecond
	r := newRig(t, script, nil)
	got := make(chan answer, 1)
	go func() { got <- r.post("/v1/chat/completions", hello+`,"stream":true}`) }()
	eventually(t, "the answer is under way", func() bool { return r.model.Open() == 1 })
	if err := r.stop(); err != nil {
		t.Errorf("Serve: %v", err)
	}
	a := <-got
	if !strings.HasSuffix(a.body, "data: [DONE]\n\n") || strings.Contains(a.body, "error") || !strings.Contains(a.body, `"content":"b"`) {
		t.Errorf("the answer was cut: %q", a.body)
	}
	if _, err := http.Get(r.url + "/healthz"); err == nil {
		t.Error("the server still answers")
	}
}
