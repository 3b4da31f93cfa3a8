package ollama

import (
	"encoding/json"
	"fmt"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Common is what chat and generate share. Streaming is on unless switched off.
type Common struct {
	Model       string          `json:"model"`
	Stream      *bool           `json:"stream"`
	Format      json.RawMessage `json:"format"`
	Options     *Options        `json:"options"`
	Think       json.RawMessage `json:"think"`
	KeepAlive   json.RawMessage `json:"keep_alive"` // the server's pool decides
	LogProbs    bool            `json:"logprobs"`
	TopLogProbs int             `json:"top_logprobs"`
}

// Streams reports whether the answer comes in pieces.
func (c *Common) Streams() bool { return c.Stream == nil || *c.Stream }

// Chat is the body of /api/chat.
type Chat struct {
	Common
	Messages []Message `json:"messages"`
	Tools    []Tool    `json:"tools"`
}

// Message is a turn. Arguments of calls are objects.
type Message struct {
	Role      string            `json:"role"`
	Content   string            `json:"content"`
	Thinking  string            `json:"thinking,omitempty"`
	Images    []json.RawMessage `json:"images,omitempty"`
	ToolName  string            `json:"tool_name,omitempty"`
	ToolCalls []ToolCall        `json:"tool_calls,omitempty"`
}

// ToolCall is a call of a function.
type ToolCall struct {
	ID       string `json:"id,omitempty"`
	Function struct {
		Index     int             `json:"index,omitempty"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// Tool is a function offered to the model.
type Tool struct {
	Type     string `json:"type"`
	Function struct {
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Parameters  json.RawMessage `json:"parameters"`
	} `json:"function"`
}

// maxTop bounds top_logprobs.
const maxTop = 20

func (c *Common) params() (llm.Params, error) {
	p, err := c.Options.params()
	if err != nil {
		return p, err
	}
	if c.TopLogProbs < 0 || c.TopLogProbs > maxTop {
		return p, wire.Invalid("top_logprobs", "must be between 0 and %d, got %d", maxTop, c.TopLogProbs)
	}
	p.LogProbs, p.TopLogProbs = c.LogProbs, c.TopLogProbs
	p.Format, err = format(c.Format)
	return p, err
}

// DecodeChat reads a chat. Without messages a client only wants the model
// loaded; then request has none.
func DecodeChat(body []byte) (*Chat, llm.ChatRequest, error) {
	var w Chat
	var r llm.ChatRequest
	if err := wire.Decode(body, &w); err != nil {
		return nil, r, err
	}
	var err error
	if r.Params, err = w.params(); err != nil {
		return nil, r, err
	}
	if r.Kwargs, err = think(w.Think); err != nil {
		return nil, r, err
	}
	if r.Messages, err = messages(w.Messages); err != nil {
		return nil, r, err
	}
	r.Tools, err = tools(w.Tools)
	r.ToolChoice = llm.ToolChoice{Mode: "auto"}
	r.ParallelToolCalls = true
	return &w, r, err
}

// messages gives every call and its result an id, which templates want and
// this API does not have: results answer the calls before them in order, or
// by name.
func messages(in []Message) ([]chat.Message, error) {
	var out []chat.Message
	var open []chat.ToolCall
	for i, w := range in {
		at := fmt.Sprintf("messages[%d]", i)
		if len(w.Images) > 0 {
			return nil, wire.Unsupported(at+".images", "this server does not read images yet")
		}
		m := chat.Message{Role: w.Role, Content: w.Content, Reasoning: w.Thinking}
		switch w.Role {
		case "system", "user":
		case "assistant":
			open = nil
			for k, c := range w.ToolCalls {
				if err := rule.ToolName(c.Function.Name, fmt.Sprintf("%s.tool_calls[%d].function.name", at, k)); err != nil {
					return nil, err
				}
				args := string(c.Function.Arguments)
				if wire.Null(c.Function.Arguments) {
					args = "{}"
				}
				id := c.ID
				if id == "" {
					id = fmt.Sprintf("call_%d_%d", i, k)
				}
				open = append(open, chat.ToolCall{ID: id, Name: c.Function.Name, Arguments: args})
			}
			m.ToolCalls = open
		case "tool":
			open = answer(&m, w.ToolName, open)
		default:
			return nil, wire.Invalid(at+".role", "%q is not one of system, user, assistant, tool", wire.Shorten(w.Role))
		}
		out = append(out, m)
	}
	return out, nil
}

func answer(m *chat.Message, name string, open []chat.ToolCall) []chat.ToolCall {
	m.Name = name
	for i, c := range open {
		if name == "" || c.Name == name {
			m.ToolCallID, m.Name = c.ID, c.Name
			rest := append([]chat.ToolCall(nil), open[:i]...)
			return append(rest, open[i+1:]...)
		}
	}
	return open
}

func tools(in []Tool) ([]chat.Tool, error) {
	var out []chat.Tool
	for i, t := range in {
		at := fmt.Sprintf("tools[%d].function", i)
		if err := rule.ToolName(t.Function.Name, at+".name"); err != nil {
			return nil, err
		}
		parameters, err := rule.Parameters(t.Function.Parameters, at+".parameters")
		if err != nil {
			return nil, err
		}
		out = append(out, chat.Tool{Name: t.Function.Name, Description: t.Function.Description, Parameters: parameters})
	}
	return out, rule.Tools(out)
}

// Generate is the body of /api/generate.
type Generate struct {
	Common
	Prompt   string            `json:"prompt"`
	Suffix   string            `json:"suffix"`
	System   string            `json:"system"`
	Template string            `json:"template"`
	Context  []int32           `json:"context"`
	Raw      bool              `json:"raw"`
	Images   []json.RawMessage `json:"images"`
}

// DecodeGenerate reads a generate request.
func DecodeGenerate(body []byte) (*Generate, error) {
	var w Generate
	if err := wire.Decode(body, &w); err != nil {
		return nil, err
	}
	switch {
	case len(w.Images) > 0:
		return nil, wire.Unsupported("images", "this server does not read images yet")
	case w.Suffix != "":
		return nil, wire.Unsupported("suffix", "filling in the middle is not supported")
	case w.Template != "":
		return nil, wire.Unsupported("template", "the model's own template is used; send raw: true and the finished prompt")
	case len(w.Context) > 0:
		return nil, wire.Unsupported("context", "send the turns to /api/chat; what was computed is reused")
	}
	return &w, nil
}

// Chat is the request as a chat of one question.
func (w *Generate) Chat() (llm.ChatRequest, error) {
	var r llm.ChatRequest
	var err error
	if r.Params, err = w.params(); err != nil {
		return r, err
	}
	if w.System != "" {
		r.Messages = append(r.Messages, chat.Message{Role: "system", Content: w.System})
	}
	r.Messages = append(r.Messages, chat.Message{Role: "user", Content: w.Prompt})
	r.Kwargs, err = think(w.Think)
	return r, err
}

// Completion is the request with the prompt as it is.
func (w *Generate) Completion() (llm.CompletionRequest, error) {
	p, err := w.params()
	return llm.CompletionRequest{Prompt: w.Prompt, Params: p}, err
}

// Embed is the body of /api/embed.
type Embed struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Truncate   *bool           `json:"truncate"`
	Options    *Options        `json:"options"`
	KeepAlive  json.RawMessage `json:"keep_alive"`
	Dimensions *int            `json:"dimensions"`
}

// MaxInputs bounds the texts of one request.
const MaxInputs = 2048

// DecodeEmbed reads the texts to embed.
func DecodeEmbed(body []byte) (*Embed, []string, error) {
	var w Embed
	if err := wire.Decode(body, &w); err != nil {
		return nil, nil, err
	}
	texts, err := stringOrList(w.Input, "input")
	if err != nil {
		return nil, nil, err
	}
	if len(texts) > MaxInputs {
		return nil, nil, wire.Invalid("input", "at most %d texts, got %d", MaxInputs, len(texts))
	}
	if w.Dimensions != nil {
		return nil, nil, wire.Unsupported("dimensions", "vectors are not shortened here")
	}
	return &w, texts, nil
}

// Embedding is the body of the older /api/embeddings.
type Embedding struct {
	Model     string          `json:"model"`
	Prompt    string          `json:"prompt"`
	Options   *Options        `json:"options"`
	KeepAlive json.RawMessage `json:"keep_alive"`
}

// DecodeEmbedding reads the one text to embed.
func DecodeEmbedding(body []byte) (*Embedding, error) {
	var w Embedding
	err := wire.Decode(body, &w)
	return &w, err
}

// Named is a body that names a model, in the older or the newer word.
type Named struct {
	Model    string `json:"model"`
	Name     string `json:"name"`
	Stream   *bool  `json:"stream"`
	Insecure bool   `json:"insecure"`
	Verbose  bool   `json:"verbose"`
}

// DecodeNamed reads the name of a model.
func DecodeNamed(body []byte) (Named, error) {
	var w Named
	if err := wire.Decode(body, &w); err != nil {
		return w, err
	}
	if w.Model == "" {
		w.Model = w.Name
	}
	if w.Model == "" {
		return w, wire.Missing("model")
	}
	return w, nil
}
