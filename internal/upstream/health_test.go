package upstream

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/llm"
)

// canary is a key that no error may hold.
const canary = "sk-canary-4471-do-not-show"

// replicaOf is what Health says of the only replica of the only upstream.
func replicaOf(t *testing.T, s *Set) ReplicaHealth {
	t.Helper()
	h := s.Health()
	if len(h) != 1 || len(h[0].Replicas) != 1 {
		t.Fatalf("health %+v", h)
	}
	return h[0].Replicas[0]
}

// TestHealthTellsWhy: the newest failure is there with its time, in words that
// help and without the key, even if the server repeats it.
func TestHealthTellsWhy(t *testing.T) {
	status := atomic.Int64{}
	inStream := atomic.Bool{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch code := int(status.Load()); {
		case inStream.Load():
			sse(w, content("반"), `{"error":{"message":"lost `+canary+`"}}`)
		case code != 0:
			w.WriteHeader(code)
			fmt.Fprintf(w, `{"error":{"message":"worker died, header was %s"}}`, r.Header.Get("Authorization"))
		default:
			sse(w, content("네"), finished, done)
		}
	})
	clock := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	c := at(s)
	c.Name, c.Key = "up", canary
	set, err := New([]Config{c}, Options{Probe: time.Hour, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	set.Refresh(t.Context())
	if r := replicaOf(t, set); r.Failure != "" || !r.FailedAt.IsZero() || !r.Probed.Equal(clock) || r.First != 0 {
		t.Errorf("before anything happened: %+v", r)
	}
	if _, err := ask1(t, set, "up/m", question); err != nil {
		t.Fatal(err)
	}
	if r := replicaOf(t, set); r.Failure != "" || r.First <= 0 {
		t.Errorf("after an answer: %+v", r)
	}
	clock = clock.Add(time.Minute)
	status.Store(500)
	_, err = ask1(t, set, "up/m", question)
	wantError(t, err, llm.ErrUnavailable, "worker died", "(secret)")
	if r := replicaOf(t, set); !strings.Contains(r.Failure, "worker died, header was Bearer (secret)") || !r.FailedAt.Equal(clock) {
		t.Errorf("after a failure: %+v", r)
	}
	inStream.Store(true)
	_, streamed := ask1(t, set, "up/m", question)
	wantError(t, streamed, llm.ErrUnavailable, "lost (secret)")
	if text := fmt.Sprintf("%+v %v %v", set.Health(), err, streamed); strings.Contains(text, canary) {
		t.Errorf("the key is in %s", text)
	}
	if h := set.Health()[0]; h.Requests != 3 || h.Failed != 2 || h.Models != 2 || h.Masked {
		t.Errorf("health %+v", h)
	}
}

// TestHealthOfBadRequests: what speaks of a request and not of the server is no
// failure of the server's.
func TestHealthOfBadRequests(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(400) })
	set := open(t, at(s))
	_, err := ask1(t, set, "up/m", question)
	wantError(t, err, llm.ErrBadRequest)
	if r := replicaOf(t, set); r.Failure != "" {
		t.Errorf("%+v", r)
	}
}

// TestHealthOfUnreachable: an administrator learns what the network said, and
// that the server is left alone.
func TestHealthOfUnreachable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	url := gone.URL
	gone.Close()
	set := open(t, Config{URLs: []string{url}, Timeouts: short})
	r := replicaOf(t, set)
	if r.Answers || r.Resting || !strings.Contains(r.Failure, "cannot be reached: dial tcp") || !strings.Contains(r.Failure, "refused") || r.Latency != 0 || r.Probed.IsZero() {
		t.Errorf("after a probe: %+v", r)
	}
	for range 2 { // each tries three times
		_, err := ask1(t, set, "up/m", question)
		wantError(t, err, llm.ErrUnavailable)
		if strings.Contains(err.Error(), "dial") {
			t.Errorf("a user reads an address: %v", err)
		}
	}
	if r := replicaOf(t, set); !r.Resting || r.InFlight != 0 {
		t.Errorf("after five failures: %+v", r)
	}
}
