package llm_test

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/engine/sample"
	"malmoi/internal/llm"
)

// collect reads a completion to its end.
func collect(t *testing.T, m *llm.Model, r llm.CompletionRequest) (text string, probs []llm.ChosenLogProb, last llm.Event, usage llm.Usage) {
	t.Helper()
	s, err := m.Complete(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		e, err := s.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return text, probs, last, s.Usage()
		}
		if err != nil {
			t.Fatal(err)
		}
		text += e.Content
		probs = append(probs, e.LogProbs...)
		last = e
	}
}

// TestEchoScoresThePrompt holds that a text which a model wrote has the log
// probabilities that it had when it was written.
func TestEchoScoresThePrompt(t *testing.T) {
	m := load(t, filepath.Join("..", "model", "testdata", "tiny", "llama"), llm.Options{Threads: 2, Exact: true})
	prompt := m.Tokenize("옛날 옛적에", false, true)
	greedy := llm.Params{MaxTokens: 12, LogProbs: true, TopLogProbs: 3, IgnoreEOS: true, Sampling: sample.Params{}}
	_, written, _, _ := collect(t, m, llm.CompletionRequest{IDs: prompt, Params: greedy})
	if len(written) != 12 {
		t.Fatalf("%d tokens with log probabilities, want 12", len(written))
	}
	all := append([]int32(nil), prompt...)
	for _, w := range written {
		all = append(all, w.ID)
	}
	score := greedy
	score.MaxTokens = -1
	text, read, last, usage := collect(t, m, llm.CompletionRequest{IDs: all, Echo: true, Params: score})
	if text != m.Detokenize(all) || last.Finish != "length" || usage.PromptTokens != len(all) || usage.CompletionTokens != 0 {
		t.Errorf("text %q, finish %q, usage %+v", text, last.Finish, usage)
	}
	if len(read) != len(all) {
		t.Fatalf("%d log probabilities for %d tokens", len(read), len(all))
	}
	if !math.IsNaN(float64(read[0].LogProb)) || read[0].Top != nil {
		t.Errorf("the first token has a probability: %+v", read[0])
	}
	for i, w := range written {
		r := read[len(prompt)+i]
		if r.ID != w.ID || math.Abs(float64(r.LogProb-w.LogProb)) > 1e-4 || len(r.Top) != 3 || r.Top[0].ID != w.Top[0].ID {
			t.Errorf("token %d: read %+v, written %+v", i, r, w)
		}
	}
}

func TestEchoGoesOn(t *testing.T) {
	m := load(t, filepath.Join("..", "model", "testdata", "tiny", "llama"), llm.Options{Threads: 2, Exact: true})
	p := llm.Params{MaxTokens: 4, IgnoreEOS: true}
	plain, _, _, _ := collect(t, m, llm.CompletionRequest{Prompt: "하나 둘", Params: p})
	echo, probs, _, usage := collect(t, m, llm.CompletionRequest{Prompt: "하나 둘", Echo: true, Params: p})
	if echo != "하나 둘"+plain || probs != nil || usage.CompletionTokens != 4 {
		t.Errorf("echo %q, without %q, usage %+v, %d log probabilities", echo, plain, usage, len(probs))
	}
	p.LogProbs = true
	_, probs, _, usage = collect(t, m, llm.CompletionRequest{Prompt: "하나 둘", Echo: true, Params: p})
	if len(probs) != usage.PromptTokens+4 {
		t.Errorf("%d log probabilities for %d + 4 tokens", len(probs), usage.PromptTokens)
	}
}

// TestStopIsNamed holds that the last event says which stop string it was.
func TestStopIsNamed(t *testing.T) {
	m := load(t, filepath.Join("..", "model", "testdata", "tiny", "llama"), llm.Options{Threads: 2, Exact: true})
	p := llm.Params{MaxTokens: 24, IgnoreEOS: true}
	plain, _, last, _ := collect(t, m, llm.CompletionRequest{Prompt: "하나", Params: p})
	if last.Stop != "" || last.Finish != "length" {
		t.Errorf("nothing stopped it, but %+v", last)
	}
	runes := []rune(plain)
	if len(runes) < 4 {
		t.Skipf("the tiny model wrote only %q", plain)
	}
	stop := string(runes[2:4])
	p.Stop = []string{"never-written", stop}
	text, _, last, _ := collect(t, m, llm.CompletionRequest{Prompt: "하나", Params: p})
	if last.Stop != stop || last.Finish != "stop" || text != plain[:strings.Index(plain, stop)] {
		t.Errorf("stop %q: text %q of %q, last %+v", stop, text, plain, last)
	}
}
