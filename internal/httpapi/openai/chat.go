package openai

import (
	"bytes"
	"encoding/json"

	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// ChatRequest is the body of POST /v1/chat/completions.
type ChatRequest struct {
	Model    string            `json:"model"`
	Messages []json.RawMessage `json:"messages"`
	Sampling
	Structure
	Hints

	MaxTokens           *int `json:"max_tokens"`
	MaxCompletionTokens *int `json:"max_completion_tokens"`

	Tools             []Tool          `json:"tools"`
	ToolChoice        json.RawMessage `json:"tool_choice"`
	ParallelToolCalls *bool           `json:"parallel_tool_calls"`

	LogProbs    bool `json:"logprobs"`
	TopLogProbs *int `json:"top_logprobs"`

	Stream        bool           `json:"stream"`
	StreamOptions *StreamOptions `json:"stream_options"`

	ReasoningEffort string          `json:"reasoning_effort"`
	TemplateKwargs  json.RawMessage `json:"chat_template_kwargs"`

	// What this server does not have. Named here so that the refusal can say so.
	Functions        json.RawMessage `json:"functions"`
	FunctionCall     json.RawMessage `json:"function_call"`
	Audio            json.RawMessage `json:"audio"`
	Modalities       []string        `json:"modalities"`
	WebSearchOptions json.RawMessage `json:"web_search_options"`
}

// Hints change no answer here and are accepted without effect.
type Hints struct {
	User                 string          `json:"user"`
	Metadata             json.RawMessage `json:"metadata"`
	Store                *bool           `json:"store"`
	ServiceTier          string          `json:"service_tier"`
	SafetyIdentifier     string          `json:"safety_identifier"`
	PromptCacheKey       string          `json:"prompt_cache_key"`
	PromptCacheRetention string          `json:"prompt_cache_retention"`
	Prediction           json.RawMessage `json:"prediction"`
	Verbosity            string          `json:"verbosity"`
	CachePrompt          *bool           `json:"cache_prompt"` // llama.cpp; ours always caches
}

// StreamOptions says what a stream carries beside the answer.
type StreamOptions struct {
	IncludeUsage       bool  `json:"include_usage"`
	IncludeObfuscation *bool `json:"include_obfuscation"` // padding against traffic analysis; never sent
}

// DecodeChat reads a chat request and turns it into one for package llm.
func DecodeChat(body []byte) (*ChatRequest, llm.ChatRequest, error) {
	var w ChatRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, llm.ChatRequest{}, err
	}
	r, err := w.request()
	return &w, r, err
}

// IncludeUsage reports whether a stream ends with a usage chunk.
func (w *ChatRequest) IncludeUsage() bool {
	return w.StreamOptions != nil && w.StreamOptions.IncludeUsage
}

func (w *ChatRequest) request() (llm.ChatRequest, error) {
	var r llm.ChatRequest
	var err error
	if err = w.refuse(); err != nil {
		return r, err
	}
	if r.Messages, err = messages(w.Messages); err != nil {
		return r, err
	}
	if r.Params, err = w.params(); err != nil {
		return r, err
	}
	if r.MaxTokens, err = maxTokens("max_completion_tokens", w.MaxCompletionTokens, "max_tokens", w.MaxTokens); err != nil {
		return r, err
	}
	if r.Format, err = w.format(); err != nil {
		return r, err
	}
	if err = w.putLogProbs(&r.Params); err != nil {
		return r, err
	}
	if r.Tools, err = tools(w.Tools); err != nil {
		return r, err
	}
	if r.ToolChoice, r.Tools, err = toolChoice(w.ToolChoice, r.Tools); err != nil {
		return r, err
	}
	r.ParallelToolCalls = w.ParallelToolCalls == nil || *w.ParallelToolCalls
	r.Kwargs, err = kwargs(w.ReasoningEffort, w.TemplateKwargs)
	return r, err
}

func (w *ChatRequest) refuse() error {
	switch {
	case !wire.Null(w.Functions):
		return wire.Unsupported("functions", "functions is no longer used; send tools")
	case !wire.Null(w.FunctionCall):
		return wire.Unsupported("function_call", "function_call is no longer used; send tool_choice")
	case !wire.Null(w.Audio):
		return wire.Unsupported("audio", "this server answers with text only")
	case !wire.Null(w.WebSearchOptions):
		return wire.Unsupported("web_search_options", "this server does not search the web")
	}
	for _, m := range w.Modalities {
		if m != "text" {
			return wire.Unsupported("modalities", "this server answers with text only, not %q", wire.Shorten(m))
		}
	}
	if w.StreamOptions != nil && !w.Stream {
		return wire.Invalid("stream_options", "only allowed when stream is true")
	}
	return nil
}

func (w *ChatRequest) putLogProbs(p *llm.Params) error {
	p.LogProbs = w.LogProbs
	if w.TopLogProbs == nil {
		return nil
	}
	if n := *w.TopLogProbs; n < 0 || n > MaxTop {
		return wire.Invalid("top_logprobs", "must be between 0 and %d, got %d", MaxTop, n)
	}
	if *w.TopLogProbs > 0 && !w.LogProbs {
		return wire.Invalid("top_logprobs", "only allowed when logprobs is true")
	}
	p.TopLogProbs = *w.TopLogProbs
	return nil
}

// kwargs are the extra variables of the chat template: first what the
// reasoning effort means to the templates we know, then the client's own.
func kwargs(effort string, raw json.RawMessage) (map[string]any, error) {
	out, err := rule.Effort(effort, "reasoning_effort")
	if err != nil || wire.Null(raw) {
		return out, err
	}
	own := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if wire.Kind(raw) != '{' || d.Decode(&own) != nil {
		return nil, wire.Invalid("chat_template_kwargs", "must be an object")
	}
	for name, value := range own {
		switch name {
		case "messages", "tools", "add_generation_prompt":
			return nil, wire.Invalid("chat_template_kwargs."+name, "is set by the request itself")
		}
		if out == nil {
			out = map[string]any{}
		}
		out[name] = plain(value)
	}
	return out, nil
}

// plain turns json.Number into int64 or float64, at any depth: a template
// prints 3 and 3.0 differently.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return f
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}
