package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

func names(list []llm.Info) string {
	out := ""
	for _, i := range list {
		out += i.Name + " "
	}
	return out
}

// TestJoin: local names win, both are listed, and failures are not covered up.
func TestJoin(t *testing.T) {
	local := &fake.Set{Models: []*fake.Model{{About: llm.Info{Name: "vec", Embedding: true}}, {About: llm.Info{Name: "both"}}}}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { sse(w, content("원격"), finished, done) })
	c := at(s)
	c.Aliases = map[string]string{"both": "m", "멀리": "m"}
	set := open(t, c)
	all := Join(local, set)
	if got := names(all.List()); got != "vec both up/embed-1 멀리 " {
		t.Errorf("list %q", got)
	}
	if d := all.Default(); d != "both" && d != "멀리" {
		t.Errorf("default %q", d)
	}
	g, release, err := all.Acquire(t.Context(), "both")
	if err != nil || g.Info().Remote {
		t.Errorf("a local name: %+v, %v", g, err)
	}
	release()
	if got, err := ask1(t, all, "멀리", question); err != nil || got.text != "원격" {
		t.Errorf("an alias: %+v, %v", got, err)
	}
	if got, err := ask1(t, all, "up/m", question); err != nil || got.text != "원격" {
		t.Errorf("a full name beside its alias: %+v, %v", got, err)
	}
	for _, name := range []string{"none", "up/none", "other/m", "up/", "/m"} {
		if _, _, err := all.Acquire(t.Context(), name); !errors.Is(err, llm.ErrUnknownModel) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := Join().Acquire(t.Context(), "x"); !errors.Is(err, llm.ErrUnknownModel) {
		t.Errorf("nothing joined: %v", err)
	}
}

// TestSlowServerDelaysNobody: making the set, listing and using another server
// wait for no answer of one that hangs.
func TestSlowServerDelaysNobody(t *testing.T) {
	slow := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hang(r) }))
	t.Cleanup(slow.Close)
	t.Cleanup(slow.CloseClientConnections)
	quick := serve(t, func(w http.ResponseWriter, r *http.Request) { sse(w, content("네"), finished, done) })
	start := time.Now()
	set, err := New([]Config{{Name: "slow", URLs: []string{slow.URL}, Timeouts: Timeouts{Probe: time.Minute}}, {Name: "quick", URLs: []string{quick.URL}}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.CloseClientConnections(); set.Close() })
	set.List()
	if got, err := ask1(t, set, "quick/m", question); err != nil || got.text != "네" {
		t.Errorf("%+v, %v", got, err)
	}
	set.List()
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestListFollows: a model that the server got since is found at once, when its
// name is asked for; only offered models are.
func TestListFollows(t *testing.T) {
	var more atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/models" {
			sse(w, content("네"), finished, done)
			return
		}
		extra := ""
		if more.Load() {
			extra = `,{"id":"new"}`
		}
		fmt.Fprintf(w, `{"data":[{"id":"m"},{"id":"hidden"}%s]}`, extra)
	}))
	t.Cleanup(s.Close)
	clock := time.Now()
	set, err := New([]Config{{Name: "up", URLs: []string{s.URL}, Only: []string{"m", "new"}}}, Options{Probe: time.Hour, Now: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	set.Refresh(t.Context())
	if got := names(set.List()); got != "up/m " {
		t.Errorf("list %q", got)
	}
	more.Store(true)
	if _, err := ask1(t, set, "up/new", question); !errors.Is(err, llm.ErrUnknownModel) {
		t.Errorf("within the freshness of the list: %v", err)
	}
	clock = clock.Add(freshness + time.Second)
	if _, err := ask1(t, set, "up/new", question); err != nil {
		t.Error(err)
	}
	if got := names(set.List()); got != "up/m up/new " {
		t.Errorf("list %q", got)
	}
	if _, err := ask1(t, set, "up/hidden", question); !errors.Is(err, llm.ErrUnknownModel) {
		t.Errorf("hidden: %v", err)
	}
}

// TestHealth: a server that goes is seen, and seen again when it is back.
func TestHealth(t *testing.T) {
	var down atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		fmt.Fprint(w, `{"data":[{"id":"m"}]}`)
	}))
	t.Cleanup(s.Close)
	set := open(t, Config{URLs: []string{s.URL}, Timeouts: short})
	f := func(answers bool) {
		t.Helper()
		set.Refresh(t.Context())
		h := set.Health()
		if r := h[0].Replicas[0]; h[0].Name != "up" || r.Answers != answers || r.Models != 1 || r.Address != s.URL+"/v1" {
			t.Errorf("health %+v", h)
		}
		if got := names(set.List()); got != "up/m " {
			t.Errorf("list %q", got)
		}
	}
	f(true)
	down.Store(true)
	f(false)
	down.Store(false)
	f(true)
}

// TestUnreachable: a server that is not there is said to be so, soon.
func TestUnreachable(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	url := gone.URL
	gone.Close()
	set := open(t, Config{URLs: []string{url}, Timeouts: short})
	_, err := ask1(t, set, "up/m", question)
	wantError(t, err, llm.ErrUnavailable, "cannot be reached")
	if list := set.List(); len(list) != 0 {
		t.Errorf("list %+v", list)
	}
}
