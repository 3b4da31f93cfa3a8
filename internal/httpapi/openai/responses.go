package openai

import (
	"encoding/json"
	"fmt"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// ResponseRequest is the body of POST /v1/responses.
type ResponseRequest struct {
	Model              string          `json:"model"`
	Input              json.RawMessage `json:"input"` // text or items
	Instructions       *string         `json:"instructions"`
	PreviousResponseID *string         `json:"previous_response_id"`
	Store              *bool           `json:"store"`
	Stream             bool            `json:"stream"`
	StreamOptions      *StreamOptions  `json:"stream_options"`

	Tools             []ResponseTool  `json:"tools"`
	ToolChoice        json.RawMessage `json:"tool_choice"`
	ParallelToolCalls *bool           `json:"parallel_tool_calls"`
	MaxToolCalls      *int            `json:"max_tool_calls"` // of built-in tools, of which there are none
	Text              *TextConfig     `json:"text"`
	Reasoning         *Reasoning      `json:"reasoning"`

	MaxOutputTokens *int     `json:"max_output_tokens"`
	Temperature     *float32 `json:"temperature"`
	TopP            *float32 `json:"top_p"`
	TopLogProbs     *int     `json:"top_logprobs"`
	Include         []string `json:"include"`
	Truncation      string   `json:"truncation"`

	TopK              *int            `json:"top_k"` // from here on extras of ours
	MinP              *float32        `json:"min_p"`
	RepetitionPenalty *float32        `json:"repetition_penalty"`
	Seed              *int64          `json:"seed"`
	TemplateKwargs    json.RawMessage `json:"chat_template_kwargs"`

	Metadata             json.RawMessage `json:"metadata"`
	User                 string          `json:"user"`
	ServiceTier          string          `json:"service_tier"`
	SafetyIdentifier     string          `json:"safety_identifier"`
	PromptCacheKey       string          `json:"prompt_cache_key"`
	PromptCacheRetention string          `json:"prompt_cache_retention"`

	Background   bool            `json:"background"`
	Conversation json.RawMessage `json:"conversation"`
	Prompt       json.RawMessage `json:"prompt"`
}

// ResponseTool is a function offered to the model; the Responses API has it
// flat where the chat API nests it.
type ResponseTool struct {
	Type string `json:"type"`
	Function
}

// TextConfig is the form of the answer.
type TextConfig struct {
	Format    *TextFormat `json:"format"`
	Verbosity string      `json:"verbosity"`
}

// TextFormat is ResponseFormat, flat.
type TextFormat struct {
	Type        string          `json:"type"`
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// Reasoning asks for more or less thinking.
type Reasoning struct {
	Effort          *string `json:"effort"`
	Summary         *string `json:"summary"`
	GenerateSummary *string `json:"generate_summary,omitempty"`
}

// DecodeResponse reads a request of the Responses API. The llm request holds
// the turns of Input only: the caller puts what came before in front, and
// System before that.
func DecodeResponse(body []byte) (*ResponseRequest, llm.ChatRequest, error) {
	var w ResponseRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, llm.ChatRequest{}, err
	}
	r, err := w.request()
	return &w, r, err
}

// Keep reports whether the answer is to be stored.
func (w *ResponseRequest) Keep() bool { return w.Store == nil || *w.Store }

// System is the turn that Instructions make, for this answer only.
func (w *ResponseRequest) System() []chat.Message {
	if w.Instructions == nil || *w.Instructions == "" {
		return nil
	}
	return []chat.Message{{Role: "system", Content: *w.Instructions}}
}

func (w *ResponseRequest) request() (llm.ChatRequest, error) {
	var r llm.ChatRequest
	var err error
	if err = w.refuse(); err != nil {
		return r, err
	}
	if r.Messages, err = items(w.Input); err != nil {
		return r, err
	}
	s := Sampling{Temperature: w.Temperature, TopP: w.TopP, TopK: w.TopK, MinP: w.MinP, RepetitionPenalty: w.RepetitionPenalty, Seed: w.Seed}
	if r.Params, err = s.params(); err != nil {
		return r, err
	}
	if r.MaxTokens, err = maxTokens("max_output_tokens", w.MaxOutputTokens, "", nil); err != nil {
		return r, err
	}
	if err = w.putFormat(&r.Params); err != nil {
		return r, err
	}
	if err = w.putLogProbs(&r.Params); err != nil {
		return r, err
	}
	if err = w.putTools(&r); err != nil {
		return r, err
	}
	r.Kwargs, err = kwargs(w.effort(), w.TemplateKwargs)
	return r, err
}

func (w *ResponseRequest) refuse() error {
	switch {
	case w.Background:
		return wire.Unsupported("background", "answers in the background are not supported")
	case !wire.Null(w.Conversation):
		return wire.Unsupported("conversation", "stored conversations are not supported; use previous_response_id")
	case !wire.Null(w.Prompt):
		return wire.Unsupported("prompt", "stored prompts are not supported")
	case w.StreamOptions != nil && !w.Stream:
		return wire.Invalid("stream_options", "only allowed when stream is true")
	}
	switch w.Truncation {
	case "", "disabled":
	case "auto":
		return wire.Unsupported("truncation", "this server never cuts a conversation by itself; send disabled")
	default:
		return wire.Invalid("truncation", "%q is not one of auto, disabled", wire.Shorten(w.Truncation))
	}
	return nil
}

func (w *ResponseRequest) effort() string {
	if w.Reasoning == nil || w.Reasoning.Effort == nil {
		return ""
	}
	return *w.Reasoning.Effort
}

func (w *ResponseRequest) putFormat(p *llm.Params) (err error) {
	if w.Text == nil || w.Text.Format == nil {
		return nil
	}
	f := w.Text.Format
	switch f.Type {
	case "text":
	case "json_object":
		p.Format.JSONObject = true
	case "json_schema":
		if wire.Null(f.Schema) {
			return wire.Missing("text.format.schema")
		}
		p.Format.JSONSchema, err = rule.Schema(f.Schema, "text.format.schema")
	default:
		return wire.Invalid("text.format.type", "%q is not one of text, json_object, json_schema", wire.Shorten(f.Type))
	}
	return err
}

// includable are the extra outputs that clients may ask for. Only the log
// probabilities exist here; the others belong to tools and forms of reasoning
// that no answer of ours holds, so leaving them out is right.
var includable = map[string]bool{
	"message.output_text.logprobs": true, "reasoning.encrypted_content": true,
	"web_search_call.action.sources": true, "web_search_call.results": true, "file_search_call.results": true,
	"code_interpreter_call.outputs": true, "computer_call_output.output.image_url": true, "message.input_image.image_url": true,
}

func (w *ResponseRequest) putLogProbs(p *llm.Params) error {
	for _, name := range w.Include {
		if !includable[name] {
			return wire.Invalid("include", "%q is not known", wire.Shorten(name))
		}
		p.LogProbs = p.LogProbs || name == "message.output_text.logprobs"
	}
	if n := w.TopLogProbs; n != nil {
		if *n < 0 || *n > MaxTop {
			return wire.Invalid("top_logprobs", "must be between 0 and %d, got %d", MaxTop, *n)
		}
		p.TopLogProbs = *n
		p.LogProbs = p.LogProbs || *n > 0
	}
	return nil
}

func (w *ResponseRequest) putTools(r *llm.ChatRequest) error {
	for i, t := range w.Tools {
		at := fmt.Sprintf("tools[%d]", i)
		if t.Type != "function" {
			return wire.Unsupported(at+".type", "only tools of type function are supported, got %q", wire.Shorten(t.Type))
		}
		tool, err := t.tool(at)
		if err != nil {
			return err
		}
		r.Tools = append(r.Tools, tool)
	}
	if err := rule.Tools(r.Tools); err != nil {
		return err
	}
	r.ParallelToolCalls = w.ParallelToolCalls == nil || *w.ParallelToolCalls
	var err error
	r.ToolChoice, r.Tools, err = toolChoice(w.ToolChoice, r.Tools)
	return err
}
