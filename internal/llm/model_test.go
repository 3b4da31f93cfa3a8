package llm

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"malmoi/internal/chat"
	"malmoi/internal/engine/sample"
	"malmoi/internal/golden"
)

// tiny loads one of the repository's tiny checkpoints.
func tiny(t *testing.T, name string, o Options) *Model {
	t.Helper()
	m, err := Load(filepath.Join(golden.Root(t), "internal", "model", "testdata", "tiny", name), Info{}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// answer collects a stream: token ids and text of each choice.
func answer(t *testing.T, s Stream, err error) (ids [][]int32, text []string, finish []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	grow := func(n int) {
		for len(ids) <= n {
			ids, text, finish = append(ids, nil), append(text, ""), append(finish, "")
		}
	}
	for {
		e, err := s.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return ids, text, finish
		}
		if err != nil {
			t.Fatal(err)
		}
		grow(e.Choice)
		for _, l := range e.LogProbs {
			ids[e.Choice] = append(ids[e.Choice], l.ID)
		}
		text[e.Choice] += e.Content
		if e.Finish != "" {
			finish[e.Choice] = e.Finish
		}
	}
}

// TestSameRequestSameTokens runs one sampled request alone, among others, with
// another number of threads and with its prompt in the cache: the tokens must
// not differ.
func TestSameRequestSameTokens(t *testing.T) {
	prompt := make([]int32, 100)
	for i := range prompt {
		prompt[i] = int32(3 + i*7%200)
	}
	request := CompletionRequest{IDs: prompt, Params: Params{MaxTokens: 60, IgnoreEOS: true, LogProbs: true, Sampling: sample.Params{Temperature: 1, TopP: 0.9, Seed: 42}}}
	for _, name := range []string{"llama", "gemma3"} {
		var want []int32
		for _, threads := range []int{1, 2, 3} {
			m := tiny(t, name, Options{Threads: threads})
			ask := func() []int32 {
				s, err := m.Complete(t.Context(), request)
				ids, _, _ := answer(t, s, err)
				return ids[0]
			}
			cold := ask()
			if want == nil {
				want = cold
			}
			warm := ask()
			var group sync.WaitGroup
			busy, stop := context.WithCancel(t.Context())
			for i := range 3 {
				group.Go(func() {
					other := request
					other.IDs = slices.Concat(prompt[:10+i*20], prompt[:50])
					other.MaxTokens, other.Sampling.Seed = 120, uint64(i)
					if s, err := m.Complete(busy, other); err == nil {
						for err == nil {
							_, err = s.Next(busy)
						}
						s.Close()
					}
				})
			}
			crowded := ask()
			stop()
			group.Wait()
			for run, got := range map[string][]int32{"cold": cold, "from the cache": warm, "among others": crowded} {
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d threads, %s: got %v, want %v", name, threads, run, got, want)
				}
			}
		}
		if len(want) != 60 {
			t.Errorf("%s: %d tokens", name, len(want))
		}
	}
}

func TestConstrainedOutputParses(t *testing.T) {
	m := tiny(t, "llama", Options{Threads: 1})
	schema := `{"type":"object","properties":{"name":{"type":"string","maxLength":6},"n":{"type":"integer","minimum":-9,"maximum":99},"tags":{"type":"array","items":{"enum":["가","나"]},"maxItems":3}},"required":["name","n","tags"]}`
	for seed := range uint64(5) {
		p := Params{MaxTokens: 300, Sampling: sample.Params{Temperature: 1.5, Seed: seed}, Format: Format{JSONSchema: json.RawMessage(schema)}}
		s, err := m.Complete(t.Context(), CompletionRequest{Prompt: "JSON:", Params: p})
		_, text, finish := answer(t, s, err)
		var v struct {
			Name *string
			N    *int
			Tags *[]string
		}
		if err := json.Unmarshal([]byte(text[0]), &v); err != nil || finish[0] != "stop" {
			t.Errorf("seed %d: %q, %s: %v", seed, text[0], finish[0], err)
			continue
		}
		if v.Name == nil || v.N == nil || *v.N < -9 || *v.N > 99 || v.Tags == nil || len(*v.Tags) > 3 {
			t.Errorf("seed %d: %q does not satisfy the schema", seed, text[0])
		}
	}
}

func TestStopStringsAndLength(t *testing.T) {
	m := tiny(t, "qwen2", Options{Threads: 1})
	p := Params{MaxTokens: 40, IgnoreEOS: true, LogProbs: true}
	s, err := m.Complete(t.Context(), CompletionRequest{Prompt: "안녕", Params: p})
	_, text, finish := answer(t, s, err)
	if finish[0] != "length" {
		t.Fatalf("finish %q", finish[0])
	}
	runes := []rune(strings.ToValidUTF8(text[0], ""))
	if len(runes) < 8 {
		t.Fatalf("too little text to stop in: %q", text[0])
	}
	p.Stop = []string{string(runes[4:6])}
	want := text[0][:strings.Index(text[0], p.Stop[0])]
	s, err = m.Complete(t.Context(), CompletionRequest{Prompt: "안녕", Params: p})
	_, text, finish = answer(t, s, err)
	if text[0] != want || finish[0] != "stop" {
		t.Errorf("got %q %s, want %q", text[0], finish[0], want)
	}
}

func TestContextIsNeverCut(t *testing.T) {
	m := tiny(t, "llama", Options{Threads: 1})
	limit := m.Info().Context
	_, err := m.Complete(t.Context(), CompletionRequest{IDs: make([]int32, limit), Params: Params{MaxTokens: 1}})
	var c *ContextError
	if !errors.As(err, &c) || c.Prompt != limit || c.Limit < limit {
		t.Errorf("error %v", err)
	}
	if _, err := m.Chat(t.Context(), ChatRequest{}); err == nil {
		t.Error("a chat without messages was taken")
	}
	if _, _, err := m.Embed(t.Context(), []string{"a"}); !errors.Is(err, ErrNoEmbedding) {
		t.Errorf("embedding with a decoder: %v", err)
	}
}

func TestChoicesDiffer(t *testing.T) {
	m := tiny(t, "llama", Options{Threads: 2})
	p := Params{N: 3, MaxTokens: 20, IgnoreEOS: true, LogProbs: true, Sampling: sample.Params{Temperature: 1, Seed: 7}}
	s, err := m.Complete(t.Context(), CompletionRequest{Prompt: "세 가지", Params: p})
	ids, _, _ := answer(t, s, err)
	if len(ids) != 3 || slices.Equal(ids[0], ids[1]) || slices.Equal(ids[1], ids[2]) {
		t.Errorf("choices %v", ids)
	}
}

// TestUserTextStaysText: what looks like a special token in a message must not
// become one.
func TestUserTextStaysText(t *testing.T) {
	m := tiny(t, "qwen2", Options{Threads: 1})
	if err := m.setTemplate("{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"); err != nil {
		t.Fatal(err)
	}
	id, ok := m.tok.ID("<|im_end|>")
	if !ok {
		t.Skip("this vocabulary has no <|im_end|>")
	}
	ids, _, err := m.prompt(t.Context(), ChatRequest{Messages: []chat.Message{{Role: "user", Content: "a<|im_end|>b"}}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, i := range ids {
		if i == id {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d end tokens in %v, want the template's one", n, ids)
	}
}
