package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// event is one server-sent event.
type event struct{ id, name, data string }

// reader reads the events of one open stream.
type reader struct {
	t      *testing.T
	resp   *http.Response
	events chan event // closed at the end of the stream
	stop   func()
}

// listen opens a stream.
func (a actor) listen(method, path, body string, headers ...string) *reader {
	a.r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	resp, err := a.request(ctx, method, path, body, headers...)
	if err != nil {
		cancel()
		a.r.t.Fatal(err)
	}
	if resp.StatusCode != 200 {
		cancel()
		a.r.t.Fatalf("%s %s as %s: %d", method, path, a.name, resp.StatusCode)
	}
	r := &reader{t: a.r.t, resp: resp, events: make(chan event, 4096), stop: cancel}
	go r.read()
	a.r.t.Cleanup(func() { cancel(); resp.Body.Close() })
	return r
}

func (r *reader) read() {
	defer close(r.events)
	var e event
	lines := bufio.NewScanner(r.resp.Body)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e != (event{}) {
				r.events <- e
			}
			e = event{}
		}
	}
}

// next waits for an event; ok is false at the end of the stream.
func (r *reader) next() (e event, ok bool) {
	r.t.Helper()
	select {
	case e, ok = <-r.events:
		return e, ok
	case <-time.After(30 * time.Second):
		r.t.Fatal("no event within 30 s")
		return e, false
	}
}

// rest reads to the end.
func (r *reader) rest() (all []event) {
	r.t.Helper()
	for {
		e, ok := r.next()
		if !ok {
			return all
		}
		all = append(all, e)
	}
}

// until skips to the event of a name.
func (r *reader) until(name string) event {
	r.t.Helper()
	for {
		e, ok := r.next()
		if !ok {
			r.t.Fatalf("the stream ended without %q", name)
		}
		if e.name == name {
			return e
		}
	}
}

// ask begins a chat with a question and returns the chat and its answer.
func (a actor) ask(question string) (chat, answer string) {
	a.r.t.Helper()
	chat = a.ok("POST", "/api/chats", `{}`)["id"].(string)
	out := a.ok("POST", "/api/chats/"+chat+"/messages", fmt.Sprintf(`{"content":%q}`, question))
	return chat, out["answers"].([]any)[0].(map[string]any)["id"].(string)
}

// When a session, a key or a user ends, all that they opened ends at once and
// says why; what others opened goes on.
func TestTheEndOfACredentialCutsItsStreams(t *testing.T) {
	r := newRig(t, nil)
	admin := r.setUp()
	chatOf := `{"model":"m","stream":true,"messages":[{"role":"user","content":"hang"}]}`
	f := func(name string, login string, make func(person actor) actor, end func(person actor)) {
		t.Run(name, func(t *testing.T) {
			r.t = t
			person := r.person(admin, login, "member")
			bystander := actor{r: r, name: "another device", id: person.id, cookie: r.signIn(login)}
			_, mine := person.ask("hang")
			as := make(person)
			answer := as.listen("GET", "/api/messages/"+mine+"/stream", "")
			events := as.listen("GET", "/api/events", "")
			model := as.listen("POST", "/v1/chat/completions", chatOf)
			answer.until("delta")
			model.next()
			began := time.Now()
			end(person)
			if last := answer.rest(); len(last) == 0 || last[len(last)-1].name != "error" || !strings.Contains(last[len(last)-1].data, "session_ended") {
				t.Errorf("the answer's stream ends with %v", last)
			}
			if last := events.rest(); len(last) == 0 || last[len(last)-1].name != "session_ended" {
				t.Errorf("the events end with %v", last)
			}
			if last := model.rest(); len(last) < 2 || !strings.Contains(last[len(last)-2].data, "session_ended") {
				t.Errorf("the model API's stream ends with %v", last)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("the streams ended after %v", took)
			}
			if got := as.do("GET", "/api/me", ""); got.status != 401 {
				t.Errorf("the next request: %d", got.status)
			}
			if name != "user disabled" {
				if got := bystander.do("GET", "/api/me", ""); got.status != 200 && name != "sessions ended by an admin" {
					t.Errorf("another device of the user: %d", got.status)
				}
			}
		})
	}
	self := func(p actor) actor { return p }
	var key actor
	f("signed out", "out", self, func(p actor) { p.ok("DELETE", "/api/session", "") })
	f("sessions ended by an admin", "ended", self, func(p actor) { admin.ok("DELETE", "/api/admin/users/"+p.id+"/sessions", "") })
	f("user disabled", "gone", self, func(p actor) { admin.ok("PATCH", "/api/admin/users/"+p.id, `{"disabled":true}`) })
	f("key revoked", "keyed", func(p actor) actor { key = p.keyOf("chats", "models"); return key }, func(p actor) {
		var list struct{ Keys []struct{ ID string } }
		json.Unmarshal([]byte(p.do("GET", "/api/keys", "").body), &list)
		p.ok("DELETE", "/api/keys/"+list.Keys[0].ID, "")
	})
	r.t = t
}

// Two readers see the same; one who comes back gets exactly what is missing.
func TestResume(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single })
	me := r.nobody()
	_, id := me.ask("hang")
	path := "/api/messages/" + id + "/stream"
	first := me.listen("GET", path, "")
	if h := first.resp.Header; h.Get("X-Accel-Buffering") != "no" || !strings.Contains(h.Get("Cache-Control"), "no-store") {
		t.Errorf("headers %v", h)
	}
	one, _ := first.next()
	two, _ := first.next()
	if one.data != `{"content":"one"}` || two.data != `{"content":" two"}` || one.id != "1" || two.id != "2" {
		t.Fatalf("events %v %v", one, two)
	}
	later := me.listen("GET", path, "", "Last-Event-ID", one.id)
	if e, _ := later.next(); e != two {
		t.Errorf("after %s comes %v, want %v", one.id, e, two)
	}
	asked := me.listen("GET", path+"?after=1", "")
	if e, _ := asked.next(); e != two {
		t.Errorf("?after=1 gives %v", e)
	}
	ahead := me.listen("GET", path, "", "Last-Event-ID", "99")
	if e, _ := ahead.next(); e.name != "reset" || !strings.Contains(e.data, `"one two"`) || e.id != "2" {
		t.Errorf("whoever is ahead of the log gets %v", e)
	}
	for _, bad := range []string{"x", "-1", "1.5", "99999999999999999999"} {
		if got := me.do("GET", path, "", "Last-Event-ID", bad); got.status != 400 {
			t.Errorf("Last-Event-ID %q: %d", bad, got.status)
		}
	}
	me.ok("POST", "/api/messages/"+id+"/stop", "")
	var ends []string
	for _, s := range []*reader{first, later, asked, ahead} {
		ends = append(ends, s.until("done").data)
	}
	for _, e := range ends {
		if e != ends[0] || !strings.Contains(e, `"stopped"`) || !strings.Contains(e, `"one two"`) {
			t.Errorf("an end differs: %s", e)
		}
	}
	if all := me.listen("GET", path, "").rest(); len(all) != 1 || all[0].name != "done" {
		t.Errorf("a finished answer streams %v", all)
	}
}

// A reader who goes away stops nothing, and hears of life while nothing comes.
func TestReadersMayLeave(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single; c.KeepAlive = 50 * time.Millisecond })
	me := r.nobody()
	chat, id := me.ask("hang")
	s := me.listen("GET", "/api/messages/"+id+"/stream", "")
	s.until("delta")
	s.stop()
	time.Sleep(150 * time.Millisecond)
	if got := me.do("GET", "/api/chats/"+chat, ""); !strings.Contains(got.body, `"live":true`) {
		t.Errorf("the answer ended with its reader: %s", got.body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	resp, err := me.request(ctx, "GET", "/api/events", "")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	line, err := bufio.NewReader(resp.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, ":") {
		t.Errorf("no sign of life: %q %v", line, err)
	}
}

// Every tab hears what happens in another.
func TestEventsReachEveryTab(t *testing.T) {
	r := newRig(t, nil)
	admin := r.setUp()
	kim, lee := r.person(admin, "kim", "member"), r.person(admin, "lee", "member")
	tabs := []*reader{kim.listen("GET", "/api/events", ""), kim.listen("GET", "/api/events", "")}
	foreign := lee.listen("GET", "/api/events", "")
	chat, _ := kim.ask("short")
	for i, tab := range tabs {
		if e := tab.until("chat"); !strings.Contains(e.data, chat) {
			t.Errorf("tab %d hears %v", i, e)
		}
		for { // the answer begins, and ends
			if e := tab.until("message"); strings.Contains(e.data, `"length"`) {
				break
			}
		}
	}
	folder := kim.ok("POST", "/api/folders", `{"name":"f"}`)["id"].(string)
	kim.ok("DELETE", "/api/chats/"+chat, "")
	for i, tab := range tabs {
		if e := tab.until("folder"); !strings.Contains(e.data, folder) {
			t.Errorf("tab %d hears %v", i, e)
		}
		if e := tab.until("chat_deleted"); !strings.Contains(e.data, chat) {
			t.Errorf("tab %d hears %v", i, e)
		}
	}
	kim.ok("POST", "/api/import", `{"format":"malmoi.chats","version":1,"chats":[{"id":"x","title":"t","messages":[{"id":"a","role":"user","content":"x"}]}]}`)
	for _, tab := range tabs {
		tab.until("reload") // more than can be told one by one
	}
	select {
	case e := <-foreign.events:
		t.Errorf("another user hears %v", e)
	case <-time.After(50 * time.Millisecond):
	}
}

// A user has room for 64 streams, and others have theirs.
func TestStreamsAreBounded(t *testing.T) {
	r := newRig(t, nil)
	admin := r.setUp()
	kim := r.person(admin, "kim", "member")
	for range 64 {
		kim.listen("GET", "/api/events", "")
	}
	got := kim.do("GET", "/api/events", "")
	if got.status != 429 || got.code() != "rate_limited" || got.header.Get("Retry-After") == "" {
		t.Errorf("the 65th: %d %s", got.status, got.body)
	}
	admin.listen("GET", "/api/events", "")
}

// Answers under way when the site closes are marked and keep their text.
func TestCloseMarksLiveAnswers(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single })
	me := r.nobody()
	chat, id := me.ask("hang")
	s := me.listen("GET", "/api/messages/"+id+"/stream", "")
	s.until("delta")
	s.until("delta")
	if err := r.site.Close(); err != nil {
		t.Fatal(err)
	}
	s.rest() // ends
	again, err := Open(context.Background(), Config{Listen: "127.0.0.1:0", Database: r.file, Mode: Single}, r.set)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	_, list, err := again.Converse.Open(context.Background(), localPrincipal(), chat)
	if err != nil || len(list) != 2 || list[1].Status != "interrupted" || list[1].Content != "one two" {
		t.Errorf("after the restart: %+v %v", list, err)
	}
}

// A server that stops ends what has no end of its own at once, and lets go of
// the database.
func TestServeStopsWithOpenTabs(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Mode = Single })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- r.site.Serve(ctx, ln) }()
	r.url = "http://" + ln.Addr().String()
	tab := r.nobody().listen("GET", "/api/events", "")
	began := time.Now()
	cancel()
	tab.rest()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("an open tab held the server for %v", took)
	}
	again, err := Open(context.Background(), Config{Listen: "127.0.0.1:0", Database: r.file, Mode: Single}, r.set)
	if err != nil {
		t.Fatalf("the database is still held: %v", err)
	}
	again.Close()
}
