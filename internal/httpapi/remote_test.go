package httpapi

import (
	"fmt"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// late is an error that asks to be left alone.
type late struct{ error }

func (l late) Unwrap() error             { return l.error }
func (l late) RetryAfter() time.Duration { return 7 * time.Second }

// TestModelsElsewhere: what a model on another server cannot do is said, and
// when its server fails that is no error of ours.
func TestModelsElsewhere(t *testing.T) {
	m := &fake.Model{About: llm.Info{Name: "far/m", Remote: true}}
	r := serveRig(t, &fake.Set{Models: []*fake.Model{m}}, nil)
	for path, body := range map[string]string{
		"/tokenize": `{"model":"far/m","prompt":"a"}`, "/detokenize": `{"model":"far/m","tokens":[1]}`, "/v1/embeddings": `{"model":"far/m","input":[1,2]}`,
	} {
		a := r.post(path, body)
		if a.status != 400 || at(t, a.decode(t), "error", "code") != "tokens_unknown" {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	m.OnChat = func(llm.ChatRequest) fake.Script {
		return fake.Script{Err: late{fmt.Errorf("upstream far: cannot be reached: %w", llm.ErrUnavailable)}}
	}
	a := r.post("/v1/chat/completions", `{"messages":[{"role":"user","content":"a"}]}`)
	if a.status != 503 || a.header.Get("Retry-After") != "7" || at(t, a.decode(t), "error", "code") != "model_unavailable" {
		t.Errorf("unavailable: %d %v %s", a.status, a.header, a.body)
	}
	m.OnChat = func(llm.ChatRequest) fake.Script { return fake.Script{Err: late{llm.ErrBusy}} }
	if a := r.post("/v1/chat/completions", `{"messages":[{"role":"user","content":"a"}]}`); a.status != 429 || a.header.Get("Retry-After") != "7" {
		t.Errorf("busy: %d %v %s", a.status, a.header, a.body)
	}
}
