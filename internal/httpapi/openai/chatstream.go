package openai

import (
	"encoding/json"

	"malmoi/internal/llm"
)

// ChatChunk is one event of a streamed chat answer.
type ChatChunk struct {
	ID                string          `json:"id"`
	Object            string          `json:"object"` // chat.completion.chunk
	Created           int64           `json:"created"`
	Model             string          `json:"model"`
	SystemFingerprint *string         `json:"system_fingerprint"`
	Choices           []ChunkChoice   `json:"choices"`
	Usage             json.RawMessage `json:"usage,omitempty"` // null in all but the last, if asked for
}

// ChunkChoice is the news of one choice.
type ChunkChoice struct {
	Index        int       `json:"index"`
	Delta        Delta     `json:"delta"`
	LogProbs     *LogProbs `json:"logprobs"`
	FinishReason *string   `json:"finish_reason"`
}

// Delta is what is to be appended to a choice's message.
type Delta struct {
	Role             string          `json:"role,omitempty"`
	Content          *string         `json:"content,omitempty"`
	ReasoningContent *string         `json:"reasoning_content,omitempty"`
	ToolCalls        []ToolCallDelta `json:"tool_calls,omitempty"`
}

// ToolCallDelta is a piece of a tool call; ID, Type and the name come first.
type ToolCallDelta struct {
	Index    int           `json:"index"`
	ID       string        `json:"id,omitempty"`
	Type     string        `json:"type,omitempty"`
	Function FunctionDelta `json:"function"`
}

// FunctionDelta is the function's part of a ToolCallDelta.
type FunctionDelta struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// ChatStream turns events into chunks.
type ChatStream struct {
	head    ReplyHead
	usage   bool   // chunks carry a usage field
	started []bool // the choice's role has been sent
}

// NewChatStream starts a stream of n choices.
func NewChatStream(head ReplyHead, n int, usage bool) *ChatStream {
	return &ChatStream{head: head, usage: usage, started: make([]bool, n)}
}

// Chunks are what an event adds to the stream: the role before a choice's
// first news, the news, and the finish reason in a chunk of its own.
func (s *ChatStream) Chunks(e llm.Event) []ChatChunk {
	if e.Choice < 0 || e.Choice >= len(s.started) {
		return nil
	}
	var out []ChatChunk
	if !s.started[e.Choice] {
		s.started[e.Choice] = true
		empty := ""
		out = append(out, s.chunk(ChunkChoice{Index: e.Choice, Delta: Delta{Role: "assistant", Content: &empty}}))
	}
	choice := ChunkChoice{Index: e.Choice, Delta: delta(e)}
	if len(e.LogProbs) > 0 {
		choice.LogProbs = &LogProbs{Content: tokenLogProbs(e.LogProbs)}
	}
	if choice.Delta.some() || choice.LogProbs != nil {
		out = append(out, s.chunk(choice))
	}
	if e.Finish != "" {
		out = append(out, s.chunk(ChunkChoice{Index: e.Choice, FinishReason: &e.Finish}))
	}
	return out
}

// UsageChunk closes a stream that was asked to count.
func (s *ChatStream) UsageChunk(u llm.Usage) ChatChunk {
	c := s.chunk()
	c.Choices = []ChunkChoice{}
	c.Usage, _ = json.Marshal(NewUsage(u)) // integers only: cannot fail
	return c
}

func (s *ChatStream) chunk(choices ...ChunkChoice) ChatChunk {
	c := ChatChunk{
		ID: s.head.ID, Object: "chat.completion.chunk", Created: s.head.Created, Model: s.head.Model,
		Choices: choices,
	}
	if s.usage {
		c.Usage = json.RawMessage("null")
	}
	return c
}

func delta(e llm.Event) Delta {
	var d Delta
	if e.Content != "" {
		d.Content = &e.Content
	}
	if e.Reasoning != "" {
		d.ReasoningContent = &e.Reasoning
	}
	if t := e.ToolCall; t != nil {
		call := ToolCallDelta{Index: t.Index, ID: t.ID, Function: FunctionDelta{Name: t.Name, Arguments: t.Arguments}}
		if t.ID != "" {
			call.Type = "function"
		}
		d.ToolCalls = []ToolCallDelta{call}
	}
	return d
}

func (d *Delta) some() bool {
	return d.Content != nil || d.ReasoningContent != nil || len(d.ToolCalls) > 0
}
