package converse_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/bus"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
	"malmoi/internal/store/storetest"
)

// toolbox has a skill of each effect and notes what was done.
type toolbox struct {
	mu   sync.Mutex
	done []string
}

func (b *toolbox) Skills(context.Context, account.Principal) skill.Set {
	do := func(name, title string, e skill.Effect, text string) skill.Skill {
		return skill.Skill{Name: name, Title: title, Effect: e, Call: func(_ context.Context, a json.RawMessage) (string, error) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.done = append(b.done, name+string(a))
			return text, nil
		}}
	}
	return skill.Set{do("add", "더하기", skill.Pure, "4"), do("read", "읽기", skill.Reads, "남이 쓴 글\x00"), do("send", "보내기", skill.Changes, "보냈습니다")}
}

func (b *toolbox) made() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.done, " ")
}

// script has the model call what the question names, one turn each, and say
// how many results it has.
func (b *toolbox) script(r llm.ChatRequest) fake.Script {
	question, results := "", 0
	for _, m := range r.Messages {
		switch m.Role {
		case "user":
			results = 0
			if !strings.Contains(m.Content, "broke off") { // going on is about the question before
				question = m.Content
			}
		case "tool":
			results++
		}
	}
	words := strings.Fields(question)
	if results < len(words) && len(r.Tools) > 0 {
		return fake.Script{Usage: llm.Usage{PromptTokens: 1, CompletionTokens: 1}, Steps: []fake.Step{
			{Event: llm.Event{Content: "볼게요."}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{ID: "same", Name: words[results]}}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Arguments: fmt.Sprintf(`{"n":%d}`, results)}}},
			{Event: llm.Event{Finish: "tool_calls"}},
		}}
	}
	return fake.Say(fmt.Sprintf("결과 %d개", results))
}

func toolRig(t *testing.T) (*rig, *toolbox) {
	t.Helper()
	b := &toolbox{}
	return rigWith(t, storetest.SQLite(t), "n1", &bus.Memory{}, b.script, b), b
}

// toolChat is a chat in which all skills are on.
func (r *rig) toolChat() string {
	r.t.Helper()
	c, err := r.CreateChat(r.t.Context(), ann, converse.NewChat{Skills: converse.SkillsOn})
	r.must(err)
	return c.ID
}

// asked waits for an answer's open question and returns its call.
func (r *rig) asked(id string) converse.ToolCall { return r.waits(id, converse.Asks) }

// waits waits until a call of an answer waits in a state, and returns it.
func (r *rig) waits(id string, state converse.CallState) converse.ToolCall {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	found := errors.New("found")
	calls := r.message(id).ToolCalls // an answer that goes on has some
	err := r.Follow(ctx, ann, id, 0, converse.Reader{Event: func(e converse.Event) error {
		if e.Delta == nil || e.Delta.ToolCall == nil {
			return nil
		}
		d := e.Delta.ToolCall
		if d.Index == len(calls) {
			calls = append(calls, converse.ToolCall{ID: d.ID, Name: d.Name, Title: d.Title})
		}
		c := &calls[d.Index]
		c.State, c.Tainted = d.State, d.Tainted
		if d.State == state {
			return found
		}
		return nil
	}})
	if !errors.Is(err, found) {
		r.t.Fatalf("nothing waits in %s: %v, %+v", state, err, calls)
	}
	return calls[len(calls)-1]
}

func (r *rig) message(id string) converse.Message {
	r.t.Helper()
	m, err := r.Message(r.t.Context(), ann, id)
	r.must(err)
	return m
}

func TestAnswersUseSkills(t *testing.T) {
	r, b := toolRig(t)
	c := r.toolChat()
	a := r.ask(c, "", "add read").Answers[0]
	last := r.watch(a.ID, 0).last
	if b.made() != `add{"n":0} read{"n":1}` || last.Status != converse.Done || last.Content != "볼게요.\n\n볼게요.\n\n결과 2개" {
		t.Fatalf("made %s, %+v", b.made(), last)
	}
	kept := r.message(a.ID)
	want := []converse.ToolCall{
		{Name: "add", Title: "더하기", Arguments: `{"n":0}`, Result: "4", State: converse.Ran},
		{Name: "read", Title: "읽기", Arguments: `{"n":1}`, Result: "남이 쓴 글", State: converse.Ran, Outside: true},
	}
	if len(kept.ToolCalls) != 2 || kept.ToolCalls[0].ID == kept.ToolCalls[1].ID {
		t.Fatalf("calls %+v", kept.ToolCalls)
	}
	for i, x := range kept.ToolCalls {
		want[i].ID = x.ID
		if x != want[i] || len(x.ID) != 9 {
			t.Errorf("call %d is kept as %+v", i, x)
		}
	}
	if s := r.spent.all(); len(s) != 1 || s[0].PromptTokens != 9 {
		t.Errorf("the ledger has %+v", s)
	}
	// What came out is told again with the next question, strangers' text marked.
	r.watch(r.ask(c, a.ID, "add").Answers[0].ID, 0)
	told := r.model.LastChat().Messages[1:]
	if len(told) < 6 || told[1].Role != "assistant" || len(told[1].ToolCalls) != 2 || told[2].Content != "4" || !strings.HasPrefix(told[3].Content, "<<<") {
		t.Errorf("the model was told %+v", told)
	}
}

func TestWhenSkillsAreUsed(t *testing.T) {
	r, _ := toolRig(t)
	offered := func(c string) (names string) {
		t.Helper()
		r.watch(r.ask(c, "", "말만").Answers[0].ID, 0)
		for _, x := range r.model.LastChat().Tools {
			names += x.Name + " "
		}
		return names
	}
	in := func(use converse.SkillUse) string {
		c, err := r.CreateChat(t.Context(), ann, converse.NewChat{Skills: use})
		r.must(err)
		return c.ID
	}
	if got := offered(in("")); got != "" {
		t.Errorf("a model that is not known to call gets %s", got)
	}
	r.model.About.Tools = true
	for size, want := range map[string]string{"1.5B": "", "270M": "", "3B": "add ", "30B-A3B": "add "} {
		if r.model.About.Parameters = size; offered(in("")) != want {
			t.Errorf("a model of %s does not get %q", size, want)
		}
	}
	r.model.About.Parameters = ""
	if got := offered(in("")); got != "add " {
		t.Errorf("by default %q is offered", got)
	}
	if got := offered(in(converse.SkillsOff)); got != "" {
		t.Errorf("switched off, %q is offered", got)
	}
	r.must(second(r.PutSettings(t.Context(), ann, converse.Settings{Skills: converse.SkillsOn})))
	if got := offered(in("")); got != "add read send " {
		t.Errorf("switched on in the settings, %q is offered", got)
	}
	off, c := converse.SkillsOff, in("")
	r.must(second(r.ChangeChat(t.Context(), ann, c, converse.ChatChange{Skills: &off})))
	if got := offered(c); got != "" {
		t.Errorf("the chat says no and %q is offered", got)
	}
	var bad *converse.InvalidError
	if _, err := r.CreateChat(t.Context(), ann, converse.NewChat{Skills: "maybe"}); !errors.As(err, &bad) {
		t.Errorf("skills maybe: %v", err)
	}
}

// A chat, and the settings, say which skills; names that are gone are kept, not
// used, and never taken for all.
func TestChosenSkills(t *testing.T) {
	r, _ := toolRig(t)
	offered := func(c string) (names string) {
		t.Helper()
		r.watch(r.ask(c, "", "말만").Answers[0].ID, 0)
		for _, x := range r.model.LastChat().Tools {
			names += x.Name + " "
		}
		return names
	}
	f := func(want string, n converse.NewChat) {
		t.Helper()
		c, err := r.CreateChat(t.Context(), ann, n)
		r.must(err)
		if got := offered(c.ID); got != want {
			t.Errorf("%+v offers %q, want %q", n, got, want)
		}
	}
	f("read ", converse.NewChat{Skills: converse.SkillsOn, Chosen: []string{"read", "gone", "read"}})
	f("", converse.NewChat{Skills: converse.SkillsOn, Chosen: []string{"gone"}})
	f("", converse.NewChat{Skills: converse.SkillsOff, Chosen: []string{"read"}})
	f("", converse.NewChat{Chosen: []string{"read"}}) // the settings say nothing, and the model is not known to call
	got, err := r.PutSettings(t.Context(), ann, converse.Settings{Skills: converse.SkillsOn, Chosen: []string{"send", "add"}})
	r.must(err)
	if strings.Join(got.Chosen, " ") != "add send" {
		t.Errorf("the settings keep %q", got.Chosen)
	}
	f("add send ", converse.NewChat{})
	f("add read send ", converse.NewChat{Skills: converse.SkillsOn}) // the chat says all
	c, err := r.CreateChat(t.Context(), ann, converse.NewChat{Skills: converse.SkillsOn, Chosen: []string{"read", "gone"}})
	r.must(err)
	if strings.Join(c.Chosen, " ") != "gone read" {
		t.Errorf("a chat keeps %q", c.Chosen)
	}
	none := []string{}
	c, err = r.ChangeChat(t.Context(), ann, c.ID, converse.ChatChange{Chosen: &none})
	r.must(err)
	if c.Chosen != nil || offered(c.ID) != "add read send " {
		t.Errorf("an empty choice is all: %+v", c)
	}
	for _, bad := range [][]string{{""}, {"a\n"}, {strings.Repeat("a", 129)}, {"\xff"}, make([]string, 201)} {
		var invalid *converse.InvalidError
		if _, err := r.ChangeChat(t.Context(), ann, c.ID, converse.ChatChange{Chosen: &bad}); !errors.As(err, &invalid) || invalid.Field != "skill_names" {
			t.Errorf("%.20q: %v", bad, err)
		}
		if _, err := r.CreateChat(t.Context(), ann, converse.NewChat{Chosen: bad}); !errors.As(err, &invalid) {
			t.Errorf("a new chat with %.20q: %v", bad, err)
		}
		if _, err := r.PutSettings(t.Context(), ann, converse.Settings{Chosen: bad}); !errors.As(err, &invalid) {
			t.Errorf("settings with %.20q: %v", bad, err)
		}
	}
}

func TestConsent(t *testing.T) {
	for _, allow := range []bool{true, false} {
		r, b := toolRig(t)
		a := r.ask(r.toolChat(), "", "send").Answers[0]
		call := r.asked(a.ID)
		if b.made() != "" || call.Tainted || call.Title != "보내기" {
			t.Fatalf("before the word: made %q, %+v", b.made(), call)
		}
		if err := r.Consent(t.Context(), bob, a.ID, call.ID, true); !errors.Is(err, converse.ErrNotFound) {
			t.Errorf("somebody else's word: %v", err)
		}
		if err := r.Consent(t.Context(), reader, a.ID, call.ID, true); !errors.Is(err, converse.ErrReader) {
			t.Errorf("a reader's word: %v", err)
		}
		if err := r.Consent(t.Context(), ann, a.ID, "other", true); !errors.Is(err, converse.ErrConflict) {
			t.Errorf("a word for another call: %v", err)
		}
		r.must(r.Consent(t.Context(), ann, a.ID, call.ID, allow))
		if err := r.Consent(t.Context(), ann, a.ID, call.ID, !allow); !errors.Is(err, converse.ErrConflict) {
			t.Errorf("a second word: %v", err)
		}
		last := r.watch(a.ID, 0).last
		if allow != (b.made() == `send{"n":0}`) || !allow && b.made() != "" || last.Status != converse.Done {
			t.Errorf("allow %v: made %q, %+v", allow, b.made(), last)
		}
		if state := last.ToolCalls[0].State; allow != (state == converse.Ran) || !allow && state != converse.Refused {
			t.Errorf("allow %v: the call is kept as %s", allow, state)
		}
		if err := r.Consent(t.Context(), ann, a.ID, call.ID, true); !errors.Is(err, converse.ErrConflict) {
			t.Errorf("a word when all is over: %v", err)
		}
	}
}

// A yes is for one call: the next one asks again, although the model gave both
// the same id.
func TestConsentIsForOneCall(t *testing.T) {
	r, b := toolRig(t)
	a := r.ask(r.toolChat(), "", "read send send").Answers[0]
	first := r.asked(a.ID)
	if !first.Tainted {
		t.Error("strangers' text was read, and the question does not say so")
	}
	r.must(r.Consent(t.Context(), ann, a.ID, first.ID, true))
	deadline := time.Now().Add(5 * time.Second)
	for !strings.Contains(b.made(), "send") {
		if time.Now().After(deadline) {
			t.Fatal("the call that was allowed is not made")
		}
		time.Sleep(time.Millisecond)
	}
	last := r.watch(a.ID, 0).last // nobody answers the second question
	if strings.Count(b.made(), "send") != 1 || last.ToolCalls[2].State != converse.Refused {
		t.Errorf("made %s, calls %+v", b.made(), last.ToolCalls)
	}
}

func TestNobodySaysAnything(t *testing.T) {
	r, b := toolRig(t)
	a := r.ask(r.toolChat(), "", "send").Answers[0]
	began := time.Now()
	last := r.watch(a.ID, 0).last
	if b.made() != "" || last.Status != converse.Done || last.ToolCalls[0].State != converse.Refused || time.Since(began) < testAskFor/2 {
		t.Errorf("after %v: made %q, %+v", time.Since(began), b.made(), last)
	}
}

func TestStopWhileAsked(t *testing.T) {
	r, b := toolRig(t)
	a := r.ask(r.toolChat(), "", "send").Answers[0]
	call := r.asked(a.ID)
	if call2 := r.asked(a.ID); call2 != call { // who connects later sees the same question
		t.Errorf("%+v, then %+v", call, call2)
	}
	r.must(r.Stop(t.Context(), ann, a.ID))
	last := r.watch(a.ID, 0).last
	if last.Status != converse.Stopped || last.ToolCalls[0].State != converse.Refused || b.made() != "" {
		t.Errorf("made %q, %+v", b.made(), last)
	}
}

// The tab talks to another process than the one that asks.
func TestConsentOnAnotherProcess(t *testing.T) {
	db, b := storetest.SQLite(t), &toolbox{}
	maker := rigWith(t, db, "n1", &bus.Memory{}, b.script, b)
	other := rigWith(t, db, "n2", &bus.Memory{}, b.script, b) // their notices do not meet: the row is read
	a := maker.ask(maker.toolChat(), "", "send").Answers[0]
	call := other.asked(a.ID)
	other.must(other.Consent(t.Context(), ann, a.ID, call.ID, false))
	if last := other.watch(a.ID, 0).last; last.ToolCalls[0].State != converse.Refused || b.made() != "" {
		t.Errorf("made %q, %+v", b.made(), last)
	}
}

// The process goes away while it asks: nothing runs, not even when the word
// comes later.
func TestInterruptedWhileAsked(t *testing.T) {
	db, b := storetest.SQLite(t), &toolbox{}
	maker := rigWith(t, db, "n1", &bus.Memory{}, b.script, b)
	a := maker.ask(maker.toolChat(), "", "send").Answers[0]
	call := maker.asked(a.ID)
	maker.must(maker.Close())
	other := rigWith(t, db, "n2", &bus.Memory{}, b.script, b)
	if err := other.Consent(t.Context(), ann, a.ID, call.ID, true); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("a word for a process that is gone: %v", err)
	}
	m := other.message(a.ID)
	if m.Status != converse.Interrupted || len(m.ToolCalls) != 1 || m.ToolCalls[0].State != converse.Refused || b.made() != "" {
		t.Errorf("made %q, %+v", b.made(), m)
	}
	// Going on asks anew.
	r := other
	m, err := r.Continue(t.Context(), ann, a.ID)
	r.must(err)
	again := r.asked(m.ID)
	if again.ID == call.ID {
		t.Error("the old question's id is used again")
	}
	r.must(r.Consent(t.Context(), ann, m.ID, again.ID, true))
	if last := r.watch(m.ID, 0).last; b.made() != `send{"n":0}` || len(last.ToolCalls) != 2 || last.ToolCalls[1].State != converse.Ran {
		t.Errorf("made %q, %+v", b.made(), last)
	}
}

func TestWhatTaints(t *testing.T) {
	r, _ := toolRig(t)
	tainted := func(c, parent string, pasted int) bool {
		t.Helper()
		out, err := r.Ask(t.Context(), ann, converse.Ask{Chat: c, Parent: parent, Content: "send", Pasted: pasted})
		r.must(err)
		a := out.Answers[0]
		call := r.asked(a.ID)
		r.must(r.Consent(t.Context(), ann, a.ID, call.ID, false))
		r.watch(a.ID, 0)
		return call.Tainted
	}
	if tainted(r.toolChat(), "", 0) {
		t.Error("a question of one's own is tainted")
	}
	if !tainted(r.toolChat(), "", 3) {
		t.Error("pasted text does not taint")
	}
	c := r.toolChat()
	read := r.ask(c, "", "read").Answers[0]
	r.watch(read.ID, 0)
	if !tainted(c, read.ID, 0) {
		t.Error("what was read a question ago does not taint")
	}
	f, err := r.CreateFolder(t.Context(), ann, converse.Folder{Name: "폴더"})
	r.must(err)
	r.must(second(r.AddFile(t.Context(), ann, f.ID, "a.txt", []byte("남의 글"))))
	in, err := r.CreateChat(t.Context(), ann, converse.NewChat{Skills: converse.SkillsOn, Folder: f.ID})
	r.must(err)
	if !tainted(in.ID, "", 0) {
		t.Error("files of the folder do not taint")
	}
}
