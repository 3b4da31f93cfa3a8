package openai

import (
	"encoding/json"

	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
	"malmoi/internal/llm"
)

// Response is the answer of the Responses API. Most of it repeats the request.
type Response struct {
	ID                 string             `json:"id"`
	Object             string             `json:"object"` // response
	CreatedAt          int64              `json:"created_at"`
	Status             string             `json:"status"` // in_progress, completed, incomplete, failed
	CompletedAt        *int64             `json:"completed_at"`
	Error              *ResponseError     `json:"error"`
	IncompleteDetails  *IncompleteDetails `json:"incomplete_details"`
	Instructions       *string            `json:"instructions"`
	MaxOutputTokens    *int               `json:"max_output_tokens"`
	MaxToolCalls       *int               `json:"max_tool_calls"`
	Model              string             `json:"model"`
	Output             []OutputItem       `json:"output"`
	ParallelToolCalls  bool               `json:"parallel_tool_calls"`
	PreviousResponseID *string            `json:"previous_response_id"`
	Reasoning          Reasoning          `json:"reasoning"`
	Store              bool               `json:"store"`
	Background         bool               `json:"background"`
	Temperature        float32            `json:"temperature"`
	Text               TextConfigOut      `json:"text"`
	ToolChoice         json.RawMessage    `json:"tool_choice"`
	Tools              []ToolOut          `json:"tools"`
	TopLogProbs        int                `json:"top_logprobs"`
	TopP               float32            `json:"top_p"`
	Truncation         string             `json:"truncation"`
	Usage              *ResponseUsage     `json:"usage"`
	User               *string            `json:"user"`
	ServiceTier        string             `json:"service_tier"`
	Metadata           json.RawMessage    `json:"metadata"`
}

// ResponseError says why a response failed after it had begun.
type ResponseError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// IncompleteDetails says why a response is incomplete.
type IncompleteDetails struct {
	Reason string `json:"reason"` // max_output_tokens
}

// TextConfigOut repeats the form of the answer.
type TextConfigOut struct {
	Format    TextFormat `json:"format"`
	Verbosity *string    `json:"verbosity,omitempty"`
}

// ToolOut repeats a tool; none of its fields may be absent.
type ToolOut struct {
	Type        string          `json:"type"`
	Name        string          `json:"name"`
	Description string          `json:"description"`
	Parameters  json.RawMessage `json:"parameters"`
	Strict      bool            `json:"strict"`
}

// ResponseUsage counts tokens in the words of the Responses API.
type ResponseUsage struct {
	InputTokens   int               `json:"input_tokens"`
	InputDetails  PromptDetails     `json:"input_tokens_details"`
	OutputTokens  int               `json:"output_tokens"`
	OutputDetails CompletionDetails `json:"output_tokens_details"`
	TotalTokens   int               `json:"total_tokens"`
}

func newResponseUsage(u llm.Usage) *ResponseUsage {
	return &ResponseUsage{
		InputTokens: u.PromptTokens, InputDetails: PromptDetails{u.CachedTokens},
		OutputTokens: u.CompletionTokens, OutputDetails: CompletionDetails{u.ReasoningTokens},
		TotalTokens: u.PromptTokens + u.CompletionTokens,
	}
}

// OutputItem is one item of an answer. It prints the fields of its type.
type OutputItem struct {
	Type      string // message, reasoning, function_call
	ID        string
	Status    string // in_progress, completed, incomplete
	Text      string // of a message or of reasoning
	LogProbs  []TokenLogProb
	CallID    string
	Name      string
	Arguments string
	begun     bool // a message or reasoning that has its part
}

// MarshalJSON implements json.Marshaler.
func (i OutputItem) MarshalJSON() ([]byte, error) {
	switch i.Type {
	case "function_call":
		return json.Marshal(struct {
			ID        string `json:"id"`
			Type      string `json:"type"`
			Status    string `json:"status"`
			CallID    string `json:"call_id"`
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		}{i.ID, i.Type, i.Status, i.CallID, i.Name, i.Arguments})
	case "reasoning":
		return json.Marshal(struct {
			ID      string   `json:"id"`
			Type    string   `json:"type"`
			Status  string   `json:"status"`
			Summary []string `json:"summary"` // always empty
			Content []any    `json:"content"`
		}{i.ID, i.Type, i.Status, []string{}, i.parts()})
	}
	return json.Marshal(struct {
		ID      string `json:"id"`
		Type    string `json:"type"`
		Status  string `json:"status"`
		Role    string `json:"role"`
		Content []any  `json:"content"`
	}{i.ID, i.Type, i.Status, "assistant", i.parts()})
}

func (i OutputItem) parts() []any {
	if !i.begun {
		return []any{}
	}
	return []any{i.part()}
}

// part is the one content part of a message or of reasoning.
func (i OutputItem) part() any {
	if i.Type == "reasoning" {
		return reasoningPart{"reasoning_text", i.Text}
	}
	return textPart{"output_text", i.Text, []any{}, nonNil(i.LogProbs)}
}

type reasoningPart struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

type textPart struct {
	Type        string         `json:"type"`
	Text        string         `json:"text"`
	Annotations []any          `json:"annotations"`
	LogProbs    []TokenLogProb `json:"logprobs"`
}

func nonNil(l []TokenLogProb) []TokenLogProb {
	if l == nil {
		return []TokenLogProb{}
	}
	return l
}

// newResponse repeats the request in a response that has just begun.
func newResponse(head ReplyHead, w *ResponseRequest, p *llm.Params) Response {
	r := Response{
		ID: head.ID, Object: "response", CreatedAt: head.Created, Model: head.Model, Status: "in_progress",
		Instructions: w.Instructions, MaxOutputTokens: w.MaxOutputTokens, MaxToolCalls: w.MaxToolCalls,
		Output: []OutputItem{}, ParallelToolCalls: w.ParallelToolCalls == nil || *w.ParallelToolCalls,
		PreviousResponseID: w.PreviousResponseID, Store: w.Keep(),
		Temperature: p.Sampling.Temperature, TopP: p.Sampling.TopP, TopLogProbs: p.TopLogProbs,
		Text: TextConfigOut{Format: TextFormat{Type: "text"}}, ToolChoice: json.RawMessage(`"auto"`),
		Tools: []ToolOut{}, Truncation: "disabled", ServiceTier: "default", Metadata: json.RawMessage("{}"),
	}
	if w.Reasoning != nil {
		r.Reasoning = *w.Reasoning
	}
	if w.Text != nil && w.Text.Format != nil {
		r.Text.Format = *w.Text.Format
	}
	if !wire.Null(w.ToolChoice) {
		r.ToolChoice = w.ToolChoice
	}
	if !wire.Null(w.Metadata) {
		r.Metadata = w.Metadata
	}
	if w.User != "" {
		r.User = &w.User
	}
	for _, t := range w.Tools {
		parameters, _ := rule.Parameters(t.Parameters, "") // checked when decoded
		if parameters == nil {
			parameters = json.RawMessage("null")
		}
		r.Tools = append(r.Tools, ToolOut{t.Type, t.Name, t.Description, parameters, t.Strict != nil && *t.Strict})
	}
	return r
}
