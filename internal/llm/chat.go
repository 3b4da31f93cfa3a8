package llm

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"malmoi/internal/chat"
	"malmoi/internal/engine"
	"malmoi/internal/token"
)

// setTemplate prepares the chat template; a base model has none.
func (m *Model) setTemplate(source string) error {
	bos, _ := m.tok.BOS()
	eos, _ := m.tok.EOS()
	t, err := chat.NewTemplate(source, chat.Options{BOS: m.tok.Piece(bos), EOS: m.tok.Piece(eos), Now: m.now})
	if errors.Is(err, chat.ErrNoTemplate) {
		return nil
	}
	if err != nil {
		return err
	}
	m.template = t
	m.dialect = t.Dialect(m.net.Family)
	m.setStops()
	return nil
}

// setStops adds the tokens that end a reply in the dialect, and takes out those
// that only separate its parts.
func (m *Model) setStops() {
	for _, s := range m.dialect.Stops {
		if id, ok := m.tok.ID(s); ok && !slices.Contains(m.stops, id) {
			m.stops = append(m.stops, id)
		}
	}
	m.chatStops = slices.DeleteFunc(slices.Clone(m.stops), func(id int32) bool {
		return slices.Contains(m.dialect.Continues, m.tok.Piece(id))
	})
}

// prompt renders a conversation and returns its tokens. Special tokens count
// only where the template wrote them.
func (m *Model) prompt(ctx context.Context, r ChatRequest) ([]int32, string, error) {
	if m.eng == nil {
		return nil, "", ErrNoGeneration
	}
	if m.template == nil {
		return nil, "", fmt.Errorf("%w: %s is a base model and can only continue a text", ErrNoTemplate, m.info.Name)
	}
	if len(r.Messages) == 0 {
		return nil, "", fmt.Errorf("%w: no messages", ErrBadRequest)
	}
	tools := r.Tools
	if r.ToolChoice.Mode == "none" {
		tools = nil
	}
	segs, err := m.template.Render(ctx, chat.Request{Messages: r.Messages, Tools: tools, AddGenerationPrompt: true, Kwargs: r.Kwargs})
	if err != nil {
		return nil, "", fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	marked := make([]token.Segment, len(segs))
	for i, s := range segs {
		marked[i] = token.Segment{Text: s.Text, Special: s.Trusted}
	}
	return m.tok.EncodeSegments(nil, marked), chat.Text(segs), nil
}

// TokenizeChat is the prompt that a chat request becomes.
func (m *Model) TokenizeChat(r ChatRequest) ([]int32, error) {
	ids, _, err := m.prompt(context.Background(), r)
	return ids, err
}

// CountTokens is the length of that prompt.
func (m *Model) CountTokens(r ChatRequest) (int, error) {
	ids, _, err := m.prompt(context.Background(), r)
	return len(ids), err
}

// Chat answers a conversation.
func (m *Model) Chat(ctx context.Context, r ChatRequest) (Stream, error) {
	ids, text, err := m.prompt(ctx, r)
	if err != nil {
		return nil, err
	}
	how := reply{stops: m.chatStops}
	if how.forced, err = m.forcedCall(text, r); err != nil {
		return nil, err
	}
	if f := how.forced; f != nil {
		ids = m.tok.EncodeAppend(ids, f.Prefix, true)
	}
	how.parser = func() *chat.Parser { return m.dialect.Parser(chat.ParserOptions{Prompt: text, Tools: r.Tools}) }
	return m.start(ctx, ids, r.Params, how)
}

// Complete continues a text without a template.
func (m *Model) Complete(ctx context.Context, r CompletionRequest) (Stream, error) {
	if m.eng == nil {
		return nil, ErrNoGeneration
	}
	ids := r.IDs
	if ids == nil {
		ids = m.tok.WithSpecials(m.tok.Encode(r.Prompt, false))
	}
	echo, err := m.echo(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	if r.MaxTokens < 0 {
		return echo.only(len(ids), r.N), nil
	}
	return m.start(ctx, ids, r.Params, reply{echo: echo, stops: m.stops})
}

// Tokenize encodes text; special reads special tokens in it, bos adds what the
// tokenizer adds at the ends.
func (m *Model) Tokenize(text string, special, bos bool) []int32 {
	ids := m.tok.Encode(text, special)
	if bos {
		ids = m.tok.WithSpecials(ids)
	}
	return ids
}

// Detokenize decodes ids; bytes that are not UTF-8 become U+FFFD. Ids outside
// the vocabulary are passed over.
func (m *Model) Detokenize(ids []int32) string {
	known := make([]int32, 0, len(ids))
	for _, id := range ids {
		if id >= 0 && int(id) < m.tok.Size() {
			known = append(known, id)
		}
	}
	return m.tok.Decode(known)
}

// Stats are the engine's counters.
func (m *Model) Stats() Stats {
	if m.eng == nil {
		return Stats{}
	}
	s := m.eng.Stats()
	return Stats{
		Running: s.Running, Waiting: s.Waiting,
		PagesUsed: s.PagesHeld, PagesCached: s.PagesCached, PagesTotal: s.PagesTotal,
		PromptTokens: s.PromptTokens, CachedTokens: s.CachedTokens, CompletionTokens: s.CompletionTokens,
		Requests: s.Requests, Cancelled: s.Cancelled, Failed: s.Failed,
		PrefillSeconds: s.PrefillTime.Seconds(), DecodeSeconds: s.DecodeTime.Seconds(),
	}
}

// engineError translates the engine's errors into this package's.
func (m *Model) engineError(err error) error {
	var c *engine.ErrContext
	switch {
	case err == nil:
		return nil
	case errors.As(err, &c):
		return &ContextError{Prompt: c.Prompt, Max: c.Max, Limit: c.Limit}
	case errors.Is(err, engine.ErrQueueFull):
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case errors.Is(err, engine.ErrRequest):
		return fmt.Errorf("%w: %w", ErrBadRequest, err)
	}
	return err
}
