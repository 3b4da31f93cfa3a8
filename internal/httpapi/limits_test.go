package httpapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// TestHugeBody sends a message of 100 MB through a real client and one through
// a bare socket that announces it only.
func TestHugeBody(t *testing.T) {
	r := newRig(t, fake.Say("x"), nil)
	head := []byte(`{"model":"m","messages":[{"role":"user","content":"`)
	rest := io.LimitReader(endless('a'), 100<<20)
	for _, chunked := range []bool{true, false} {
		req, err := http.NewRequest("POST", r.url+"/v1/chat/completions", io.MultiReader(bytes.NewReader(head), rest))
		if err != nil {
			t.Fatal(err)
		}
		if !chunked {
			req.Body = io.NopCloser(io.LimitReader(endless('a'), 100<<20))
			req.ContentLength = 100 << 20
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatalf("chunked %v: %v", chunked, err)
		}
		b, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 413 || !strings.Contains(string(b), "request_too_large") || !strings.Contains(string(b), "33554432") {
			t.Errorf("chunked %v: %d %s", chunked, resp.StatusCode, b)
		}
	}
	c := dial(t, r)
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857600\r\nExpect: 100-continue\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 413 {
		t.Errorf("announced: %v %v", resp, err)
	}
}

// TestRefusalReachesAStubbornClient holds that a client that sends its whole
// body before it reads gets the refusal and not a broken connection.
func TestRefusalReachesAStubbornClient(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.MaxBody = 8 << 20 })
	c := dial(t, r)
	const size = 40 << 20 // more than the sockets hold
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", size)
	for chunk, sent := bytes.Repeat([]byte("a"), 1<<20), 0; sent < size; sent += len(chunk) {
		if _, err := c.Write(chunk); err != nil {
			t.Fatalf("cut after %d bytes: %v", sent, err)
		}
		time.Sleep(25 * time.Millisecond) // a network is not a loopback
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 413 {
		t.Errorf("%v %v", resp, err)
	}
}

// TestReadTimeoutEndsWithTheBody holds that generating may take longer than
// the body was allowed to.
func TestReadTimeoutEndsWithTheBody(t *testing.T) {
	script := fake.Say("x")
	script.Steps[0].Wait = 200 * time.Millisecond
	r := newRig(t, script, func(o *Options) { o.ReadTimeout = 50 * time.Millisecond })
	if a := r.post("/v1/chat/completions", hello+`}`); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func dial(t *testing.T, r *rig) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func TestSlowBodyIsCut(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.ReadTimeout = 50 * time.Millisecond })
	c := dial(t, r)
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || resp.StatusCode != 408 {
		t.Errorf("%v %v", resp, err)
	}
}

func TestFullHouse(t *testing.T) {
	r := newRig(t, fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "x"}}, {Hang: true}}}, func(o *Options) { o.MaxConcurrent = 1 })
	c := openStream(t, r)
	a := r.post("/v1/chat/completions", hello+`}`)
	if a.status != 429 || a.header.Get("Retry-After") == "" || at(t, a.decode(t), "error", "code") != "server_busy" {
		t.Errorf("second request: %d %v %s", a.status, a.header, a.body)
	}
	if a := r.do("GET", "/v1/models", ""); a.status != 200 {
		t.Errorf("a cheap question is refused too: %d", a.status)
	}
	c.Close()
	eventually(t, "the stream is closed", func() bool { return r.model.Open() == 0 })
	r.model.OnChat = func(llm.ChatRequest) fake.Script { return fake.Say("x") }
	eventually(t, "the slot is free", func() bool { return r.post("/v1/chat/completions", hello+`}`).status == 200 })
}

func TestQueueOfTheEngineIsFull(t *testing.T) {
	r := newRig(t, fake.Script{Err: fmt.Errorf("engine: %w", llm.ErrBusy)}, nil)
	for path, body := range map[string]string{
		"/v1/chat/completions": hello + `,"stream":true}`,
		"/v1/completions":      `{"model":"m","prompt":["a","b","c"],"stream":true}`,
		"/v1/responses":        `{"model":"m","input":"x","stream":true}`,
		"/v1/messages":         `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"stream":true}`,
	} {
		if a := r.post(path, body); a.status != 429 || a.header.Get("Retry-After") != "2" {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
}

// openStream starts a streamed chat on a bare socket and returns when the
// first text has come.
func openStream(t *testing.T, r *rig) net.Conn {
	t.Helper()
	c := dial(t, r)
	body := hello + `,"stream":true}`
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	lines := bufio.NewReader(c)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("no text came: %v", err)
		}
		if strings.Contains(line, `"content":"x"`) {
			return c
		}
	}
}

// TestVanishedClient cuts the connection, streaming and not, and waits for the
// generation to end.
func TestVanishedClient(t *testing.T) {
	r := newRig(t, fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "x"}}, {Hang: true}}}, nil)
	c := openStream(t, r)
	if r.model.Open() != 1 {
		t.Fatalf("%d streams open", r.model.Open())
	}
	start := time.Now()
	c.Close()
	eventually(t, "a streamed generation ends", func() bool { return r.model.Open() == 0 })
	t.Logf("cancelled after %v", time.Since(start))

	c = dial(t, r)
	body := hello + `}`
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	eventually(t, "the generation runs", func() bool { return r.model.Open() == 1 })
	c.Close()
	eventually(t, "a generation that is not streamed ends", func() bool { return r.model.Open() == 0 })
	eventually(t, "the model is released", func() bool { return r.set.Held() == 0 })
}

// TestClientThatDoesNotRead holds that a full socket frees us after the write
// timeout.
func TestClientThatDoesNotRead(t *testing.T) {
	var script fake.Script
	text := strings.Repeat("가", 20_000)
	for range 2000 { // 120 MB: more than the sockets hold
		script.Steps = append(script.Steps, fake.Step{Event: llm.Event{Content: text}})
	}
	r := newRig(t, script, func(o *Options) { o.WriteTimeout = 100 * time.Millisecond })
	c := dial(t, r)
	body := hello + `,"stream":true}`
	fmt.Fprintf(c, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	eventually(t, "the generation runs", func() bool { return r.model.Open() == 1 })
	eventually(t, "it ends although nobody reads", func() bool { return r.model.Open() == 0 })
}

// TestLongAnswersOutliveTheWriteTimeout holds that the deadline is per write.
func TestLongAnswersOutliveTheWriteTimeout(t *testing.T) {
	script := fake.Say("a", "b")
	script.Steps[0].Wait, script.Steps[1].Wait = 150*time.Millisecond, 150*time.Millisecond
	r := newRig(t, script, func(o *Options) { o.WriteTimeout = 100 * time.Millisecond })
	for range 3 { // on one connection, which must stay usable
		a := r.post("/v1/chat/completions", hello+`}`)
		if a.status != 200 || at(t, a.decode(t), "choices", 0, "message", "content") != "ab" {
			t.Fatalf("not streamed: %d %s", a.status, a.body)
		}
		if a := r.post("/v1/chat/completions", hello+`,"stream":true}`); !strings.HasSuffix(a.body, "data: [DONE]\n\n") {
			t.Fatalf("streamed: %q", a.body)
		}
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	r := newRig(t, fake.Say("x"), func(o *Options) { o.MaxConns = 2 })
	a, b := dial(t, r), dial(t, r)
	third := dial(t, r)
	fmt.Fprintf(third, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
	third.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := third.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was served")
	}
	a.Close()
	b.Close()
	third.SetReadDeadline(time.Now().Add(10 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(third), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Errorf("after the others left: %v %v", resp, err)
	}
}
