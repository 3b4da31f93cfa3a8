package mcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"malmoi/internal/account"
	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// caller is somebody's request.
type caller struct {
	s    *Server
	who  account.Principal
	gone context.Context // of the HTTP request: ends with the client, the key or the server
}

// until ends ctx also when the request ends: older protocols do not tie them.
func (c caller) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(c.gone, func() { cancel(context.Cause(c.gone)) })
	return ctx, func() { stop(); cancel(nil) }
}

func text(s string) *sdk.CallToolResult {
	return &sdk.CallToolResult{Content: []sdk.Content{&sdk.TextContent{Text: s}}}
}

type nothing struct{}

func (c caller) listModels(context.Context, *sdk.CallToolRequest, nothing) (*sdk.CallToolResult, any, error) {
	var b strings.Builder
	for _, m := range c.s.o.Models.List() {
		if !m.Chat {
			continue
		}
		fmt.Fprintf(&b, "%s", m.Name)
		if m.Name == c.s.o.Models.Default() {
			b.WriteString(" (default)")
		}
		if m.Title != "" {
			b.WriteString(": " + m.Title)
		}
		b.WriteByte('\n')
	}
	if b.Len() == 0 {
		return nil, nil, errors.New("no model is installed")
	}
	return text(b.String()), nil, nil
}

type question struct {
	Prompt    string `json:"prompt" jsonschema:"what to ask"`
	System    string `json:"system,omitempty" jsonschema:"instructions for the model"`
	Model     string `json:"model,omitempty" jsonschema:"a name from list_models; leave out for the default"`
	MaxTokens int    `json:"max_tokens,omitempty" jsonschema:"at most this many tokens of answer"`
}

func (c caller) ask(ctx context.Context, _ *sdk.CallToolRequest, q question) (*sdk.CallToolResult, any, error) {
	ctx, end := c.until(ctx)
	defer end()
	switch {
	case strings.TrimSpace(q.Prompt) == "":
		return nil, nil, errors.New("the prompt is empty")
	case len(q.Prompt)+len(q.System) > maxText:
		return nil, nil, fmt.Errorf("prompt and system have %d bytes, at most %d", len(q.Prompt)+len(q.System), maxText)
	case q.MaxTokens < 0:
		return nil, nil, errors.New("max_tokens is negative")
	}
	select {
	case c.s.slots <- struct{}{}:
		defer func() { <-c.s.slots }()
	default:
		return nil, nil, errors.New("the server is busy; try again in a moment")
	}
	if c.s.o.Meter == nil {
		answer, _, err := c.answer(ctx, q)
		return answer, nil, err
	}
	if err := c.s.o.Meter.Admit(ctx, c.who); err != nil {
		return nil, nil, err
	}
	answer, spend, err := c.answer(ctx, q)
	// Also what a client that is gone has used counts.
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if e := c.s.o.Meter.Record(late, c.who, spend); e != nil {
		c.s.o.Log.Error("use was not recorded", "error", e)
	}
	return answer, nil, err
}

// answer has the model say its answer.
func (c caller) answer(ctx context.Context, q question) (*sdk.CallToolResult, account.Spend, error) {
	name := q.Model
	if name == "" {
		name = c.s.o.Models.Default()
	} else if model, ok := c.s.o.Names[name]; ok {
		name = model
	}
	spend := account.Spend{Model: name}
	m, release, err := c.s.o.Models.Acquire(ctx, name)
	if errors.Is(err, llm.ErrUnknownModel) {
		return nil, spend, fmt.Errorf("there is no model %q; list_models shows their names", name)
	}
	if err != nil {
		return nil, spend, err
	}
	defer release()
	r := llm.ChatRequest{Params: llm.Params{MaxTokens: q.MaxTokens}}
	if q.System != "" {
		r.Messages = append(r.Messages, chat.Message{Role: "system", Content: q.System})
	}
	r.Messages = append(r.Messages, chat.Message{Role: "user", Content: q.Prompt})
	st, err := m.Chat(ctx, r)
	if err != nil {
		return nil, spend, err
	}
	defer st.Close()
	var b strings.Builder
	finish := ""
	for b.Len() <= maxReply {
		e, err := st.Next(ctx)
		if errors.Is(err, io.EOF) {
			if finish == "length" {
				b.WriteString("\n[cut: the answer reached its limit of tokens]")
			}
			return text(b.String()), spent(name, st.Usage()), nil
		}
		if err != nil {
			return nil, spent(name, st.Usage()), err
		}
		b.WriteString(e.Content)
		if e.Finish != "" {
			finish = e.Finish
		}
	}
	return nil, spent(name, st.Usage()), fmt.Errorf("the answer is longer than %d bytes", maxReply)
}

func spent(model string, u llm.Usage) account.Spend {
	return account.Spend{Model: model, PromptTokens: int64(u.PromptTokens), CachedTokens: int64(u.CachedTokens), CompletionTokens: int64(u.CompletionTokens), Busy: u.Prefill + u.Decode}
}

type query struct {
	Query string `json:"query" jsonschema:"words that the conversation has, all of them"`
	Limit int    `json:"limit,omitempty" jsonschema:"how many results, 1 to 50"`
}

func (c caller) search(ctx context.Context, _ *sdk.CallToolRequest, q query) (*sdk.CallToolResult, any, error) {
	ctx, end := c.until(ctx)
	defer end()
	if q.Limit <= 0 {
		q.Limit = 10
	}
	hits, err := c.s.o.Search.Search(ctx, c.who, q.Query, min(q.Limit, maxHits))
	if err != nil {
		return nil, nil, err
	}
	if len(hits) == 0 {
		return text("nothing was found"), nil, nil
	}
	var b strings.Builder
	for i, h := range hits {
		who := string(h.Role)
		if who == "" {
			who = "title"
		}
		fmt.Fprintf(&b, "%d. %s (%s, %s, chat %s)\n   %s\n", i+1, h.Title, who, h.Created.In(account.Seoul).Format(time.DateTime), h.Chat, strings.Join(strings.Fields(h.Snippet), " "))
	}
	return text(b.String()), nil, nil
}
