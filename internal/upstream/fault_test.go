package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/llm"
)

// hang waits until the client goes.
func hang(r *http.Request) { <-r.Context().Done() }

// cutConn closes the connection without an end of the answer.
func cutConn(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		c.Close()
	}
}

// TestFaults walks through what a server can do wrong. Text that came before
// the fault is kept, and the request is not sent again once there was some.
func TestFaults(t *testing.T) {
	rows := []struct {
		name    string
		handler http.HandlerFunc
		kind    error
		words   string
		text    string
		asked   int64
	}{
		{"slow first byte", func(w http.ResponseWriter, r *http.Request) { hang(r) },
			llm.ErrUnavailable, "no answer began for 500ms", "", 3},
		{"slow first byte after the head", func(w http.ResponseWriter, r *http.Request) { sse(w); w.(http.Flusher).Flush(); hang(r) },
			llm.ErrUnavailable, "no answer began for 500ms", "", 3},
		{"stall", func(w http.ResponseWriter, r *http.Request) { sse(w, content("가")); hang(r) },
			llm.ErrUnavailable, "nothing came for 500ms", "가", 1},
		{"cut", func(w http.ResponseWriter, r *http.Request) { sse(w, content("가")); cutConn(w) },
			llm.ErrUnavailable, "stopped in the middle", "가", 1},
		{"cut between whole events", func(w http.ResponseWriter, r *http.Request) { sse(w, content("가")) },
			llm.ErrUnavailable, "stopped in the middle", "가", 1},
		{"cut before anything", func(w http.ResponseWriter, r *http.Request) { cutConn(w) },
			llm.ErrUnavailable, "cannot be reached", "", 3},
		{"bad JSON", func(w http.ResponseWriter, r *http.Request) { sse(w, content("가"), `{"choices":[{`) },
			llm.ErrUnavailable, "not the JSON", "가", 1},
		{"a choice nobody asked for", func(w http.ResponseWriter, r *http.Request) { sse(w, `{"choices":[{"index":9,"delta":{}}]}`) },
			llm.ErrUnavailable, "choice 9", "", 3},
		{"an event without end", func(w http.ResponseWriter, r *http.Request) {
			sse(w, content("가"))
			for range 9 {
				fmt.Fprint(w, strings.Repeat("x", 1<<20))
			}
		}, llm.ErrUnavailable, "longer than", "가", 1},
		{"429", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(429)
			fmt.Fprint(w, `{"error":{"message":"slow down"}}`)
		}, llm.ErrBusy, "slow down", "", 1},
		{"500", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", 500) },
			llm.ErrUnavailable, "status 500", "", 3},
		{"503", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(503)
			fmt.Fprint(w, `{"error":"model is loading"}`)
		}, llm.ErrUnavailable, "model is loading", "", 3},
		{"400", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"object":"error","message":"top_k must be positive"}`)
		}, llm.ErrBadRequest, "top_k", "", 1},
		{"401 keeps the key to itself", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(401)
			fmt.Fprint(w, `{"error":{"message":"Incorrect API key provided: sk-canary"}}`)
		}, llm.ErrUnavailable, "check the key", "", 3},
		{"404", func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
			llm.ErrUnknownModel, "does not know", "", 1},
		{"a page", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<h1>hello</h1>")
		}, llm.ErrUnavailable, "text/html", "", 3},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
			llm.ErrUnavailable, "cannot be reached", "", 3},
		{"an error in the stream", func(w http.ResponseWriter, r *http.Request) {
			sse(w, content("가"), `{"error":{"message":"out of memory","code":500}}`)
		}, llm.ErrUnavailable, "out of memory", "가", 1},
		{"busy in the stream", func(w http.ResponseWriter, r *http.Request) {
			sse(w, `{"error":{"message":"full","code":"server_busy"}}`)
		}, llm.ErrBusy, "full", "", 1},
		{"given up", func(w http.ResponseWriter, r *http.Request) {
			sse(w, content("가"), `{"choices":[{"index":0,"delta":{},"finish_reason":"abort"}]}`)
		}, llm.ErrUnavailable, "gave", "가", 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, row.handler)
			got, err := ask1(t, open(t, at(s)), "up/m", question)
			wantError(t, err, row.kind, row.words)
			if got.text != row.text {
				t.Errorf("text %q, want %q", got.text, row.text)
			}
			if n := s.asked.Load(); n != row.asked {
				t.Errorf("asked %d times, want %d", n, row.asked)
			}
			if err != nil && (strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), s.URL)) {
				t.Errorf("error %q tells too much", err)
			}
		})
	}
}

func TestRetryAfterIsKept(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Retry-After", "7"); w.WriteHeader(429) })
	_, err := ask1(t, open(t, at(s)), "up/m", question)
	if got := llm.RetryAfter(err); got != 7*time.Second {
		t.Errorf("retry after %v; error %v", got, err)
	}
}

// TestRetryBeforeTheFirstToken: a server that fails once is asked again, and
// the answer is there once.
func TestRetryBeforeTheFirstToken(t *testing.T) {
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) == 1 {
			w.WriteHeader(503)
			return
		}
		sse(w, content("가"), content("나"), finished, counted, done)
	})
	got, err := ask1(t, open(t, at(s)), "up/m", question)
	if err != nil || got.text != "가나" || s.asked.Load() != 2 {
		t.Errorf("%q after %d requests, %v", got.text, s.asked.Load(), err)
	}
	if u := got.usage; u.PromptTokens != 11 || u.CachedTokens != 8 || u.CompletionTokens != 2 {
		t.Errorf("usage %+v", u)
	}
}

func TestAnotherReplicaAnswers(t *testing.T) {
	bad := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	busy := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(429) })
	good := serve(t, func(w http.ResponseWriter, r *http.Request) { sse(w, content("네"), finished, done) })
	set := open(t, at(bad, busy, good))
	for i := range 8 {
		ctx := llm.WithConversation(t.Context(), fmt.Sprint(i))
		g, _, err := set.Acquire(ctx, "up/m")
		if err != nil {
			t.Fatal(err)
		}
		st, err := g.Chat(ctx, question)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := collect(ctx, st); err != nil || got.text != "네" {
			t.Errorf("conversation %d: %q, %v", i, got.text, err)
		}
	}
	if good.asked.Load() != 8 {
		t.Errorf("the good one answered %d times", good.asked.Load())
	}
}

// TestSplitSyllables sends a text whose bytes are cut everywhere: between
// events, and between packets inside an event.
func TestSplitSyllables(t *testing.T) {
	text := "한글은 소리 글자 😀 입니다"
	perEvent := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for i := range len(text) {
			sse(w, content(text[i:i+1]))
		}
		sse(w, finished, done)
	})
	perPacket := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		all := "data: " + content(text) + "\n\ndata: " + finished + "\n\ndata: [DONE]\n\n"
		for i := range len(all) {
			fmt.Fprint(w, all[i:i+1])
			w.(http.Flusher).Flush()
		}
	})
	for name, s := range map[string]*server{"per event": perEvent, "per packet": perPacket} {
		got, err := ask1(t, open(t, at(s)), "up/m", question)
		if err != nil || got.text != text || got.finish != "stop" {
			t.Errorf("%s: %q %s, %v", name, got.text, got.finish, err)
		}
	}
}

// TestCallerGoes: closing the stream, or ending its context, ends the request at
// the server.
func TestCallerGoes(t *testing.T) {
	gone := make(chan struct{}, 2)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sse(w, content("가"))
		hang(r)
		gone <- struct{}{}
	})
	c := at(s)
	c.Timeouts.Idle = time.Minute
	set := open(t, c)
	for _, how := range []string{"close", "context"} {
		ctx, cancel := context.WithCancel(t.Context())
		g, _, err := set.Acquire(ctx, "up/m")
		if err != nil {
			t.Fatal(err)
		}
		st, err := g.Chat(ctx, question)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := st.Next(ctx); err != nil || e.Content != "가" {
			t.Fatalf("%+v, %v", e, err)
		}
		if how == "close" {
			st.Close()
		} else {
			cancel()
		}
		select {
		case <-gone:
		case <-time.After(5 * time.Second):
			t.Errorf("%s: the server still works", how)
		}
		if _, err := st.Next(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: Next afterwards: %v", how, err)
		}
		cancel()
	}
	if n := set.Health()[0].Replicas[0]; n.InFlight != 0 || n.Resting {
		t.Errorf("afterwards: %+v", n)
	}
}

// TestSlowReader: the server is not blamed for what the reader does not take.
func TestSlowReader(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for range 4 * eventQueue {
			sse(w, content("가"))
		}
		sse(w, finished, done)
	})
	g, _, err := open(t, at(s)).Acquire(t.Context(), "up/m")
	if err != nil {
		t.Fatal(err)
	}
	st, err := g.Chat(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * short.Idle) // the queue is full, the idle limit long over
	if got, err := collect(t.Context(), st); err != nil || len(got.text) != 4*eventQueue*len("가") {
		t.Errorf("%d bytes, %v", len(got.text), err)
	}
}

// TestSignsOfLife: comments keep a slow answer alive.
func TestSignsOfLife(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		sse(w)
		for range 5 {
			time.Sleep(short.Idle / 2)
			fmt.Fprint(w, ": waiting\n\n")
			w.(http.Flusher).Flush()
		}
		sse(w, content("가"), finished, done)
	})
	if got, err := ask1(t, open(t, at(s)), "up/m", question); err != nil || got.text != "가" {
		t.Errorf("%q, %v", got.text, err)
	}
}

func TestTotalTime(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			sse(w, content("가"))
			time.Sleep(20 * time.Millisecond)
		}
	})
	c := at(s)
	c.Timeouts.Total = 300 * time.Millisecond
	got, err := ask1(t, open(t, c), "up/m", question)
	wantError(t, err, llm.ErrUnavailable, "did not end for 300ms")
	if got.text == "" {
		t.Error("the text that came is lost")
	}
}
