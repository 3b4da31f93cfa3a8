package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"malmoi/internal/httpapi/fake"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// models are scripted models that can be exchanged, and remember what they
// were asked.
type models struct {
	mu       sync.Mutex
	list     []*fake.Model
	delay    time.Duration
	requests []request
}

// request is what a model was asked, as tests read it.
type request struct {
	Model       string `json:"model"`
	Messages    []turn `json:"messages"`
	Temperature any    `json:"temperature"`
	TopP        any    `json:"top_p"`
	MaxTokens   int    `json:"max_tokens"`
	Title       bool   `json:"title"` // it asks for a chat's title
}

type turn struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

func theUsual() []wire.Model {
	return []wire.Model{
		{
			Name: "qwen2.5-coder-1.5b", Title: "Qwen2.5-Coder 1.5B", Parameters: "1.5B", Quant: "Q4_K", Bytes: 1117320736,
			Context: 32768, Licence: "Apache-2.0", LicenceURL: "https://www.apache.org/licenses/LICENSE-2.0", Chat: true, Loaded: true,
			Note: "작은 기본 모델이라 지어낸 사실을 말할 수 있습니다. 중요한 내용은 꼭 확인하세요.",
		},
		{
			Name: "hyperclovax-seed-1.5b", Title: "HyperCLOVA X SEED 1.5B", Parameters: "1.5B", Quant: "Q8_0", Bytes: 1689320736,
			Context: 16384, Licence: "HyperCLOVA X SEED", LicenceURL: "https://example.com/licence", Chat: true,
		},
		{Name: "bge-m3", Title: "BGE-M3", Embedding: true},
	}
}

func newModels(list []wire.Model, delay time.Duration) *models {
	m := &models{delay: delay}
	m.replace(list)
	return m
}

// replace exchanges the models.
func (m *models) replace(list []wire.Model) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = nil
	for _, w := range list {
		m.list = append(m.list, m.model(w))
	}
}

func (m *models) model(w wire.Model) *fake.Model {
	f := &fake.Model{About: llm.Info{
		Name: w.Name, Title: w.Title, Family: w.Family, Parameters: w.Parameters, Quant: w.Quant, Bytes: w.Bytes,
		Context: w.Context, Licence: w.Licence, LicenceURL: w.LicenceURL, Chat: w.Chat, Tools: w.Tools,
		Reasoning: w.Reasoning, Embedding: w.Embedding, Loaded: w.Loaded, Note: w.Note,
	}}
	if w.Chat {
		f.OnChat = func(r llm.ChatRequest) fake.Script { return m.answer(w.Name, r) }
	}
	return f
}

// answer notes a request and plans what it gets.
func (m *models) answer(name string, r llm.ChatRequest) fake.Script {
	seen := request{Model: name, Messages: []turn{}, MaxTokens: r.MaxTokens, Title: asksTitle(r)}
	if r.Sampling.Temperature != 0 {
		seen.Temperature = r.Sampling.Temperature
	}
	if r.Sampling.TopP != 0 {
		seen.TopP = r.Sampling.TopP
	}
	question, last, results := "", "", 0
	for _, msg := range r.Messages {
		seen.Messages = append(seen.Messages, turn{string(msg.Role), msg.Content})
		if msg.Role == "user" {
			question, results = msg.Content, 0
		}
		if msg.Role == "tool" {
			last = msg.Content
			results++
		}
	}
	m.mu.Lock()
	m.requests = append(m.requests, seen)
	delay := m.delay
	m.mu.Unlock()
	if seen.Title {
		return fake.Say(title(question))
	}
	p := plans(question)
	if len(r.Tools) == 0 {
		p.calls = nil
	}
	return p.turn(results, last).script(delay)
}

func (m *models) seen() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]request{}, m.requests...)
}

// List implements llm.Models.
func (m *models) List() []llm.Info {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := []llm.Info{}
	for _, f := range m.list {
		out = append(out, f.About)
	}
	return out
}

// Default implements llm.Models.
func (m *models) Default() string {
	if list := m.List(); len(list) > 0 {
		return list[0].Name
	}
	return ""
}

// Acquire implements llm.Models.
func (m *models) Acquire(_ context.Context, name string) (llm.Generator, func(), error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range m.list {
		if f.About.Name == name {
			return f, func() {}, nil
		}
	}
	return nil, nil, fmt.Errorf("llm: %w: %q is not installed", llm.ErrUnknownModel, name)
}
