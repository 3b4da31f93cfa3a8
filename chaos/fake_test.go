package chaos

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// beat is the time between two tokens of the fake model.
const beat = 10 * time.Millisecond

var wanted = regexp.MustCompile(`tokens=(\d+)`)

// startFake serves a model "m" that answers a question with "tokens=N" in it by
// N tokens, always the same ones, and every other question by one word.
func startFake(t *testing.T) (url string) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm","max_model_len":32768}]}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", answer)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func answer(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Messages []struct {
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || len(body.Messages) == 0 {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	n := 0
	if m := wanted.FindStringSubmatch(body.Messages[len(body.Messages)-1].Content); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	send := func(text string) {
		fmt.Fprintf(w, `data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}`+"\n\n", text)
		w.(http.Flusher).Flush()
	}
	if n == 0 {
		send("제목")
	}
	for i := range n {
		select {
		case <-time.After(beat):
		case <-r.Context().Done():
			return
		}
		send(token(i))
	}
	fmt.Fprintf(w, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n"+
		`data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":%d}}`+"\n\ndata: [DONE]\n\n", n)
}

func token(i int) string { return "낱말" + strconv.Itoa(i) + " " }

// tokens is the whole answer to a question for n.
func tokens(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(token(i))
	}
	return b.String()
}
