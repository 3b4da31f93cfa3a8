package chat

import "encoding/json"

// Message is one turn of a conversation. Role is "system", "developer",
// "user", "assistant" or "tool"; templates may know others.
type Message struct {
	Role      string
	Content   string
	Reasoning string // what a thinking model wrote before its answer
	Name      string

	ToolCalls  []ToolCall // calls that an assistant turn made
	ToolCallID string     // the call that a tool turn answers
}

// ToolCall is a function call written by a model. Arguments is a JSON object
// as text; it is not checked against the tool's parameters.
type ToolCall struct {
	ID        string
	Name      string
	Arguments string
}

// Tool is a function that the model may ask the caller to run. Parameters is
// the JSON Schema of the arguments, nil if it takes none.
type Tool struct {
	Name        string
	Description string
	Parameters  json.RawMessage
	Strict      bool
}
