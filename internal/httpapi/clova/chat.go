package clova

import (
	"encoding/json"
	"fmt"
	"slices"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// ChatV1 is the body of /v1/chat-completions/{model}, for HCX-003 and
// HCX-DASH-001.
type ChatV1 struct {
	Messages []Message `json:"messages"`
	Sampling
	RepeatPenalty *float32 `json:"repeatPenalty"`
	MaxTokens     *int     `json:"maxTokens"`
	StopBefore    []string `json:"stopBefore"`
}

// Limits of the APIs, in tokens.
const (
	maxTokensV1      = 4096
	maxTokensV3      = 4096
	maxTokensThink   = 32768
	defaultTokensV1  = 100
	defaultTokens    = 512
	maxTokensReason  = 4096
	defaultReasoning = 1024
)

// DecodeChatV1 reads a v1 chat request. filters is whether the answer is to
// come with the filter's verdict.
func DecodeChatV1(body []byte) (r llm.ChatRequest, filters bool, err error) {
	var w ChatV1
	if err := wire.Decode(body, &w); err != nil {
		return r, false, err
	}
	r, err = w.request()
	return r, w.filters(), err
}

func (w *ChatV1) request() (llm.ChatRequest, error) {
	var r llm.ChatRequest
	var err error
	if r.Messages, err = messages(w.Messages); err != nil {
		return r, err
	}
	if err := w.put(&r.Params); err != nil {
		return r, err
	}
	if err := repeatPenalty(&r.Params, w.RepeatPenalty); err != nil {
		return r, err
	}
	if err := maxTokens(&r.Params, w.MaxTokens, "maxTokens", defaultTokensV1, maxTokensV1); err != nil {
		return r, err
	}
	r.Kwargs = chat.Thinking(false) // these models never showed their thoughts
	return r, stops(&r.Params, w.StopBefore, "stopBefore")
}

// ChatV3 is the body of /v3/chat-completions/{model} and of rag-reasoning.
type ChatV3 struct {
	Messages []Message `json:"messages"`
	Sampling
	RepetitionPenalty   *float32        `json:"repetitionPenalty"`
	MaxTokens           *int            `json:"maxTokens"`
	MaxCompletionTokens *int            `json:"maxCompletionTokens"`
	Stop                []string        `json:"stop"`
	Tools               []Tool          `json:"tools"`
	ToolChoice          json.RawMessage `json:"toolChoice"`
	Thinking            *Thinking       `json:"thinking"`
	ResponseFormat      *ResponseFormat `json:"responseFormat"`
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

// Thinking says how much a model thinks first.
type Thinking struct {
	Effort string `json:"effort"`
}

// ResponseFormat asks for JSON that follows a schema.
type ResponseFormat struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

// DecodeChatV3 reads a v3 chat request.
func DecodeChatV3(body []byte) (r llm.ChatRequest, filters bool, err error) {
	var w ChatV3
	if err := wire.Decode(body, &w); err != nil {
		return r, false, err
	}
	r, err = w.request(defaultTokens)
	return r, w.filters(), err
}

// DecodeReasoning reads a request of rag-reasoning: v3 chat whose tools search
// documents. Its answers cite; so the model is told how.
func DecodeReasoning(body []byte) (r llm.ChatRequest, filters bool, err error) {
	var w ChatV3
	if err := wire.Decode(body, &w); err != nil {
		return r, false, err
	}
	if v := w.MaxTokens; v != nil && *v > maxTokensReason {
		return r, false, wire.Invalid("maxTokens", "must be between 1 and %d, got %d", maxTokensReason, *v)
	}
	if r, err = w.request(defaultReasoning); err != nil {
		return r, false, err
	}
	r.Messages = cite(r.Messages)
	return r, w.filters(), nil
}

// citing tells a model what CLOVA Studio's rag-reasoning does by itself.
const citing = "검색 결과로 답할 때에는 근거가 된 문서를 [1]처럼 id로 밝히세요. 검색 결과에 없는 내용은 모른다고 하세요."

func cite(in []chat.Message) []chat.Message {
	if len(in) > 0 && in[0].Role == "system" {
		in = slices.Clone(in)
		in[0].Content += "\n\n" + citing
		return in
	}
	return slices.Concat([]chat.Message{{Role: "system", Content: citing}}, in)
}

func (w *ChatV3) request(tokens int) (llm.ChatRequest, error) {
	var r llm.ChatRequest
	var err error
	if r.Messages, err = messages(w.Messages); err != nil {
		return r, err
	}
	if err := w.putParams(&r, tokens); err != nil {
		return r, err
	}
	if r.Tools, err = tools(w.Tools); err != nil {
		return r, err
	}
	if r.ToolChoice, err = toolChoice(w.ToolChoice, r.Tools); err != nil {
		return r, err
	}
	r.Kwargs, err = w.thinking()
	return r, err
}

func (w *ChatV3) putParams(r *llm.ChatRequest, tokens int) error {
	if err := w.put(&r.Params); err != nil {
		return err
	}
	penalty := &r.Params.Sampling.RepetitionPenalty
	*penalty = 1.1
	if err := rule.Float(penalty, w.RepetitionPenalty, "repetitionPenalty", 0.01, 2); err != nil {
		return err
	}
	if w.MaxCompletionTokens != nil && w.MaxTokens != nil {
		return wire.Invalid("maxTokens", "cannot be combined with maxCompletionTokens")
	}
	name, value, limit := "maxTokens", w.MaxTokens, maxTokensV3
	if w.MaxCompletionTokens != nil {
		name, value, limit = "maxCompletionTokens", w.MaxCompletionTokens, maxTokensThink
	}
	if err := maxTokens(&r.Params, value, name, tokens, limit); err != nil {
		return err
	}
	if err := stops(&r.Params, w.Stop, "stop"); err != nil {
		return err
	}
	return w.putFormat(&r.Params)
}

func (w *ChatV3) putFormat(p *llm.Params) error {
	f := w.ResponseFormat
	switch {
	case f == nil || f.Type == "text":
		return nil
	case f.Type != "json":
		return wire.Invalid("responseFormat.type", "%q is not one of text, json", wire.Shorten(f.Type))
	case wire.Null(f.Schema):
		p.Format.JSONObject = true
		return nil
	}
	schema, err := rule.Schema(f.Schema, "responseFormat.schema")
	p.Format.JSONSchema = schema
	return err
}

// thinking is off unless asked for: CLOVA's own default of "low" would make
// small local models think about every greeting.
func (w *ChatV3) thinking() (map[string]any, error) {
	if w.Thinking == nil {
		return chat.Thinking(false), nil
	}
	switch w.Thinking.Effort {
	case "none", "low", "medium", "high":
		return rule.Effort(w.Thinking.Effort, "thinking.effort")
	case "":
		return rule.Effort("low", "thinking.effort")
	}
	return nil, wire.Invalid("thinking.effort", "%q is not one of none, low, medium, high", wire.Shorten(w.Thinking.Effort))
}

func tools(in []Tool) ([]chat.Tool, error) {
	var out []chat.Tool
	for i, t := range in {
		at := fmt.Sprintf("tools[%d]", i)
		if t.Type != "function" {
			return nil, unsupported(at+".type", "only tools of type function are supported, got %q", wire.Shorten(t.Type))
		}
		if err := rule.ToolName(t.Function.Name, at+".function.name"); err != nil {
			return nil, err
		}
		parameters, err := rule.Parameters(t.Function.Parameters, at+".function.parameters")
		if err != nil {
			return nil, err
		}
		out = append(out, chat.Tool{Name: t.Function.Name, Description: t.Function.Description, Parameters: parameters})
	}
	return out, rule.Tools(out)
}

func toolChoice(raw json.RawMessage, offered []chat.Tool) (llm.ToolChoice, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return llm.ToolChoice{Mode: "auto"}, nil
	case '"':
		var mode string
		if err := wire.Value(raw, &mode, "toolChoice"); err != nil {
			return llm.ToolChoice{}, err
		}
		if mode != "auto" && mode != "none" {
			return llm.ToolChoice{}, wire.Invalid("toolChoice", "%q is not one of auto, none", wire.Shorten(mode))
		}
		return llm.ToolChoice{Mode: mode}, nil
	}
	var c struct {
		Type     string `json:"type"`
		Function struct {
			Name string `json:"name"`
		} `json:"function"`
	}
	if err := wire.Value(raw, &c, "toolChoice"); err != nil {
		return llm.ToolChoice{}, err
	}
	name := c.Function.Name
	if !slices.ContainsFunc(offered, func(t chat.Tool) bool { return t.Name == name }) {
		return llm.ToolChoice{}, wire.Invalid("toolChoice", "no tool has the name %q", wire.Shorten(name))
	}
	return llm.ToolChoice{Mode: "function", Name: name}, nil
}
