package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// rig is a server on a real socket with one scripted model called "m".
type rig struct {
	t     *testing.T
	url   string
	model *fake.Model
	set   *fake.Set
	stop  func() error // ends Serve and returns its error
}

func newRig(t *testing.T, script fake.Script, change func(*Options)) *rig {
	t.Helper()
	m := &fake.Model{About: llm.Info{
		Name: "m", Title: "Model", Context: 4096, Chat: true, Tools: true, Loaded: true, Licence: "Apache-2.0",
		Created: time.Unix(1_700_000_000, 0),
	}}
	m.OnChat = func(llm.ChatRequest) fake.Script { return script }
	m.OnComplete = func(llm.CompletionRequest) fake.Script { return script }
	set := &fake.Set{Models: []*fake.Model{m}}
	return serveRig(t, set, change)
}

func serveRig(t *testing.T, set *fake.Set, change func(*Options)) *rig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Listen: ln.Addr().String(), Version: "test"}
	if change != nil {
		change(&o)
	}
	s, err := New(set, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	var result error
	stopped := false
	r := &rig{t: t, url: "http://" + ln.Addr().String(), set: set, model: set.Models[0]}
	r.stop = func() error {
		if !stopped {
			stopped = true
			cancel()
			result = <-served
		}
		return result
	}
	t.Cleanup(func() {
		r.stop()
		if n := set.Held(); n != 0 {
			t.Errorf("%d models are still held after the server stopped", n)
		}
		for _, m := range set.Models {
			if n := m.Open(); n != 0 {
				t.Errorf("%d streams are still open after the server stopped", n)
			}
		}
	})
	return r
}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (r *rig) do(method, path, body string, headers ...string) answer {
	r.t.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: read: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

func (r *rig) post(path, body string, headers ...string) answer {
	r.t.Helper()
	return r.do("POST", path, body, headers...)
}

// decode reads the answer's JSON into a generic tree.
func (a answer) decode(t *testing.T) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("answer is not JSON: %v\n%s", err, a.body)
	}
	return v
}

// at walks a decoded answer: names for objects, numbers for arrays.
func at(t *testing.T, v any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("%v of %v: not an object but %T", p, path, v)
			}
			v = m[p]
		case int:
			a, ok := v.([]any)
			if !ok || p >= len(a) {
				t.Fatalf("%v of %v: not an array that long: %v", p, path, v)
			}
			v = a[p]
		}
	}
	return v
}

// event is one server-sent event.
type event struct {
	name string
	data string
}

// events splits a stream's body; comments are dropped.
func events(t *testing.T, body string) []event {
	t.Helper()
	var out []event
	var e event
	lines := bufio.NewScanner(strings.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" && e != event{}:
			out = append(out, e)
			e = event{}
		case strings.HasPrefix(line, "event: "):
			e.name = strings.TrimPrefix(line, "event: ")
		case strings.HasPrefix(line, "data: "):
			if e.data != "" {
				t.Fatalf("an event with two data lines: %q", line)
			}
			e.data = strings.TrimPrefix(line, "data: ")
		case line == "" || strings.HasPrefix(line, ":"):
		default:
			t.Fatalf("odd line in stream: %q", line)
		}
	}
	if e != (event{}) {
		t.Fatalf("stream ends inside an event: %+v", e)
	}
	return out
}

func (e event) decode(t *testing.T) map[string]any {
	t.Helper()
	return answer{body: e.data}.decode(t)
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within 5 s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
