package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// server is another server whose chats are answered by a handler that the test
// writes. Its list has the models "m" and "embed-1".
type server struct {
	*httptest.Server
	asked atomic.Int64 // chats and completions
}

func serve(t *testing.T, h http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"m","owned_by":"vllm","max_model_len":4096},{"id":"embed-1","owned_by":"vllm"}]}`)
	})
	mux.HandleFunc("POST /v1/", func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		s.asked.Add(1)
		h(w, r)
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// open makes a set of one upstream "up" and waits for its lists.
func open(t *testing.T, c Config) *Set {
	t.Helper()
	c.Name = "up"
	s, err := New([]Config{c}, Options{Probe: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	s.Refresh(t.Context())
	return s
}

// short are limits that a test can wait for.
var short = Timeouts{Connect: 2 * time.Second, FirstByte: 500 * time.Millisecond, Idle: 500 * time.Millisecond, Total: 10 * time.Second, Probe: 5 * time.Second}

func at(servers ...*server) Config {
	c := Config{Timeouts: short}
	for _, s := range servers {
		c.URLs = append(c.URLs, s.URL)
	}
	return c
}

// sse writes the head of a stream and then data events, flushing each.
func sse(w http.ResponseWriter, events ...string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range events {
		fmt.Fprintf(w, "data: %s\n\n", e)
		w.(http.Flusher).Flush()
	}
}

func content(text string) string {
	return `{"choices":[{"index":0,"delta":{"content":"` + text + `"}}]}`
}

const (
	finished = `{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`
	counted  = `{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":8}}}`
	done     = `[DONE]`
)

// reply is a whole answer.
type reply struct {
	text, reasoning, finish, stop string
	calls                         []chat.ToolCall
	logProbs                      []llm.ChosenLogProb
	usage                         llm.Usage
}

var question = llm.ChatRequest{Messages: []chat.Message{{Role: "user", Content: "안녕"}}}

func ask1(t *testing.T, m llm.Models, name string, r llm.ChatRequest) (reply, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	g, release, err := m.Acquire(ctx, name)
	if err != nil {
		return reply{}, err
	}
	defer release()
	st, err := g.Chat(ctx, r)
	if err != nil {
		return reply{}, err
	}
	return collect(ctx, st)
}

func collect(ctx context.Context, st llm.Stream) (out reply, err error) {
	defer st.Close()
	for {
		e, err := st.Next(ctx)
		if errors.Is(err, io.EOF) {
			out.usage = st.Usage()
			return out, nil
		}
		if err != nil {
			out.usage = st.Usage()
			return out, err
		}
		out.text += e.Content
		out.reasoning += e.Reasoning
		out.finish += e.Finish
		out.stop += e.Stop
		out.logProbs = append(out.logProbs, e.LogProbs...)
		if d := e.ToolCall; d != nil {
			if d.Index == len(out.calls) {
				out.calls = append(out.calls, chat.ToolCall{ID: d.ID, Name: d.Name})
			}
			out.calls[d.Index].Arguments += d.Arguments
		}
	}
}

// wantError checks an error's kind and words.
func wantError(t *testing.T, err, kind error, words ...string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want one that is %v", err, kind)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q lacks %q", err, w)
		}
	}
}
