package chaos

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/store/storetest"
)

// TestThreeProcesses runs one site as three processes on one Postgres: one
// makes an answer, all three show it, the maker is killed in the middle, and
// the others keep what it said and serve on.
func TestThreeProcesses(t *testing.T) {
	database, upstream := storetest.PostgresURL(t), startFake(t)
	var procs [3]*process
	var at [3]client
	for i := range procs { // at once: one of them makes the schema
		procs[i] = start(t, "--single-user", database, t.TempDir(), upstream)
	}
	for i := range procs {
		at[i] = client{url: procs[i].address(t)}
	}
	const chat = "three-processes-chat"
	ctx := t.Context()
	if err := at[0].call(ctx, "POST", "/api/chats", map[string]any{"id": chat, "model": "fake/m"}, nil); err != nil {
		t.Fatal(err)
	}
	const n = 2000 // 20 s: it will not be finished
	answer, err := at[0].ask(ctx, chat, "three-processes-question-1", fmt.Sprintf("tokens=%d", n))
	if err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	var ends [3]message
	var errs [3]error
	var most [3]int
	enough := make(chan struct{}, 3)
	for i := range at {
		readers.Go(func() {
			told := false
			ends[i], errs[i] = at[i].follow(ctx, answer, func(text string) {
				most[i] = len(text)
				if !strings.HasPrefix(tokens(n), text) {
					t.Errorf("process %d shows %q", i, text)
				}
				if !told && len(text) > len(tokens(100)) {
					told = true
					enough <- struct{}{}
				}
			})
		})
	}
	for range 3 {
		select {
		case <-enough:
		case <-time.After(30 * time.Second):
			t.Fatal("not all processes show the answer while it is made")
		}
	}
	procs[0].kill()
	killed := time.Now()
	readers.Wait()
	t.Logf("the answer was given up %v after its maker was killed; %d bytes kept", time.Since(killed).Round(time.Millisecond), len(ends[1].Content))
	if errs[0] == nil {
		t.Error("the stream of the killed process ended well")
	}
	for _, i := range []int{1, 2} {
		if errs[i] != nil || ends[i].Status != "interrupted" || len(ends[i].Content) < most[i] || ends[i] != ends[1] {
			t.Errorf("process %d: %v, %s, %d bytes of %d that it had shown", i, errs[i], ends[i].Status, len(ends[i].Content), most[i])
		}
		if !strings.HasPrefix(tokens(n), ends[i].Content) {
			t.Errorf("process %d ends with %q", i, ends[i].Content)
		}
	}
	w := &world{t: t}
	for i, c := range at[1:] {
		id := fmt.Sprintf("three-processes-question-%d", i+2)
		answer, err := c.ask(ctx, chat, id, "tokens=5")
		if err != nil {
			t.Fatalf("process %d does not serve on: %v", i+1, err)
		}
		// Read at the other process.
		m, err := at[2-i].follow(ctx, answer, func(string) {})
		if err != nil || m.Content != tokens(5) || m.Status != "done" {
			t.Errorf("process %d: %+v, %v", i+1, m, err)
		}
	}
	a, b := w.messages(at[1], chat), w.messages(at[2], chat)
	if fmt.Sprint(a) != fmt.Sprint(b) || len(a) != 6 {
		t.Errorf("the processes differ:\n%v\n%v", a, b)
	}
}
