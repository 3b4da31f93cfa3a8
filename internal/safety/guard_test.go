package safety

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const bad = "이런 씨발"

// world is a guarded model whose answers a test scripts.
func world(t *testing.T, rules Rules, script func(llm.ChatRequest) fake.Script) (llm.Generator, *fake.Model) {
	t.Helper()
	m := &fake.Model{About: llm.Info{Name: "m", Chat: true}, OnChat: script}
	m.OnComplete = func(r llm.CompletionRequest) fake.Script { return fake.Say(r.Prompt) }
	models := Guard(&fake.Set{Models: []*fake.Model{m}}, newFilter(t), func(context.Context) (Rules, error) { return rules, nil }, slog.New(slog.DiscardHandler))
	g, release, err := models.Acquire(t.Context(), "m")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return g, m
}

func read(t *testing.T, st llm.Stream, err error) (text, finish string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	for {
		e, err := st.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return text, finish
		}
		if err != nil {
			t.Fatal(err)
		}
		text += e.Content
		if e.Finish != "" {
			finish += e.Finish
		}
	}
}

func ask(turns ...string) llm.ChatRequest {
	r := llm.ChatRequest{}
	for i, s := range turns {
		r.Messages = append(r.Messages, chat.Message{Role: []string{"user", "assistant"}[i%2], Content: s})
	}
	return r
}

var low = Rules{Levels: Levels{Profanity: Low, Hate: Low, Sexual: Low}}

func say(pieces ...string) func(llm.ChatRequest) fake.Script {
	return func(llm.ChatRequest) fake.Script { return fake.Say(pieces...) }
}

func TestGuardRefusesRequests(t *testing.T) {
	g, m := world(t, low, say("네"))
	_, err := g.Chat(t.Context(), ask(bad))
	var filtered *llm.FilteredError
	if !errors.As(err, &filtered) || filtered.Groups[0] != "profanity" || m.Open() != 0 || len(m.LastChat().Messages) != 0 {
		t.Errorf("%v; the model was asked %v", err, m.LastChat().Messages)
	}
	if _, err := g.Complete(t.Context(), llm.CompletionRequest{Prompt: bad}); !errors.As(err, &filtered) {
		t.Errorf("completion: %v", err)
	}
	if text, _ := read2(t, g, ask(bad, "알겠습니다", "고마워")); text != "네" {
		t.Errorf("an old turn: %q", text)
	}
	if _, err := g.Chat(t.Context(), ask(bad, "", "고마워")); !errors.As(err, &filtered) {
		t.Errorf("a turn that was never answered: %v", err)
	}
	off, _ := world(t, Rules{Judge: true}, say("네"))
	if text, finish := read2(t, off, ask(bad)); text != "네" || finish != "stop" {
		t.Errorf("off: %q %q", text, finish)
	}
}

func read2(t *testing.T, g llm.Generator, r llm.ChatRequest) (string, string) {
	t.Helper()
	st, err := g.Chat(t.Context(), r)
	return read(t, st, err)
}

func TestGuardEndsAnswers(t *testing.T) {
	f := func(name string, pieces []string, want func(text, finish string) bool) {
		t.Helper()
		g, m := world(t, low, say(pieces...))
		text, finish := read2(t, g, ask("안녕"))
		if !want(text, finish) {
			t.Errorf("%s: %d bytes, %q", name, len(text), finish)
		}
		if m.Open() != 0 {
			t.Errorf("%s: the model goes on", name)
		}
	}
	ended := func(_, finish string) bool { return finish == llm.FinishFiltered }
	clean := strings.Repeat("오늘은 날씨가 맑습니다. ", 400)
	f("at the end", []string{"하하 ", bad}, ended)
	f("early in a long answer", []string{bad, clean, clean, clean}, func(text, finish string) bool { return finish == llm.FinishFiltered && len(text) < len(clean) })
	f("clean", strings.SplitAfter(clean, " "), func(text, finish string) bool { return text == clean && finish == "stop" })
	for pad := range 80 { // a word that is split where the answer is searched
		pieces := strings.SplitAfter(strings.Repeat("가나다 ", 45)+strings.Repeat("마", pad)+" 씨발 "+strings.Repeat("바사 ", 200), "")
		f("split", pieces, ended)
	}
	for pad := range 80 { // a harmless word is not cut into a bad one
		pieces := strings.SplitAfter(strings.Repeat("가나다 ", 45)+strings.Repeat("마", pad)+" 새끼손가락 시발역 "+strings.Repeat("바사 ", 200), "")
		f("harmless", pieces, func(_, finish string) bool { return finish == "stop" })
	}
}

func TestGuardWatchesThoughtsAndEveryChoice(t *testing.T) {
	g, m := world(t, low, func(llm.ChatRequest) fake.Script {
		return fake.Script{Steps: []fake.Step{
			{Event: llm.Event{Choice: 0, Reasoning: bad}}, {Event: llm.Event{Choice: 1, Content: "네"}},
			{Event: llm.Event{Choice: 0, Finish: "stop"}}, {Event: llm.Event{Choice: 1, Finish: "stop"}},
		}}
	})
	r := ask("안녕")
	r.N = 2
	if text, finish := read2(t, g, r); text != "네" || finish != llm.FinishFiltered+"stop" || m.Open() != 0 {
		t.Errorf("%q %q", text, finish)
	}
}

// TestJudgeIsShownVerdicts: the examples keep to the form that is asked for,
// and the text in question comes last.
func TestJudgeIsShownVerdicts(t *testing.T) {
	list := judgeMessages("이 글")
	if last := list[len(list)-1]; last.Role != "user" || !strings.Contains(last.Content, "이 글") {
		t.Errorf("%+v", last)
	}
	bad := map[Group]int{}
	for _, m := range list {
		if m.Role != "assistant" {
			continue
		}
		v, err := readVerdict(m.Content)
		if err != nil {
			t.Errorf("%s: %v", m.Content, err)
		}
		for _, f := range v {
			bad[f.Group]++
		}
	}
	if len(bad) != len(Groups) {
		t.Errorf("examples for %v only", bad)
	}
}

func TestJudge(t *testing.T) {
	answer := `{"profanity":0,"hate":2,"sexual":1}`
	script := func(r llm.ChatRequest) fake.Script {
		if r.Format.JSONSchema != nil {
			return fake.Say(answer[:len(answer)/2], answer[len(answer)/2:])
		}
		return fake.Say("공손한 말")
	}
	g, m := world(t, Rules{}, script)
	v, err := Judge(t.Context(), g, strings.Repeat("긴 글 ", 5000))
	if err != nil || v.Score(Hate) != Likely || v.Score(Sexual) != Possible || v.Score(Profanity) != Clean {
		t.Errorf("%v %v", v, err)
	}
	asked := m.LastChat().Messages
	if n := len(asked[len(asked)-1].Content); n > judgeShown+100 || n < judgeShown-100 {
		t.Errorf("the judge reads %d bytes", n)
	}
	judged, _ := world(t, Rules{Levels: Levels{Hate: Low}, Judge: true}, script)
	var filtered *llm.FilteredError
	if _, err := judged.Chat(t.Context(), ask("공손한 질문")); !errors.As(err, &filtered) {
		t.Errorf("the judge's verdict on a question: %v", err)
	}
	answer = `{"profanity":0,"hate":0,"sexual":2}`
	if text, finish := read2(t, judged, ask("질문")); text != "공손한 말" || finish != "stop" {
		t.Errorf("a group that is off: %q %q", text, finish)
	}
	for _, answer = range []string{"", "모르겠습니다", `{"hate":2}`, `{"profanity":0,"hate":7,"sexual":0}`, `{"hate":"2"}`} {
		if v, err := Judge(t.Context(), g, "글"); err == nil {
			t.Errorf("%q is taken as %v", answer, v)
		}
		if text, finish := read2(t, judged, ask("질문")); text != "공손한 말" || finish != "stop" {
			t.Errorf("a judge that fails: %q %q", text, finish)
		}
	}
}

func FuzzVerdict(f *testing.F) {
	for _, s := range []string{`{"profanity":0,"hate":2,"sexual":1}`, `{"hate":1e3}`, `[]`, `{"hate":-1,"sexual":0,"profanity":0}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		v, err := readVerdict(answer)
		for _, found := range v {
			if err != nil || found.Score < Possible || found.Score > Likely {
				t.Errorf("%q: %v %v", answer, v, err)
			}
		}
	})
}
