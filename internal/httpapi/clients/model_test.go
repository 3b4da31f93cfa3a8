package clients

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi"
	"malmoi/internal/httpapi/fake"
	"malmoi/internal/llm"
)

const key = "sk-test-key-of-the-clients"

// serve starts a server with one scripted model called "m" and returns its
// address. What the model does is told by the request, so that one server
// serves every check.
func serve(t *testing.T, m *fake.Model, change func(*httpapi.Options)) string {
	t.Helper()
	m.About = llm.Info{
		Name: "m", Title: "Model", Context: 4096, Chat: true, Tools: true, Embedding: true, Created: time.Unix(1_700_000_000, 0),
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := httpapi.Options{Listen: ln.Addr().String(), APIKeys: []string{key}, DrainTimeout: 10 * time.Millisecond, Pull: pull}
	if change != nil {
		change(&o)
	}
	s, err := httpapi.New(&fake.Set{Models: []*fake.Model{m}}, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if n := m.Open(); n != 0 {
			t.Errorf("%d streams are still open", n)
		}
	})
	return "http://" + ln.Addr().String()
}

// pull knows one model.
func pull(_ context.Context, name string, progress func(done, total int64)) error {
	if name != "tiny" {
		return fmt.Errorf("the catalogue does not know %q", name)
	}
	progress(5, 10)
	return nil
}

// obliging is the model that most checks talk to.
func obliging() *fake.Model {
	return &fake.Model{OnChat: onChat, OnComplete: onComplete, OnEmbed: onEmbed}
}

func onChat(r llm.ChatRequest) fake.Script {
	last := r.Messages[len(r.Messages)-1]
	usage := llm.Usage{PromptTokens: 20, CachedTokens: 8, CompletionTokens: 5}
	say := func(events ...llm.Event) fake.Script {
		s := fake.Script{Usage: usage}
		for _, e := range events {
			s.Steps = append(s.Steps, fake.Step{Event: e})
		}
		return s
	}
	switch {
	case last.Content == "busy":
		return fake.Script{Err: llm.ErrBusy}
	case last.Content == "long":
		return fake.Script{Err: &llm.ContextError{Prompt: 5000, Max: 100, Limit: 4096}}
	case last.Content == "break":
		s := say(llm.Event{Content: "half"})
		s.Steps = append(s.Steps, fake.Step{Err: errSecret{}})
		return s
	case last.Content == "history":
		return say(llm.Event{Content: transcript(r.Messages)}, llm.Event{Finish: "stop"})
	case last.Role == "tool":
		return say(llm.Event{Content: "서울은 " + last.Content}, llm.Event{Finish: "stop"})
	case len(r.Tools) > 0 && r.ToolChoice.Mode != "none":
		return say(
			llm.Event{ToolCall: &llm.ToolCallDelta{ID: "call_1", Name: r.Tools[0].Name}},
			llm.Event{ToolCall: &llm.ToolCallDelta{Arguments: `{"city":`}},
			llm.Event{ToolCall: &llm.ToolCallDelta{Arguments: `"서울"}`}},
			llm.Event{Finish: "tool_calls"})
	case r.Format.JSONObject || r.Format.JSONSchema != nil:
		return say(llm.Event{Content: `{"name":"말모이",`}, llm.Event{Content: `"year":1911}`}, llm.Event{Finish: "stop"})
	case len(r.Stop) > 0:
		return say(llm.Event{Content: "하나 "}, llm.Event{Finish: "stop", Stop: r.Stop[0]})
	case r.MaxTokens == 1:
		return say(llm.Event{Content: "안"}, llm.Event{Finish: "length"})
	case r.Kwargs["enable_thinking"] == true:
		usage.ReasoningTokens = 2
		return say(llm.Event{Reasoning: "생각"}, llm.Event{Reasoning: " 중"}, llm.Event{Content: "답"}, llm.Event{Finish: "stop"})
	}
	return greet(r.Params, usage)
}

// greet says hello in every choice, with log probabilities if asked.
func greet(p llm.Params, usage llm.Usage) fake.Script {
	s := fake.Script{Usage: usage}
	for choice := range max(p.N, 1) {
		for _, piece := range []string{"안녕", "하세요"} {
			e := llm.Event{Choice: choice, Content: piece}
			if p.LogProbs {
				t := llm.ChosenLogProb{TokenLogProb: llm.TokenLogProb{ID: 5, Bytes: []byte(piece), LogProb: -0.5}}
				for i := range p.TopLogProbs {
					t.Top = append(t.Top, llm.TokenLogProb{ID: int32(i), Bytes: []byte{'a' + byte(i)}, LogProb: -1 - float32(i)})
				}
				e.LogProbs = []llm.ChosenLogProb{t}
			}
			s.Steps = append(s.Steps, fake.Step{Event: e})
		}
		s.Steps = append(s.Steps, fake.Step{Event: llm.Event{Choice: choice, Finish: "stop"}})
	}
	return s
}

func transcript(turns []chat.Message) string {
	var b strings.Builder
	for _, m := range turns {
		b.WriteString(m.Role + ":" + m.Content + "|")
	}
	return b.String()
}

func onComplete(r llm.CompletionRequest) fake.Script {
	s := greet(r.Params, llm.Usage{PromptTokens: 3, CompletionTokens: 2})
	if r.Echo {
		s.Steps = append([]fake.Step{{Event: llm.Event{Content: r.Prompt}}}, s.Steps...)
	}
	return s
}

func onEmbed(texts []string) ([][]float32, int, error) {
	out := make([][]float32, len(texts))
	for i := range texts {
		out[i] = []float32{0.6, 0.8, 0, 0}
	}
	return out, 3 * len(texts), nil
}

// errSecret is an internal error whose text must not reach a client.
type errSecret struct{}

func (errSecret) Error() string { return "/data/secret/model.gguf: bad page" }
