package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// TestMask: nothing of what is hidden reaches the other server, in whatever
// part of a request it stands, and the caller's request is as it was.
func TestMask(t *testing.T) {
	hide := func(s string) string { return strings.ReplaceAll(s, "9001011234567", "*") }
	var sent []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			io.WriteString(w, `{"data":[{"id":"m"},{"id":"embed"}]}`)
			return
		}
		body, _ := io.ReadAll(r.Body)
		sent = append(sent, string(body))
		if r.URL.Path == "/v1/embeddings" {
			io.WriteString(w, `{"data":[{"index":0,"embedding":[1]}]}`)
			return
		}
		sse(w, finished, done)
	}))
	t.Cleanup(s.Close)
	c := Config{Name: "up", URLs: []string{s.URL}, Mask: true}
	if set, err := New([]Config{c}, Options{}); err == nil {
		set.Close()
		t.Error("a mask that nobody gave was taken")
	}
	set, err := New([]Config{c}, Options{Mask: hide})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	set.Refresh(t.Context())
	r := llm.ChatRequest{Messages: []chat.Message{
		{Role: "user", Content: "나는 9001011234567"},
		{Role: "assistant", Reasoning: "9001011234567", ToolCalls: []chat.ToolCall{{ID: "c", Name: "f", Arguments: `{"a":["9001011234567"],"n":9001011234567,"x":1.50}`}}},
		{Role: "tool", ToolCallID: "c", Content: "9001011234567"},
	}}
	if _, err := ask1(t, set, "up/m", r); err != nil {
		t.Fatal(err)
	}
	if r.Messages[0].Content != "나는 9001011234567" || !strings.Contains(r.Messages[1].ToolCalls[0].Arguments, "9001011234567") {
		t.Errorf("the caller's request was changed: %+v", r)
	}
	g, _, err := set.Acquire(t.Context(), "up/m")
	if err != nil {
		t.Fatal(err)
	}
	st, err := g.Complete(t.Context(), llm.CompletionRequest{Prompt: "9001011234567"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := collect(t.Context(), st); err != nil {
		t.Fatal(err)
	}
	e, _, err := set.Acquire(t.Context(), "up/embed")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Embed(t.Context(), []string{"9001011234567"}); err != nil {
		t.Fatal(err)
	}
	if len(sent) != 3 {
		t.Fatalf("%d requests", len(sent))
	}
	for _, body := range sent {
		if strings.Contains(body, "9001011234567") || !strings.Contains(body, "*") {
			t.Errorf("sent %s", body)
		}
	}
	if want := `{\"a\":[\"*\"],\"n\":\"*\",\"x\":1.50}`; !strings.Contains(sent[0], want) {
		t.Errorf("arguments in %s, want %s", sent[0], want)
	}
}
