package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
	"malmoi/internal/skill"
)

// paging is a bench with a skill that the page runs, called by the model with
// one set of arguments after another.
func paging(arguments ...string) (*bench, *[]Call) {
	b := newBench(func(r llm.ChatRequest) fake.Script {
		n := results(r)
		if n >= len(arguments) || r.ToolChoice.Mode == "none" {
			return fake.Say("끝")
		}
		name, args, named := strings.Cut(arguments[n], " ")
		if !named {
			name, args = "page", arguments[n]
		}
		return fake.Script{Steps: []fake.Step{
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{ID: fmt.Sprint("id", n), Name: name, Arguments: args}}}, {Event: llm.Event{Finish: "tool_calls"}},
		}}
	})
	b.o.Skills = append(b.o.Skills, skill.Skill{Name: "page", Effect: skill.Page, Check: func(a json.RawMessage) error {
		if strings.Contains(string(a), "bad") {
			return errors.New("that is no code")
		}
		return nil
	}})
	made := &[]Call{}
	b.o.Page = func(_ context.Context, c Call) (string, bool, error) {
		*made = append(*made, c)
		return "42", true, nil
	}
	return b, made
}

// told is what the model was told of its calls.
func (b *bench) told() (out []string) {
	for _, m := range b.model.LastChat().Messages {
		if m.Role == "tool" {
			out = append(out, m.Content)
		}
	}
	return out
}

func (b *bench) run(t *testing.T) Outcome {
	t.Helper()
	out, err := Run(t.Context(), b.model, llm.ChatRequest{}, b.o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestThePageMakesCalls(t *testing.T) {
	b, made := paging(`{"n":1}`, `add {}`, `{"n":2}`)
	out := b.run(t)
	want := []Call{{0, "id0", "page", `{"n":1}`}, {2, "id2", "page", `{"n":2}`}}
	if fmt.Sprint(*made) != fmt.Sprint(want) || fmt.Sprint(b.told()) != "[42 4 42]" || out.Tainted || len(b.asked) != 0 {
		t.Errorf("made %v, told %q, %+v", *made, b.told(), out)
	}
	for _, e := range b.seen {
		if e.Result != nil && (!e.Result.OK || e.Result.Outside || e.Result.Refused) {
			t.Errorf("result %+v", *e.Result)
		}
	}
}

// What a page cannot be asked for is told at once.
func TestCallsThatNoPageGets(t *testing.T) {
	b, made := paging(`{"bad":1}`, `{"n":`, `{"n":"`+strings.Repeat("가", skill.MaxArguments/3)+`"}`)
	b.run(t)
	told := fmt.Sprint(b.told())
	for _, want := range []string{"that is no code", "not valid JSON", "at most 65536"} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is not told: %s", want, told)
		}
	}
	b2, _ := paging(`{}`)
	b2.o.Page = nil
	b2.run(t)
	if told := fmt.Sprint(b2.told()); len(*made) != 0 || !strings.Contains(told, "no page") {
		t.Errorf("made %v; without a page: %s", *made, told)
	}
}

func TestFailuresOfThePage(t *testing.T) {
	b, _ := paging(`{}`)
	b.o.Page = func(context.Context, Call) (string, bool, error) { return "NameError: x", false, nil }
	b.run(t)
	for _, e := range b.seen {
		if e.Result != nil && (e.Result.OK || e.Result.Refused || e.Result.Text != "NameError: x") {
			t.Errorf("result %+v", *e.Result)
		}
	}
	gone := errors.New("stopped")
	b, _ = paging(`{}`)
	b.o.Page = func(context.Context, Call) (string, bool, error) { return "", false, gone }
	if _, err := Run(t.Context(), b.model, llm.ChatRequest{}, b.o); !errors.Is(err, gone) {
		t.Errorf("stopping while a page runs: %v", err)
	}
	b, _ = paging(`{}`)
	b.o.Page = func(context.Context, Call) (string, bool, error) {
		return strings.Repeat("가", skill.MaxResult), true, nil
	}
	b.run(t)
	if n := len(b.told()[0]); n > skill.MaxResult+len("\n[cut]") {
		t.Errorf("a result of %d bytes is told", n)
	}
}

// Waiting for a page does not count: after hours of it the model may call on.
func TestWaitingForAPageIsNotTheModels(t *testing.T) {
	b, made := paging(`{"n":1}`, `{"n":2}`)
	now := time.Now()
	b.o.Now = func() time.Time { return now }
	page := b.o.Page
	b.o.Page = func(ctx context.Context, c Call) (string, bool, error) {
		now = now.Add(time.Hour)
		return page(ctx, c)
	}
	b.run(t)
	if len(*made) != 2 {
		t.Errorf("made %v", *made)
	}
}

// A page has nothing but the arguments; once the model has read what strangers
// wrote, those may hold it, and so may the result.
func TestWhatThePageTaints(t *testing.T) {
	b, _ := paging(`fetch {}`, `{}`)
	out := b.run(t)
	last := b.seen[0]
	for _, e := range b.seen {
		if e.Result != nil {
			last = e
		}
	}
	if told := b.told(); !out.Tainted || !strings.HasPrefix(told[1], openMark) || !last.Result.Outside || last.Result.Text != "42" {
		t.Errorf("told %q, %+v, result %+v", told, out, *last.Result)
	}
}
