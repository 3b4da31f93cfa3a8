package openai

import (
	"strings"

	"malmoi/internal/llm"
)

// ReplyHead is what every answer to one request has in common.
type ReplyHead struct {
	ID      string
	Created int64 // seconds since 1970
	Model   string
}

// ChatResponse is the body of a chat answer that is not streamed.
type ChatResponse struct {
	ID                string       `json:"id"`
	Object            string       `json:"object"` // chat.completion
	Created           int64        `json:"created"`
	Model             string       `json:"model"`
	Choices           []ChatChoice `json:"choices"`
	Usage             *Usage       `json:"usage"`
	ServiceTier       *string      `json:"service_tier"`
	SystemFingerprint *string      `json:"system_fingerprint"`
}

// ChatChoice is one of n answers.
type ChatChoice struct {
	Index        int         `json:"index"`
	Message      ChatMessage `json:"message"`
	LogProbs     *LogProbs   `json:"logprobs"`
	FinishReason string      `json:"finish_reason"`
}

// ChatMessage is the model's turn. Content is null when the turn consists of
// tool calls alone.
type ChatMessage struct {
	Role             string         `json:"role"`
	Content          *string        `json:"content"`
	ReasoningContent string         `json:"reasoning_content,omitempty"`
	ToolCalls        []ToolCallItem `json:"tool_calls,omitempty"`
	Refusal          *string        `json:"refusal"`
}

// ToolCallItem is a call that the model makes.
type ToolCallItem struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"` // function
	Function FunctionCall `json:"function"`
}

// FunctionCall names the function; Arguments is JSON as text.
type FunctionCall struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

// ChatReply gathers the events of a chat into one response.
type ChatReply struct {
	head    ReplyHead
	choices []gathered
}

// gathered is one choice under construction.
type gathered struct {
	content, reasoning strings.Builder
	calls              []gatheredCall
	logProbs           []TokenLogProb
	finish             string
}

type gatheredCall struct {
	id, name  string
	arguments strings.Builder
}

// NewChatReply starts a response with n choices.
func NewChatReply(head ReplyHead, n int) *ChatReply {
	return &ChatReply{head: head, choices: make([]gathered, n)}
}

// Add takes the next event. An event of a choice that does not exist is
// ignored: the engine answers for its numbering, the client must not pay.
func (r *ChatReply) Add(e llm.Event) {
	if e.Choice < 0 || e.Choice >= len(r.choices) {
		return
	}
	c := &r.choices[e.Choice]
	c.content.WriteString(e.Content)
	c.reasoning.WriteString(e.Reasoning)
	c.addCall(e.ToolCall)
	c.logProbs = append(c.logProbs, tokenLogProbs(e.LogProbs)...)
	if e.Finish != "" {
		c.finish = e.Finish
	}
}

func (c *gathered) addCall(d *llm.ToolCallDelta) {
	if d == nil || d.Index < 0 || d.Index > len(c.calls) {
		return
	}
	if d.Index == len(c.calls) {
		c.calls = append(c.calls, gatheredCall{})
	}
	call := &c.calls[d.Index]
	if d.ID != "" {
		call.id = d.ID
	}
	if d.Name != "" {
		call.name = d.Name
	}
	call.arguments.WriteString(d.Arguments)
}

// Response is the finished answer.
func (r *ChatReply) Response(u llm.Usage, logProbs bool) ChatResponse {
	out := ChatResponse{
		ID: r.head.ID, Object: "chat.completion", Created: r.head.Created, Model: r.head.Model,
		Usage: NewUsage(u), Choices: make([]ChatChoice, len(r.choices)),
	}
	for i := range r.choices {
		c := &r.choices[i]
		out.Choices[i] = ChatChoice{Index: i, Message: c.message(), FinishReason: c.finish}
		if logProbs {
			out.Choices[i].LogProbs = &LogProbs{Content: append([]TokenLogProb{}, c.logProbs...)}
		}
	}
	return out
}

func (c *gathered) message() ChatMessage {
	m := ChatMessage{Role: "assistant", ReasoningContent: c.reasoning.String(), ToolCalls: c.toolCalls()}
	if text := c.content.String(); text != "" || len(m.ToolCalls) == 0 {
		m.Content = &text
	}
	return m
}

func (c *gathered) toolCalls() []ToolCallItem {
	var out []ToolCallItem
	for i := range c.calls {
		call := &c.calls[i]
		out = append(out, ToolCallItem{
			ID: call.id, Type: "function",
			Function: FunctionCall{Name: call.name, Arguments: call.arguments.String()},
		})
	}
	return out
}
