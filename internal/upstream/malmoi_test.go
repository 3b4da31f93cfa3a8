package upstream

import (
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/httpapi"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

// another is a real malmoi server with scripted models, as an upstream.
func another(t *testing.T, models ...*fake.Model) (*Set, string) {
	t.Helper()
	s, err := httpapi.New(&fake.Set{Models: models}, httpapi.Options{Listen: "127.0.0.1:0", APIKeys: []string{"sk-there"}, KeepAlive: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	return open(t, Config{URLs: []string{h.URL}, Key: "sk-there", Timeouts: short}), h.URL
}

// TestMalmoiChat sends everything a chat can ask for through a real server of
// ours and compares what its model gets, and what comes back.
func TestMalmoiChat(t *testing.T) {
	lp := []llm.ChosenLogProb{{TokenLogProb: llm.TokenLogProb{Bytes: []byte("\xed\x95"), LogProb: -0.5}, Top: []llm.TokenLogProb{{Bytes: []byte("a"), LogProb: -1.5}}}}
	m := &fake.Model{About: llm.Info{Name: "org/모델", Title: "모델", Context: 4096, Chat: true, Loaded: true, Licence: "MIT"}}
	m.OnChat = func(llm.ChatRequest) fake.Script {
		return fake.Script{Steps: []fake.Step{
			{Wait: 120 * time.Millisecond, Event: llm.Event{Reasoning: "생각"}}, // longer than a sign of life
			{Event: llm.Event{Content: "한", LogProbs: lp}},
			{Event: llm.Event{Content: "글"}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Index: 0, ID: "c0", Name: "더하기"}}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Index: 0, Arguments: `{"a":`}}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Index: 0, Arguments: `1}`}}},
			{Event: llm.Event{ToolCall: &llm.ToolCallDelta{Index: 1, ID: "c1", Name: "f", Arguments: "{}"}}},
			{Event: llm.Event{Finish: "tool_calls"}},
		}, Usage: llm.Usage{PromptTokens: 9, CachedTokens: 4, CompletionTokens: 6, ReasoningTokens: 1}}
	}
	set, _ := another(t, m)
	r := llm.ChatRequest{
		Messages: []chat.Message{
			{Role: "system", Content: "말모이"}, {Role: "developer", Content: "x"}, {Role: "user", Content: "안녕", Name: "철수"},
			{Role: "assistant", Reasoning: "흠", ToolCalls: []chat.ToolCall{{ID: "c9", Name: "f", Arguments: `{"x":1}`}}},
			{Role: "tool", ToolCallID: "c9", Content: "2"},
		},
		Tools:      []chat.Tool{{Name: "더하기", Description: "d", Parameters: []byte(`{"type":"object"}`)}, {Name: "f"}},
		ToolChoice: llm.ToolChoice{Mode: "function", Name: "f"},
		Kwargs:     map[string]any{"enable_thinking": false},
		Params: llm.Params{
			MaxTokens: 77, Stop: []string{"끝"}, LogProbs: true, TopLogProbs: 3,
			Sampling: sample.Params{Temperature: 0, TopK: 5, TopP: 0.5, MinP: 0.1, RepetitionPenalty: 1.5, PresencePenalty: 0.25, FrequencyPenalty: -0.5, Seed: 42, LogitBias: map[int32]float32{3: -1}},
			Format:   llm.Format{Regex: "가+"},
		},
	}
	got, err := ask1(t, set, "up/org/모델", r)
	if err != nil {
		t.Fatal(err)
	}
	if got.text != "한글" || got.reasoning != "생각" || got.finish != "tool_calls" {
		t.Errorf("answer %+v", got)
	}
	if want := []chat.ToolCall{{ID: "c0", Name: "더하기", Arguments: `{"a":1}`}, {ID: "c1", Name: "f", Arguments: "{}"}}; !slices.Equal(got.calls, want) {
		t.Errorf("calls %+v", got.calls)
	}
	if l := got.logProbs; len(l) != 1 || string(l[0].Bytes) != "\xed\x95" || l[0].LogProb != -0.5 || len(l[0].Top) != 1 || l[0].ID != unknownID {
		t.Errorf("log probabilities %+v", l)
	}
	if u := got.usage; u.PromptTokens != 9 || u.CachedTokens != 4 || u.CompletionTokens != 6 || u.ReasoningTokens != 1 || u.Prefill < 100*time.Millisecond {
		t.Errorf("usage %+v", u)
	}
	there := m.LastChat()
	there.N, there.Sampling.PenaltyWindow = 0, 0
	if a, b := fmt.Sprintf("%+v", there), fmt.Sprintf("%+v", r); a != b {
		t.Errorf("the other side got\n%s, want\n%s", a, b)
	}
}

func TestMalmoiList(t *testing.T) {
	set, _ := another(t,
		&fake.Model{About: llm.Info{Name: "org/m", Title: "엠", Context: 4096, Loaded: true, Licence: "MIT"}},
		&fake.Model{About: llm.Info{Name: "all-minilm-l6-v2"}})
	list := set.List()
	if len(list) != 2 || list[0].Name != "up/all-minilm-l6-v2" || !list[0].Embedding || list[0].Chat || list[0].Loaded {
		t.Fatalf("list %+v", list)
	}
	if m := list[1]; m.Name != "up/org/m" || m.Title != "엠" || m.Context != 4096 || !m.Chat || !m.Loaded || !m.Remote || m.Licence != "MIT" || m.Family != "malmoi" {
		t.Errorf("model %+v", m)
	}
	if d := set.Default(); d != "up/org/m" {
		t.Errorf("default %q", d)
	}
	g, _, err := set.Acquire(t.Context(), "up/org/m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.CountTokens(question); !errors.Is(err, llm.ErrNoTokens) {
		t.Errorf("count: %v", err)
	}
	if _, err := g.TokenizeChat(question); !errors.Is(err, llm.ErrNoTokens) {
		t.Errorf("tokenize: %v", err)
	}
	if e, _, err := set.Acquire(t.Context(), "up/all-minilm-l6-v2"); err != nil {
		t.Error(err)
	} else if _, err := e.Chat(t.Context(), question); !errors.Is(err, llm.ErrNoGeneration) {
		t.Errorf("chat with an embedding model: %v", err)
	}
}

func TestMalmoiErrors(t *testing.T) {
	var fail error
	m := &fake.Model{About: llm.Info{Name: "m"}, OnChat: func(llm.ChatRequest) fake.Script { return fake.Script{Err: fail} }}
	late := &fake.Model{About: llm.Info{Name: "late"}, OnChat: func(llm.ChatRequest) fake.Script {
		return fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "가"}}, {Err: fail}}}
	}}
	set, _ := another(t, m, late)
	for _, fail = range []error{llm.ErrBusy, llm.ErrBadRequest} {
		_, err := ask1(t, set, "up/m", question)
		wantError(t, err, fail)
		got, err := ask1(t, set, "up/late", question)
		wantError(t, err, fail)
		if got.text != "가" {
			t.Errorf("text %q", got.text)
		}
	}
	fail = &llm.ContextError{Prompt: 5000, Max: 10, Limit: 4096}
	for _, name := range []string{"up/m", "up/late"} {
		var c *llm.ContextError
		if _, err := ask1(t, set, name, question); !errors.As(err, &c) || c.Prompt != 5000 || c.Max != 10 || c.Limit != 4096 {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := ask1(t, set, "up/none", question); !errors.Is(err, llm.ErrUnknownModel) {
		t.Errorf("a model that is not there: %v", err)
	}
	if _, err := ask1(t, set, "up/m", llm.ChatRequest{}); !errors.Is(err, llm.ErrBadRequest) {
		t.Errorf("no messages: %v", err)
	}
}

func TestMalmoiWrongKey(t *testing.T) {
	_, url := another(t, &fake.Model{About: llm.Info{Name: "m"}})
	set := open(t, Config{URLs: []string{url}, Key: "sk-wrong", Timeouts: short})
	_, err := ask1(t, set, "up/m", question)
	wantError(t, err, llm.ErrUnavailable, "check the key")
	if h := set.Health()[0].Replicas[0]; h.Answers {
		t.Errorf("health %+v", h)
	}
}

func TestMalmoiCompletion(t *testing.T) {
	m := &fake.Model{About: llm.Info{Name: "m", Context: 100}}
	m.OnComplete = func(r llm.CompletionRequest) fake.Script {
		lp := []llm.ChosenLogProb{
			{TokenLogProb: llm.TokenLogProb{Bytes: []byte("가"), LogProb: float32(math.NaN())}},
			{TokenLogProb: llm.TokenLogProb{Bytes: []byte("나"), LogProb: -0.25}, Top: []llm.TokenLogProb{{Bytes: []byte("다"), LogProb: -2}}},
		}
		return fake.Script{Steps: []fake.Step{{Event: llm.Event{Content: "가나", LogProbs: lp}}, {Event: llm.Event{Finish: "length"}}}, Usage: llm.Usage{PromptTokens: 1, CompletionTokens: 1}}
	}
	set, _ := another(t, m)
	g, _, err := set.Acquire(t.Context(), "up/m")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []llm.CompletionRequest{
		{Prompt: "가", Echo: true, Params: llm.Params{MaxTokens: 5, LogProbs: true, TopLogProbs: 1}},
		{IDs: []int32{1, 2, 3}, Params: llm.Params{MaxTokens: 5}},
	} {
		st, err := g.Complete(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := collect(t.Context(), st)
		if err != nil || got.text != "가나" || got.finish != "length" || got.usage.PromptTokens != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		if l := got.logProbs; len(l) != 2 || !math.IsNaN(float64(l[0].LogProb)) || l[1].LogProb != -0.25 || len(l[1].Top) != 2 || string(l[1].Top[1].Bytes) != "다" {
			t.Errorf("log probabilities %+v", l)
		}
	}
	all := m.Completions()
	if len(all) != 2 || all[0].Prompt != "가" || !all[0].Echo || all[0].TopLogProbs != 1 || !slices.Equal(all[1].IDs, []int32{1, 2, 3}) || all[1].MaxTokens != 5 {
		t.Errorf("requests %+v", all)
	}
}

func TestMalmoiEmbed(t *testing.T) {
	m := &fake.Model{About: llm.Info{Name: "embed"}, OnEmbed: func(texts []string) ([][]float32, int, error) {
		if strings.Contains(texts[0], "긴") {
			return nil, 0, &llm.ContextError{Prompt: 600, Limit: 512}
		}
		return [][]float32{{3, 4}, {0, 1}}, 5, nil
	}}
	set, _ := another(t, m)
	g, _, err := set.Acquire(t.Context(), "up/embed")
	if err != nil {
		t.Fatal(err)
	}
	v, n, err := g.Embed(t.Context(), []string{"가", "나"})
	if err != nil || n != 5 || len(v) != 2 || v[0][0] != 0.6 || v[0][1] != 0.8 {
		t.Errorf("%v, %d, %v", v, n, err)
	}
	var c *llm.ContextError
	if _, _, err := g.Embed(t.Context(), []string{"긴 글", "나"}); !errors.As(err, &c) || c.Prompt != 600 {
		t.Errorf("error %v", err)
	}
	if s := g.Stats(); s.Requests != 2 || s.Failed != 1 || s.PromptTokens != 5 || s.Running != 0 {
		t.Errorf("stats %+v", s)
	}
}
