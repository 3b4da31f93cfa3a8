package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Model is a model of the server.
type Model struct {
	ID      string `json:"id"`
	Created int64  `json:"created"` // seconds since 1970
}

// Models lists the models that a key may use.
func (c *Client) Models(ctx context.Context) ([]Model, error) {
	var out struct {
		Data []Model `json:"data"`
	}
	return out.Data, c.call(ctx, "GET", "/v1/models", nil, &out)
}

// Turn is a message without a conversation around it.
type Turn struct {
	Role    string `json:"role"` // system, user or assistant
	Content string `json:"content"`
}

// Completion asks a model for the next turn, in the words of
// /v1/chat/completions.
type Completion struct {
	Model       string          `json:"model,omitempty"` // "": the server's default
	Messages    []Turn          `json:"messages"`
	Temperature *float32        `json:"temperature,omitempty"`
	TopP        *float32        `json:"top_p,omitempty"`
	MaxTokens   int             `json:"max_tokens,omitempty"`
	Seed        *int64          `json:"seed,omitempty"`
	Stop        []string        `json:"stop,omitempty"`
	Format      *ResponseFormat `json:"response_format,omitempty"`
}

// ResponseFormat asks for JSON: any with "json_object", or as a schema says.
type ResponseFormat struct {
	Type   string      `json:"type"` // json_object or json_schema
	Schema *JSONSchema `json:"json_schema,omitempty"`
}

// JSONSchema is a schema under a name.
type JSONSchema struct {
	Name   string          `json:"name"`
	Schema json.RawMessage `json:"schema"`
}

// Completed is an answer of a model.
type Completed struct {
	Content      string
	Reasoning    string
	Finish       string // stop, length, tool_calls or content_filter
	PromptTokens int
	Tokens       int // of the answer
}

// chunk is a piece of a stream of /v1/chat/completions.
type chunk struct {
	Choices []struct {
		Delta struct {
			Content   string `json:"content"`
			Reasoning string `json:"reasoning_content"`
		} `json:"delta"`
		Finish string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt int `json:"prompt_tokens"`
		Tokens int `json:"completion_tokens"`
	} `json:"usage"`
	Error *Error `json:"error"`
}

// Complete has a model answer and hands each piece to take, which may be nil.
// It returns the whole answer. An error of take stops the model.
func (c *Client) Complete(ctx context.Context, r Completion, take func(Delta) error) (Completed, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // whoever leaves early leaves no model at work
	body := struct {
		Completion
		Stream  bool            `json:"stream"`
		Options map[string]bool `json:"stream_options"`
	}{r, true, map[string]bool{"include_usage": true}}
	resp, err := c.open(ctx, "POST", "/v1/chat/completions", body, nil)
	if err != nil {
		return Completed{}, err
	}
	defer resp.Body.Close()
	var out Completed
	var content, reasoning strings.Builder
	err = eachEvent(resp.Body, func(e event) error {
		if e.data == "[DONE]" {
			return io.EOF
		}
		var p chunk
		if err := json.Unmarshal([]byte(e.data), &p); err != nil {
			return fmt.Errorf("malmoi: a piece of the answer: %w", err)
		}
		if p.Error != nil {
			return p.Error
		}
		if p.Usage != nil {
			out.PromptTokens, out.Tokens = p.Usage.Prompt, p.Usage.Tokens
		}
		for _, choice := range p.Choices {
			d := Delta{Content: choice.Delta.Content, Reasoning: choice.Delta.Reasoning}
			content.WriteString(d.Content)
			reasoning.WriteString(d.Reasoning)
			if choice.Finish != "" {
				out.Finish = choice.Finish
			}
			if take != nil && (d.Content != "" || d.Reasoning != "") {
				if err := take(d); err != nil {
					return err
				}
			}
		}
		return nil
	})
	out.Content, out.Reasoning = content.String(), reasoning.String()
	switch {
	case errors.Is(err, io.EOF):
		return out, nil
	case err == nil:
		return out, ErrCut
	}
	return out, err
}
