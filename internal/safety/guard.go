package safety

import (
	"context"
	"log/slog"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// Rules are what a site filters now. The zero value filters nothing.
type Rules struct {
	Levels Levels
	Judge  bool // a model judges too, before and after its answer
}

func (r Rules) off() bool {
	for _, g := range Groups {
		if r.Levels[g] != Off {
			return false
		}
	}
	return true
}

// Guard puts the filter around models: a request that is over the levels is
// refused with a *llm.FilteredError, an answer over them is ended with
// llm.FinishFiltered. rules is asked at every request. Whoever reaches models
// only through the result reaches none past the filter.
//
// Of a request, what the user has said since the last answer is checked: the
// earlier turns were when they were new. A client of the model APIs may invent
// those; it deceives nobody but itself, for the answer is checked too.
func Guard(models llm.Models, f *Filter, rules func(context.Context) (Rules, error), log *slog.Logger) llm.Models {
	return &guarded{models, f, rules, log}
}

type guarded struct {
	llm.Models
	filter *Filter
	rules  func(context.Context) (Rules, error)
	log    *slog.Logger
}

// Acquire implements llm.Models.
func (g *guarded) Acquire(ctx context.Context, name string) (llm.Generator, func(), error) {
	m, release, err := g.Models.Acquire(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	return &generator{m, g}, release, nil
}

// generator is a model that is asked and answers through the filter.
type generator struct {
	llm.Generator
	g *guarded
}

// Chat implements llm.Generator.
func (m *generator) Chat(ctx context.Context, r llm.ChatRequest) (llm.Stream, error) {
	return m.ask(ctx, func() string { return said(r.Messages) }, r.N, func() (llm.Stream, error) { return m.Generator.Chat(ctx, r) })
}

// Complete implements llm.Generator.
func (m *generator) Complete(ctx context.Context, r llm.CompletionRequest) (llm.Stream, error) {
	text := func() string {
		if r.IDs != nil {
			return m.Detokenize(r.IDs)
		}
		return r.Prompt
	}
	return m.ask(ctx, text, r.N, func() (llm.Stream, error) { return m.Generator.Complete(ctx, r) })
}

func (m *generator) ask(ctx context.Context, text func() string, choices int, begin func() (llm.Stream, error)) (llm.Stream, error) {
	rules, err := m.g.rules(ctx)
	if err != nil {
		return nil, err
	}
	if rules.off() {
		return begin()
	}
	if over := m.over(ctx, rules, text()); len(over) > 0 {
		return nil, &llm.FilteredError{Groups: names(over)}
	}
	st, err := begin()
	if err != nil {
		return nil, err
	}
	return newStream(st, m, rules, choices), nil
}

// over is the groups in which a text is over the levels.
func (m *generator) over(ctx context.Context, rules Rules, text string) []Group {
	if over := m.g.filter.Check(text).Blocked(rules.Levels); len(over) > 0 || !rules.Judge || text == "" {
		return over
	}
	return m.judged(ctx, rules, text)
}

// judged is the groups in which the model finds a text over the levels. A
// judge that fails blocks nothing: the word list has passed the text.
func (m *generator) judged(ctx context.Context, rules Rules, text string) []Group {
	if !m.Info().Chat {
		return nil
	}
	v, err := Judge(ctx, m.Generator, text)
	if err != nil {
		if ctx.Err() == nil {
			m.g.log.Warn("a text was not judged", "model", m.Info().Name, "error", err)
		}
		return nil
	}
	return v.Blocked(rules.Levels)
}

// said is what the user has written since the last answer.
func said(messages []chat.Message) string {
	from := len(messages)
	for from > 0 && (messages[from-1].Role != "assistant" || messages[from-1].Content == "") {
		from--
	}
	text := ""
	for _, m := range messages[from:] {
		if m.Role == "user" {
			text += m.Content + "\n"
		}
	}
	return text
}

func names(groups []Group) []string {
	out := make([]string, len(groups))
	for i, g := range groups {
		out[i] = string(g)
	}
	return out
}
