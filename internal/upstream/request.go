package upstream

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"malmoi/internal/chat"
	"malmoi/internal/llm"
)

// body is a chat or completion request on the wire. What is nil is not sent.
type body struct {
	Model         string         `json:"model"`
	Messages      []message      `json:"messages,omitempty"`
	Prompt        any            `json:"prompt,omitempty"` // text or token ids
	Stream        bool           `json:"stream"`
	StreamOptions *streamOptions `json:"stream_options,omitempty"`

	MaxTokens           *int `json:"max_tokens,omitempty"`
	MaxCompletionTokens *int `json:"max_completion_tokens,omitempty"`
	N                   *int `json:"n,omitempty"`

	Temperature       *float32           `json:"temperature,omitempty"`
	TopP              *float32           `json:"top_p,omitempty"`
	TopK              *int               `json:"top_k,omitempty"`
	MinP              *float32           `json:"min_p,omitempty"`
	PresencePenalty   *float32           `json:"presence_penalty,omitempty"`
	FrequencyPenalty  *float32           `json:"frequency_penalty,omitempty"`
	RepetitionPenalty *float32           `json:"repetition_penalty,omitempty"`
	RepeatPenalty     *float32           `json:"repeat_penalty,omitempty"`
	Seed              *int64             `json:"seed,omitempty"`
	LogitBias         map[string]float32 `json:"logit_bias,omitempty"`
	Stop              []string           `json:"stop,omitempty"`
	IgnoreEOS         bool               `json:"ignore_eos,omitempty"`

	LogProbs    any  `json:"logprobs,omitempty"` // chat: true; completions: the number of alternatives
	TopLogProbs *int `json:"top_logprobs,omitempty"`
	Echo        bool `json:"echo,omitempty"`

	Tools             []tool `json:"tools,omitempty"`
	ToolChoice        any    `json:"tool_choice,omitempty"`
	ParallelToolCalls *bool  `json:"parallel_tool_calls,omitempty"`

	ResponseFormat  *responseFormat    `json:"response_format,omitempty"`
	Structured      *structuredOutputs `json:"structured_outputs,omitempty"`
	Grammar         string             `json:"grammar,omitempty"`
	ReasoningEffort string             `json:"reasoning_effort,omitempty"`
	TemplateKwargs  map[string]any     `json:"chat_template_kwargs,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type responseFormat struct {
	Type   string      `json:"type"`
	Schema *schemaSpec `json:"json_schema,omitempty"`
}

type schemaSpec struct {
	Name   string          `json:"name"`
	Strict bool            `json:"strict"`
	Schema json.RawMessage `json:"schema"`
}

type structuredOutputs struct {
	Regex   string `json:"regex,omitempty"`
	Grammar string `json:"grammar,omitempty"`
}

type message struct {
	Role             string     `json:"role"`
	Content          *string    `json:"content"`
	Name             string     `json:"name,omitempty"`
	ReasoningContent string     `json:"reasoning_content,omitempty"`
	Reasoning        string     `json:"reasoning,omitempty"`
	ToolCalls        []toolCall `json:"tool_calls,omitempty"`
	ToolCallID       string     `json:"tool_call_id,omitempty"`
}

type toolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	} `json:"function"`
}

type tool struct {
	Type     string       `json:"type"`
	Function toolFunction `json:"function"`
}

type toolFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      bool            `json:"strict,omitempty"`
}

// maxBody bounds a request as it is sent.
const maxBody = 64 << 20

// chatBody writes a chat request for a server of a flavour.
func chatBody(model string, fl flavour, r llm.ChatRequest) ([]byte, error) {
	if len(r.Messages) == 0 {
		return nil, fmt.Errorf("%w: no messages", llm.ErrBadRequest)
	}
	b := body{Model: model, Stream: true, StreamOptions: &streamOptions{IncludeUsage: true}}
	for _, m := range r.Messages {
		b.Messages = append(b.Messages, newMessage(m, fl))
	}
	b.putTools(r)
	if err := b.putParams(r.Params, fl); err != nil {
		return nil, err
	}
	if n := r.MaxTokens; n > 0 && fl.newMax {
		b.MaxCompletionTokens = &n
	} else if n > 0 {
		b.MaxTokens = &n
	}
	if r.LogProbs {
		b.LogProbs, b.TopLogProbs = true, &r.TopLogProbs
	}
	if fl.kwargs {
		b.TemplateKwargs = r.Kwargs
	}
	if effort, ok := r.Kwargs["reasoning_effort"].(string); ok && fl.effort {
		b.ReasoningEffort = effort
	}
	return b.encode()
}

// completionBody writes a completion request.
func completionBody(model string, fl flavour, r llm.CompletionRequest, context int) ([]byte, error) {
	b := body{Model: model, Prompt: r.Prompt, Stream: true, StreamOptions: &streamOptions{IncludeUsage: true}, Echo: r.Echo}
	size := len(r.Prompt)
	if r.IDs != nil {
		b.Prompt, size = r.IDs, len(r.IDs)
	}
	if size == 0 {
		return nil, fmt.Errorf("%w: the prompt is empty", llm.ErrBadRequest)
	}
	if err := b.putParams(r.Params, fl); err != nil {
		return nil, err
	}
	most := r.MaxTokens
	switch {
	case most < 0:
		most = 0 // echo only
	case most == 0:
		// A text has at most as many tokens as bytes; servers take 16 for nothing.
		most = min(max(cmp.Or(context, completionTokens)-size, 16), completionTokens)
	}
	b.MaxTokens = &most
	if r.LogProbs {
		b.LogProbs = r.TopLogProbs
	}
	return b.encode()
}

// completionTokens is what a completion without a limit of its own gets.
const completionTokens = 4096

func (b *body) encode() ([]byte, error) {
	out, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", llm.ErrBadRequest, err)
	}
	if len(out) > maxBody {
		return nil, fmt.Errorf("%w: the request has %d bytes, at most %d are sent to another server", llm.ErrBadRequest, len(out), maxBody)
	}
	return out, nil
}

func newMessage(m chat.Message, fl flavour) message {
	w := message{Role: m.Role, Content: &m.Content, Name: m.Name, ToolCallID: m.ToolCallID}
	if w.Role == "developer" && !fl.developer {
		w.Role = "system"
	}
	switch fl.thoughts {
	case "reasoning_content":
		w.ReasoningContent = m.Reasoning
	case "reasoning":
		w.Reasoning = m.Reasoning
	}
	for _, c := range m.ToolCalls {
		call := toolCall{ID: c.ID, Type: "function"}
		call.Function.Name, call.Function.Arguments = c.Name, c.Arguments
		w.ToolCalls = append(w.ToolCalls, call)
	}
	if m.Content == "" && len(w.ToolCalls) > 0 {
		w.Content = nil
	}
	return w
}

func (b *body) putTools(r llm.ChatRequest) {
	if len(r.Tools) == 0 {
		return
	}
	for _, t := range r.Tools {
		b.Tools = append(b.Tools, tool{Type: "function", Function: toolFunction{Name: t.Name, Description: t.Description, Parameters: t.Parameters, Strict: t.Strict}})
	}
	switch c := r.ToolChoice; c.Mode {
	case "none", "required":
		b.ToolChoice = c.Mode
	case "function":
		b.ToolChoice = map[string]any{"type": "function", "function": map[string]string{"name": c.Name}}
	}
	if !r.ParallelToolCalls {
		b.ParallelToolCalls = new(bool)
	}
}

// putParams writes the knobs that are turned; neutral ones are left out, for
// servers that refuse fields they do not know.
func (b *body) putParams(p llm.Params, fl flavour) error {
	s := p.Sampling
	b.Temperature = &s.Temperature
	b.TopP = unless(s.TopP, 0, 1)
	b.PresencePenalty = unless(s.PresencePenalty, 0)
	b.FrequencyPenalty = unless(s.FrequencyPenalty, 0)
	seed := int64(s.Seed & math.MaxInt64) // some servers read a signed number
	b.Seed = unless(seed, 0)
	if fl.extras {
		b.TopK = unless(s.TopK, 0)
		b.MinP = unless(s.MinP, 0)
		b.IgnoreEOS = p.IgnoreEOS
		penalty := unless(s.RepetitionPenalty, 0, 1)
		if fl.penalty == "repeat_penalty" {
			b.RepeatPenalty = penalty
		} else {
			b.RepetitionPenalty = penalty
		}
	}
	for id, bias := range s.LogitBias {
		if b.LogitBias == nil {
			b.LogitBias = map[string]float32{}
		}
		b.LogitBias[strconv.Itoa(int(id))] = bias
	}
	b.Stop = p.Stop
	if p.N > maxChoices {
		return fmt.Errorf("%w: n is %d, at most %d choices are asked for at once", llm.ErrBadRequest, p.N, maxChoices)
	}
	if p.N > 1 {
		b.N = &p.N
	}
	return b.putFormat(p.Format, fl)
}

// maxChoices bounds N, as package llm does for its own models.
const maxChoices = 16

// unless is a pointer to v, nil if v is one of the neutral values.
func unless[T comparable](v T, neutral ...T) *T {
	for _, n := range neutral {
		if v == n {
			return nil
		}
	}
	return &v
}
