package converse_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// code has the model run code where the question says run_python, and echo
// what came out.
func (b *toolbox) code(r llm.ChatRequest) fake.Script {
	question, last, results := "", "", 0
	for _, m := range r.Messages {
		switch m.Role {
		case "user":
			if !strings.Contains(m.Content, "broke off") {
				question = m.Content
			}
			results = 0
		case "tool":
			last = m.Content
			results++
		}
	}
	words := strings.Fields(question)
	if results >= len(words) || len(r.Tools) == 0 {
		return fake.Say("나온 것: " + last)
	}
	return fake.Script{Steps: []fake.Step{
		{Event: llm.Event{ToolCall: &llm.ToolCallDelta{ID: "same", Name: words[results], Arguments: `{"code":"print(6*7)"}`}}},
		{Event: llm.Event{Finish: "tool_calls"}},
	}}
}

// pageRig is a service whose user has switched the code interpreter on.
func pageRig(t *testing.T, db *store.DB, node string) (*rig, *toolbox) {
	t.Helper()
	b := &toolbox{}
	r := rigWith(t, db, node, &bus.Memory{}, b.code, b)
	r.must(second(r.PutSettings(t.Context(), ann, converse.Settings{CodeInterpreter: true})))
	return r, b
}

// paged waits for a call that waits for a page.
func (r *rig) paged(id string) converse.ToolCall { return r.waits(id, converse.OnPage) }

func (r *rig) result(id, call, text string) error {
	return r.Result(r.t.Context(), ann, id, call, text, false)
}

func TestThePageRunsCode(t *testing.T) {
	r, b := pageRig(t, storetest.SQLite(t), "n1")
	c := r.toolChat()
	a := r.ask(c, "", "run_python").Answers[0]
	call := r.paged(a.ID)
	if call.Name != "run_python" || call.Title != skill.RunPython.Title {
		t.Errorf("%+v", call)
	}
	for name, f := range map[string]struct{ got, want error }{
		"somebody else's":   {r.Result(t.Context(), bob, a.ID, call.ID, "1", false), converse.ErrNotFound},
		"a reader's":        {r.Result(t.Context(), reader, a.ID, call.ID, "1", false), converse.ErrReader},
		"for another call":  {r.result(a.ID, "other", "1"), converse.ErrConflict},
		"for no answer":     {r.result("nothing", call.ID, "1"), converse.ErrNotFound},
		"a word, no result": {r.Consent(t.Context(), ann, a.ID, call.ID, true), converse.ErrConflict},
	} {
		if !errors.Is(f.got, f.want) {
			t.Errorf("%s: %v, want %v", name, f.got, f.want)
		}
	}
	var bad *converse.InvalidError
	if err := r.result(a.ID, call.ID, strings.Repeat("x", skill.MaxResult+1)); !errors.As(err, &bad) || bad.Field != "text" {
		t.Errorf("a result that is too long: %v", err)
	}
	r.must(r.result(a.ID, call.ID, "42\x00\n"))
	if err := r.result(a.ID, call.ID, "43"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a second result: %v", err)
	}
	last := r.watch(a.ID, 0).last
	want := converse.ToolCall{ID: call.ID, Name: "run_python", Title: skill.RunPython.Title, Arguments: `{"code":"print(6*7)"}`, Result: "42\n", State: converse.Ran}
	if len(last.ToolCalls) != 1 || last.ToolCalls[0] != want || last.Content != "나온 것: 42\n" || b.made() != "" {
		t.Errorf("%+v, made %q", last, b.made())
	}
	if kept := r.message(a.ID); len(kept.ToolCalls) != 1 || kept.ToolCalls[0] != want {
		t.Errorf("kept as %+v", kept.ToolCalls)
	}
	if err := r.result(a.ID, call.ID, "43"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a result when all is over: %v", err)
	}
}

// Calls wait one after another, and each has its own result, though the model
// gave all the same id. What failed is told as the page says it, and nothing as
// nothing.
func TestEveryCallHasItsResult(t *testing.T) {
	r, _ := pageRig(t, storetest.SQLite(t), "n1")
	a := r.ask(r.toolChat(), "", "run_python add run_python run_python").Answers[0]
	first := r.paged(a.ID)
	r.must(r.result(a.ID, first.ID, "1"))
	second := r.nextPaged(a.ID, 2)
	if err := r.result(a.ID, first.ID, "1"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("the first call's result again: %v", err)
	}
	r.must(r.Result(t.Context(), ann, a.ID, second.ID, "NameError: x", true))
	r.must(r.result(a.ID, r.nextPaged(a.ID, 3).ID, ""))
	last := r.watch(a.ID, 0).last
	got := ""
	for _, x := range last.ToolCalls {
		got += string(x.State) + ":" + x.Result + " "
	}
	if got != "done:1 done:4 failed:NameError: x done:(no output) " {
		t.Errorf("%s", got)
	}
}

// nextPaged waits until the call at a place waits for a page.
func (r *rig) nextPaged(id string, place int) converse.ToolCall {
	r.t.Helper()
	found := errors.New("found")
	var call converse.ToolCall
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	err := r.Follow(ctx, ann, id, 0, converse.Reader{Event: func(e converse.Event) error {
		if e.Delta == nil || e.Delta.ToolCall == nil || e.Delta.ToolCall.Index != place {
			return nil
		}
		call.ID += e.Delta.ToolCall.ID
		if e.Delta.ToolCall.State == converse.OnPage {
			return found
		}
		return nil
	}})
	if !errors.Is(err, found) {
		r.t.Fatalf("call %d waits for no page: %v", place, err)
	}
	return call
}

func TestNoPageRunsIt(t *testing.T) {
	r, _ := pageRig(t, storetest.SQLite(t), "n1")
	a := r.ask(r.toolChat(), "", "run_python run_python run_python").Answers[0]
	call := r.paged(a.ID)
	began := time.Now()
	last := r.watch(a.ID, 0).last
	if x := last.ToolCalls[2]; last.Status != converse.Done || x.State != converse.Broke || x.Result != "error: no page of the user ran the code" || !strings.Contains(last.Content, x.Result) {
		t.Errorf("%+v", last)
	}
	if waited := time.Since(began); waited < testPageFor/2 || waited > 2*testPageFor { // once, not for every call
		t.Errorf("waited %v", waited)
	}
	if err := r.result(a.ID, call.ID, "42"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a late result: %v", err)
	}
}

func TestStopWhileThePageRuns(t *testing.T) {
	r, _ := pageRig(t, storetest.SQLite(t), "n1")
	a := r.ask(r.toolChat(), "", "run_python").Answers[0]
	call := r.paged(a.ID)
	if again := r.paged(a.ID); again != call { // a page that opens later sees the same call
		t.Errorf("%+v, then %+v", call, again)
	}
	r.must(r.Stop(t.Context(), ann, a.ID))
	if last := r.watch(a.ID, 0).last; last.Status != converse.Stopped || last.ToolCalls[0].State != converse.Unknown {
		t.Errorf("%+v", last)
	}
	if err := r.result(a.ID, call.ID, "42"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a result after the stop: %v", err)
	}
}

// The page talks to another process than the one that makes the answer, and
// their notices do not meet.
func TestResultOnAnotherProcess(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		maker, _ := pageRig(t, db, "n1")
		other, _ := pageRig(t, db, "n2")
		a := maker.ask(maker.toolChat(), "", "run_python").Answers[0]
		call := other.paged(a.ID)
		var wg sync.WaitGroup
		var counted atomic.Int64
		for _, r := range []*rig{maker, other, other} { // three tabs
			wg.Go(func() {
				if err := r.result(a.ID, call.ID, "42"); err == nil {
					counted.Add(1)
				} else if !errors.Is(err, converse.ErrConflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		last := other.watch(a.ID, 0).last
		if counted.Load() != 1 || last.Status != converse.Done || last.ToolCalls[0].Result != "42" {
			t.Errorf("%d results count, %+v", counted.Load(), last)
		}
	})
}

// The process that makes the answer is told at once.
func TestResultIsNoticed(t *testing.T) {
	db, b, notices := storetest.SQLite(t), &toolbox{}, &bus.Memory{}
	maker := rigWith(t, db, "n1", notices, b.code, b)
	maker.must(second(maker.PutSettings(t.Context(), ann, converse.Settings{CodeInterpreter: true})))
	other := rigWith(t, db, "n2", notices, b.code, b)
	told := make(chan string, 100)
	defer notices.Subscribe(func(n bus.Notice) {
		if n.Topic == "consent" {
			told <- n.ID
		}
	})()
	a := maker.ask(maker.toolChat(), "", "run_python").Answers[0]
	call := other.paged(a.ID)
	other.must(other.result(a.ID, call.ID, "42"))
	if last := maker.watch(a.ID, 0).last; last.ToolCalls[0].Result != "42" || len(told) != 1 || <-told != a.ID {
		t.Errorf("%+v, %d notices", last, len(told))
	}
}

// Who has lost the lease says nothing more, whatever the page brings.
func TestLeaseLostWhileThePageRuns(t *testing.T) {
	db := storetest.SQLite(t)
	r, _ := pageRig(t, db, "n1")
	a := r.ask(r.toolChat(), "", "run_python").Answers[0]
	call := r.paged(a.ID)
	ok, err := db.Conversations().Adopt(t.Context(), a.ID, "n1", "n2", time.Now().Add(time.Minute))
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	r.must(r.result(a.ID, call.ID, "42")) // n2 may be somebody who waits for it
	r.must(r.Close())
	if m, err := db.Conversations().Message(t.Context(), ann.User, a.ID); err != nil || m.Status != converse.Live || m.Node != "n2" {
		t.Errorf("%+v, %v", m, err)
	}
	if asked := r.model.LastChat().Messages; asked[len(asked)-1].Role != "user" {
		t.Errorf("the model was told %+v", asked[len(asked)-1])
	}
}

// The process goes away while a page runs; going on has the page run it anew.
func TestInterruptedWhileThePageRuns(t *testing.T) {
	db := storetest.SQLite(t)
	maker, _ := pageRig(t, db, "n1")
	a := maker.ask(maker.toolChat(), "", "run_python").Answers[0]
	call := maker.paged(a.ID)
	maker.must(maker.Close())
	r, _ := pageRig(t, db, "n2")
	if err := r.result(a.ID, call.ID, "42"); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a result for a process that is gone: %v", err)
	}
	if m := r.message(a.ID); m.Status != converse.Interrupted || m.ToolCalls[0].State != converse.Unknown {
		t.Errorf("%+v", m)
	}
	m, err := r.Continue(t.Context(), ann, a.ID)
	r.must(err)
	again := r.nextPaged(m.ID, 1)
	if again.ID == call.ID {
		t.Error("the old call's id is used again")
	}
	r.must(r.result(m.ID, again.ID, "42"))
	if last := r.watch(m.ID, 0).last; len(last.ToolCalls) != 2 || last.ToolCalls[1].Result != "42" {
		t.Errorf("%+v", last)
	}
}

func TestWhenCodeIsOffered(t *testing.T) {
	b := &toolbox{}
	r := rigWith(t, storetest.SQLite(t), "n1", &bus.Memory{}, b.code, b)
	r.model.About.Tools = true
	names := func(set skill.Set) (out string) {
		for _, x := range set {
			out += x.Name + " "
		}
		return out
	}
	offered := func(use converse.SkillUse) (out string) {
		t.Helper()
		c, err := r.CreateChat(t.Context(), ann, converse.NewChat{Skills: use})
		r.must(err)
		r.watch(r.ask(c.ID, "", "nothing").Answers[0].ID, 0)
		for _, x := range r.model.LastChat().Tools {
			out += x.Name + " "
		}
		return out
	}
	f := func(on bool, use converse.SkillUse, want string) {
		t.Helper()
		r.must(second(r.PutSettings(t.Context(), ann, converse.Settings{CodeInterpreter: on})))
		if got := offered(use); got != want {
			t.Errorf("switched on %v, skills %q: %q is offered, want %q", on, use, got, want)
		}
	}
	f(false, converse.SkillsOn, "add read send ")
	f(true, converse.SkillsDefault, "add ")
	f(true, converse.SkillsOff, "")
	f(true, converse.SkillsOn, "add read send run_python ")
	if got := names(r.Available(t.Context(), ann)); got != "add read send run_python " {
		t.Errorf("listed: %s", got)
	}
	if got := names(r.Available(t.Context(), bob)); got != "add read send " {
		t.Errorf("listed to somebody who has not switched it on: %s", got)
	}
}

// Links and files that are made while a page runs do not wait for ever.
func TestNothingWaitsInCopies(t *testing.T) {
	r, _ := pageRig(t, storetest.SQLite(t), "n1")
	c := r.toolChat()
	a := r.ask(c, "", "run_python").Answers[0]
	call := r.paged(a.ID)
	sh, err := r.Share(t.Context(), ann, c, time.Time{})
	r.must(err)
	seen, err := r.Shared(t.Context(), sh.Token)
	r.must(err)
	if x := seen.Messages[1].ToolCalls[0]; x.State != converse.Unknown || x.Name != "run_python" {
		t.Errorf("shared as %+v", x)
	}
	_, _, data, err := r.Export(t.Context(), ann, c, converse.JSON)
	r.must(err)
	r.must(r.result(a.ID, call.ID, "42"))
	if last := r.watch(a.ID, 0).last; last.ToolCalls[0].State != converse.Ran {
		t.Errorf("the answer itself: %+v", last)
	}
	in, err := r.Import(t.Context(), bob, data)
	if err != nil || in.Chats != 1 {
		t.Fatalf("%+v, %v", in, err)
	}
	list, _, err := r.Chats(t.Context(), bob, converse.ChatQuery{Limit: 1})
	r.must(err)
	_, messages, err := r.Open(t.Context(), bob, list[0].ID)
	r.must(err)
	if x := messages[1].ToolCalls[0]; x.State != converse.Unknown || !json.Valid([]byte(x.Arguments)) {
		t.Errorf("taken over as %+v", x)
	}
}
