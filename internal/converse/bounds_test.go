package converse_test

import (
	"errors"
	"strings"
	"testing"

	"malmoi/internal/account"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

func hang(llm.ChatRequest) fake.Script { return fake.Script{Steps: []fake.Step{{Hang: true}}} }

// Nobody can ask below an answer that is being made, have more than so many
// made at once, or write without a role that writes.
func TestAskingHasBounds(t *testing.T) {
	r := newRig(t, hang)
	c := r.chat()
	a := r.ask(c, "", "질문")
	if _, err := r.Ask(t.Context(), ann, converse.Ask{Chat: c, Parent: a.Answers[0].ID, Content: "다음"}); !errors.Is(err, converse.ErrConflict) {
		t.Errorf("below a live answer: %v", err)
	}
	for range converse.MaxLiveUser - 1 {
		r.ask(c, "", "또")
	}
	if _, err := r.Ask(t.Context(), ann, converse.Ask{Chat: c, Content: "너무"}); !errors.Is(err, converse.ErrBusy) {
		t.Errorf("too many at once: %v", err)
	}
	other, err := r.CreateChat(t.Context(), bob, converse.NewChat{})
	r.must(err)
	if _, err := r.Ask(t.Context(), bob, converse.Ask{Chat: other.ID, Content: "나는?"}); err != nil {
		t.Errorf("somebody else must wait, too: %v", err)
	}
	if _, err := r.CreateChat(t.Context(), account.Principal{User: "id-ann"}, converse.NewChat{}); !errors.Is(err, converse.ErrReader) {
		t.Errorf("without a role: %v", err)
	}
}

// After Close nothing begins.
func TestNothingBeginsAfterClose(t *testing.T) {
	r := newRig(t, say("x"))
	c := r.chat()
	r.must(r.Close())
	if _, err := r.Ask(t.Context(), ann, converse.Ask{Chat: c, Content: "x"}); !errors.Is(err, converse.ErrBusy) {
		t.Errorf("%v", err)
	}
}

// An answer that was never given does not leave two turns of the user in a row.
func TestTurnsTakeTurns(t *testing.T) {
	fail := true
	r := newRig(t, func(llm.ChatRequest) fake.Script {
		if fail {
			return fake.Script{Steps: []fake.Step{{Err: errors.New("broken")}}}
		}
		return fake.Say("답")
	})
	c := r.chat()
	first := r.ask(c, "", "하나")
	if w := r.watch(first.Answers[0].ID, 0); w.last.Status != converse.Failed {
		t.Fatalf("%+v", w.last)
	}
	fail = false
	r.watch(r.ask(c, first.Answers[0].ID, "둘").Answers[0].ID, 0)
	got := ""
	for _, m := range r.model.LastChat().Messages {
		got += m.Role + ":" + m.Content + "|"
	}
	if !strings.HasSuffix(got, "user:하나\n\n둘|") {
		t.Errorf("%s", got)
	}
}

// Deleting what a live answer hangs below stops it.
func TestDeletingStops(t *testing.T) {
	r := newRig(t, hang)
	c := r.chat()
	a := r.ask(c, "", "질문")
	r.must(r.DeleteMessage(t.Context(), ann, a.Question.ID))
	r.must(r.Close()) // waits for the answer
	if n := r.model.Open(); n != 0 {
		t.Errorf("%d answers go on", n)
	}
	_, err := r.RestoreMessage(t.Context(), ann, a.Question.ID)
	r.must(err)
	if _, list, err := r.Open(t.Context(), ann, c); err != nil || len(list) != 2 || list[1].Status == converse.Live {
		t.Errorf("%+v, %v", list, err)
	}
}
