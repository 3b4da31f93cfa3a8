// Package fake is a set of models without a model, for the tests of the HTTP
// doors: every stream follows a script. It computes nothing and must never be
// imported by anything but tests.
package fake

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"malmoi/internal/llm"
)

// Step is one move of a scripted stream.
type Step struct {
	Event llm.Event
	Err   error         // returned instead of the event
	Wait  time.Duration // before the move
	Hang  bool          // until the stream is closed or its context ends
	Panic string        // instead of returning
}

// Script says what streams do. Zero values give an empty answer.
type Script struct {
	Steps []Step
	Usage llm.Usage
	Err   error // returned by Chat and Complete themselves
}

// Say is a script that answers with the given pieces and stops.
func Say(pieces ...string) Script {
	var s Script
	for _, p := range pieces {
		s.Steps = append(s.Steps, Step{Event: llm.Event{Content: p}})
	}
	s.Steps = append(s.Steps, Step{Event: llm.Event{Finish: "stop"}})
	s.Usage = llm.Usage{PromptTokens: 7, CachedTokens: 3, CompletionTokens: len(pieces)}
	return s
}

// Model is one scripted llm.Generator. Set the functions before use.
type Model struct {
	About      llm.Info
	OnChat     func(llm.ChatRequest) Script
	OnComplete func(llm.CompletionRequest) Script
	OnEmbed    func([]string) ([][]float32, int, error)

	mu     sync.Mutex
	opened int
	closed int
	chats  []llm.ChatRequest
	texts  []llm.CompletionRequest
}

// Info implements llm.Generator.
func (m *Model) Info() llm.Info { return m.About }

// Chat implements llm.Generator.
func (m *Model) Chat(ctx context.Context, r llm.ChatRequest) (llm.Stream, error) {
	m.mu.Lock()
	m.chats = append(m.chats, r)
	m.mu.Unlock()
	if m.OnChat == nil {
		return nil, llm.ErrNoTemplate
	}
	return m.open(m.OnChat(r))
}

// Complete implements llm.Generator.
func (m *Model) Complete(ctx context.Context, r llm.CompletionRequest) (llm.Stream, error) {
	m.mu.Lock()
	m.texts = append(m.texts, r)
	m.mu.Unlock()
	if m.OnComplete == nil {
		return nil, llm.ErrNoGeneration
	}
	return m.open(m.OnComplete(r))
}

func (m *Model) open(s Script) (llm.Stream, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opened++
	return &stream{script: s, model: m, done: make(chan struct{})}, nil
}

// Embed implements llm.Generator.
func (m *Model) Embed(ctx context.Context, texts []string) ([][]float32, int, error) {
	if m.OnEmbed == nil {
		return nil, 0, llm.ErrNoEmbedding
	}
	return m.OnEmbed(texts)
}

// Tokenize makes one token of every word; ids are the words' lengths.
func (m *Model) Tokenize(text string, special, bos bool) []int32 {
	ids := []int32{}
	if bos {
		ids = append(ids, 1)
	}
	for _, w := range strings.Fields(text) {
		ids = append(ids, int32(len(w)))
	}
	return ids
}

// Detokenize writes each id as a word.
func (m *Model) Detokenize(ids []int32) string {
	words := make([]string, len(ids))
	for i, id := range ids {
		words[i] = fmt.Sprintf("t%d", id)
	}
	return strings.Join(words, " ")
}

// TokenizeChat makes the token 10 of every message, followed by its words.
func (m *Model) TokenizeChat(r llm.ChatRequest) ([]int32, error) {
	var ids []int32
	for _, msg := range r.Messages {
		ids = append(append(ids, 10), m.Tokenize(msg.Content, false, false)...)
	}
	return ids, nil
}

// CountTokens counts the tokens of TokenizeChat.
func (m *Model) CountTokens(r llm.ChatRequest) (int, error) {
	ids, err := m.TokenizeChat(r)
	return len(ids), err
}

// Stats implements llm.Generator.
func (m *Model) Stats() llm.Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return llm.Stats{Running: m.opened - m.closed, Requests: int64(m.opened), PagesTotal: 128}
}

// Open is the number of streams that are not closed.
func (m *Model) Open() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.opened - m.closed
}

// LastChat is the newest chat request, the zero one if there was none.
func (m *Model) LastChat() llm.ChatRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.chats) == 0 {
		return llm.ChatRequest{}
	}
	return m.chats[len(m.chats)-1]
}

// Completions are all completion requests so far.
func (m *Model) Completions() []llm.CompletionRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]llm.CompletionRequest(nil), m.texts...)
}

type stream struct {
	script Script
	model  *Model
	at     int
	once   sync.Once
	done   chan struct{}
}

func (s *stream) Next(ctx context.Context) (llm.Event, error) {
	if s.at == len(s.script.Steps) {
		return llm.Event{}, io.EOF
	}
	n := s.script.Steps[s.at]
	s.at++
	var wait <-chan time.Time // nil waits for ever
	if !n.Hang {
		wait = time.After(n.Wait)
	}
	select {
	case <-ctx.Done():
		return llm.Event{}, ctx.Err()
	case <-s.done:
		return llm.Event{}, context.Canceled
	case <-wait:
	}
	if n.Panic != "" {
		panic(n.Panic)
	}
	return n.Event, n.Err
}

func (s *stream) Usage() llm.Usage { return s.script.Usage }

func (s *stream) Close() error {
	s.once.Do(func() {
		close(s.done)
		s.model.mu.Lock()
		s.model.closed++
		s.model.mu.Unlock()
	})
	return nil
}

// Set is an llm.Models of scripted models, the first of which is the default.
type Set struct {
	Models []*Model

	mu   sync.Mutex
	held int
}

// List implements llm.Models.
func (s *Set) List() []llm.Info {
	var out []llm.Info
	for _, m := range s.Models {
		out = append(out, m.About)
	}
	return out
}

// Default implements llm.Models.
func (s *Set) Default() string {
	if len(s.Models) == 0 {
		return ""
	}
	return s.Models[0].About.Name
}

// Acquire implements llm.Models.
func (s *Set) Acquire(ctx context.Context, name string) (llm.Generator, func(), error) {
	for _, m := range s.Models {
		if m.About.Name == name {
			s.mu.Lock()
			s.held++
			s.mu.Unlock()
			return m, sync.OnceFunc(func() { s.mu.Lock(); s.held--; s.mu.Unlock() }), nil
		}
	}
	return nil, nil, fmt.Errorf("llm: %w: %q is not installed", llm.ErrUnknownModel, name)
}

// Held is the number of models acquired and not released.
func (s *Set) Held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}
