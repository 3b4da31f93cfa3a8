package anthropic

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Request is the body of POST /v1/messages.
type Request struct {
	Prompt

	MaxTokens     *int            `json:"max_tokens"`
	StopSequences []string        `json:"stop_sequences"`
	Temperature   *float32        `json:"temperature"`
	TopP          *float32        `json:"top_p"`
	TopK          *int            `json:"top_k"`
	Stream        bool            `json:"stream"`
	Metadata      json.RawMessage `json:"metadata"`     // without effect
	ServiceTier   string          `json:"service_tier"` // likewise
	InferenceGeo  string          `json:"inference_geo"`
}

// Prompt is what a message and a token count have in common; by itself it is
// the body of POST /v1/messages/count_tokens.
type Prompt struct {
	Model        string            `json:"model"`
	Messages     []json.RawMessage `json:"messages"`
	System       json.RawMessage   `json:"system"` // text or text blocks
	Tools        []Tool            `json:"tools"`
	ToolChoice   *ToolChoice       `json:"tool_choice"`
	Thinking     *Thinking         `json:"thinking"`
	OutputConfig *OutputConfig     `json:"output_config"`
	CacheControl json.RawMessage   `json:"cache_control"` // without effect: all prefixes are cached

	MCPServers        []json.RawMessage `json:"mcp_servers"`
	Container         json.RawMessage   `json:"container"`
	ContextManagement json.RawMessage   `json:"context_management"`
}

// Tool is a function offered to the model.
type Tool struct {
	Type        string          `json:"type"` // "" or custom
	Name        string          `json:"name"`
	Description string          `json:"description"`
	InputSchema json.RawMessage `json:"input_schema"`
	Strict      *bool           `json:"strict"`
}

// ToolChoice says whether a tool may, must or must not be called.
type ToolChoice struct {
	Type                   string `json:"type"` // auto, any, tool, none
	Name                   string `json:"name"`
	DisableParallelToolUse bool   `json:"disable_parallel_tool_use"`
}

// Thinking switches the model's thinking on or off. A budget is not kept: the
// model thinks as long as it does.
type Thinking struct {
	Type         string `json:"type"` // enabled, adaptive, disabled
	BudgetTokens *int   `json:"budget_tokens"`
	Display      string `json:"display"`
}

// OutputConfig constrains the answer.
type OutputConfig struct {
	Effort string  `json:"effort"`
	Format *Format `json:"format"`
}

// Format is the form that the answer must have.
type Format struct {
	Type   string          `json:"type"` // json_schema
	Schema json.RawMessage `json:"schema"`
}

// Decode reads a message request and turns it into one for package llm.
func Decode(body []byte) (*Request, llm.ChatRequest, error) {
	var w Request
	if err := wire.Decode(body, &w); err != nil {
		return nil, llm.ChatRequest{}, err
	}
	r, err := w.chat()
	if err != nil {
		return nil, r, err
	}
	return &w, r, w.putParams(&r.Params)
}

// DecodeCount reads a request to count tokens.
func DecodeCount(body []byte) (*Prompt, llm.ChatRequest, error) {
	var w Prompt
	if err := wire.Decode(body, &w); err != nil {
		return nil, llm.ChatRequest{}, err
	}
	r, err := w.chat()
	return &w, r, err
}

func (w *Request) putParams(p *llm.Params) error {
	if w.MaxTokens == nil {
		return wire.Missing("max_tokens")
	}
	if *w.MaxTokens < 1 {
		return wire.Invalid("max_tokens", "must be at least 1, got %d", *w.MaxTokens)
	}
	p.MaxTokens = min(*w.MaxTokens, math.MaxInt32)
	p.N = 1
	q := &p.Sampling
	*q = rule.Defaults()
	q.Seed = rand.Uint64()
	if err := rule.Float(&q.Temperature, w.Temperature, "temperature", 0, 1); err != nil {
		return err
	}
	if w.TopK != nil {
		if *w.TopK < 0 {
			return wire.Invalid("top_k", "must be at least 0, got %d", *w.TopK)
		}
		q.TopK = *w.TopK
	}
	if err := rule.TopP(q, w.TopP, "top_p"); err != nil {
		return err
	}
	if err := rule.Stops(w.StopSequences, "stop_sequences"); err != nil {
		return err
	}
	p.Stop = w.StopSequences
	return nil
}

// chat is the request without the parameters that steer generation.
func (w *Prompt) chat() (llm.ChatRequest, error) {
	r := llm.ChatRequest{ParallelToolCalls: true, ToolChoice: llm.ToolChoice{Mode: "auto"}}
	var err error
	if err = w.refuse(); err != nil {
		return r, err
	}
	if r.Messages, err = w.messages(); err != nil {
		return r, err
	}
	if r.Tools, err = tools(w.Tools); err != nil {
		return r, err
	}
	if err = w.putToolChoice(&r); err != nil {
		return r, err
	}
	if err = w.putOutput(&r); err != nil {
		return r, err
	}
	return r, w.putThinking(&r)
}

func (w *Prompt) refuse() error {
	switch {
	case len(w.MCPServers) > 0:
		return wire.Unsupported("mcp_servers", "this server calls no other servers")
	case !wire.Null(w.Container):
		return wire.Unsupported("container", "this server runs no code")
	case !wire.Null(w.ContextManagement):
		return wire.Unsupported("context_management", "this server leaves the context as it is sent")
	}
	return nil
}

func tools(in []Tool) ([]chat.Tool, error) {
	var out []chat.Tool
	for i, t := range in {
		at := fmt.Sprintf("tools[%d]", i)
		if t.Type != "" && t.Type != "custom" {
			return nil, wire.Unsupported(at+".type", "this server has no tool of type %q", wire.Shorten(t.Type))
		}
		if err := rule.ToolName(t.Name, at+".name"); err != nil {
			return nil, err
		}
		schema, err := rule.Parameters(t.InputSchema, at+".input_schema")
		if err != nil {
			return nil, err
		}
		out = append(out, chat.Tool{
			Name: t.Name, Description: t.Description, Parameters: schema, Strict: t.Strict != nil && *t.Strict,
		})
	}
	return out, rule.Tools(out)
}

func (w *Prompt) putToolChoice(r *llm.ChatRequest) error {
	c := w.ToolChoice
	if c == nil {
		return nil
	}
	r.ParallelToolCalls = !c.DisableParallelToolUse
	switch c.Type {
	case "auto", "none":
		r.ToolChoice.Mode = c.Type
	case "any":
		r.ToolChoice.Mode = "required"
		if len(r.Tools) == 0 {
			return wire.Invalid("tool_choice", "%q needs tools", c.Type)
		}
	case "tool":
		r.ToolChoice = llm.ToolChoice{Mode: "function", Name: c.Name}
		for _, t := range r.Tools {
			if t.Name == c.Name {
				return nil
			}
		}
		return wire.Invalid("tool_choice.name", "no tool has the name %q", wire.Shorten(c.Name))
	default:
		return wire.Invalid("tool_choice.type", "%q is not one of auto, any, tool, none", wire.Shorten(c.Type))
	}
	return nil
}

func (w *Prompt) putOutput(r *llm.ChatRequest) (err error) {
	if w.OutputConfig == nil {
		return nil
	}
	if r.Kwargs, err = rule.Effort(w.OutputConfig.Effort, "output_config.effort"); err != nil {
		return err
	}
	f := w.OutputConfig.Format
	if f == nil {
		return nil
	}
	if f.Type != "json_schema" {
		return wire.Invalid("output_config.format.type", "%q is not json_schema", wire.Shorten(f.Type))
	}
	r.Format.JSONSchema, err = rule.Schema(f.Schema, "output_config.format.schema")
	return err
}

func (w *Prompt) putThinking(r *llm.ChatRequest) error {
	if w.Thinking == nil {
		return nil
	}
	on := w.Thinking.Type != "disabled"
	switch w.Thinking.Type {
	case "enabled", "disabled", "adaptive":
	default:
		return wire.Invalid("thinking.type", "%q is not one of enabled, adaptive, disabled", wire.Shorten(w.Thinking.Type))
	}
	if r.Kwargs == nil {
		r.Kwargs = map[string]any{}
	}
	for name, value := range chat.Thinking(on) {
		r.Kwargs[name] = value
	}
	return nil
}
