package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

// fake is an OpenAI-compatible server with one model, "m". A question that holds
// "tokens=N" is answered with N tokens at a fixed rate; every other one, such as
// for a title, with one word.
type fake struct {
	rate int
	url  string
	http *http.Server
}

func startFake(rate int) (*fake, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &fake{rate: rate, url: "http://" + ln.Addr().String()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"object":"list","data":[{"id":"m","object":"model","owned_by":"vllm","max_model_len":32768}]}`)
	})
	mux.HandleFunc("POST /v1/chat/completions", f.chat)
	f.http = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go f.http.Serve(ln)
	return f, nil
}

func (f *fake) close() { f.http.Close() }

var wanted = regexp.MustCompile(`tokens=(\d+)`)

func (f *fake) chat(w http.ResponseWriter, r *http.Request) {
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
	flush := w.(http.Flusher).Flush
	send := func(text string) {
		fmt.Fprintf(w, `data: {"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"content":"%s"}}]}`+"\n\n", text)
		flush()
	}
	if n == 0 {
		send("제목")
	}
	f.write(r.Context(), n, send)
	fmt.Fprintf(w, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\n"+
		`data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":%d}}`+"\n\ndata: [DONE]\n\n", n)
}

// write sends n tokens, each with its number and the time just before it is
// written. Streams do not beat in step: each begins at its own point of a beat.
func (f *fake) write(ctx context.Context, n int, send func(string)) {
	beat := time.Second / time.Duration(f.rate)
	next := time.Now().Add(rand.N(beat))
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for i := range n {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		send(token(i, time.Now()))
		next = next.Add(beat)
		timer.Reset(time.Until(next))
	}
}

// token is the text of the token number i: "@number:time;" in base 36, the time
// in µs since epoch. It is about as long as two Korean words.
func token(i int, at time.Time) string {
	return "@" + strconv.FormatInt(int64(i), 36) + ":" + strconv.FormatInt(at.Sub(epoch).Microseconds(), 36) + ";"
}

// epoch is what the times in tokens count from. Fake server and clients share
// this process and its monotonic clock.
var epoch = time.Now()
