package clova

import (
	"encoding/json"
	"fmt"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
)

// Message is a turn of a request. Content is a string or, in v3, parts.
type Message struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCalls  []ToolCall      `json:"toolCalls"`
	ToolCallID string          `json:"toolCallId"`
}

// ToolCall is a call as CLOVA writes it: arguments is an object, not text.
type ToolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function FunctionCall `json:"function"`
}

// FunctionCall names a function and its arguments.
type FunctionCall struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// part is an element of a v3 content array.
type part struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// MaxMessages bounds a request's turns.
const MaxMessages = 4096

func messages(in []Message) ([]chat.Message, error) {
	if len(in) == 0 {
		return nil, wire.Missing("messages")
	}
	if len(in) > MaxMessages {
		return nil, wire.Invalid("messages", "at most %d, got %d", MaxMessages, len(in))
	}
	out := make([]chat.Message, len(in))
	for i := range in {
		m, err := in[i].message(fmt.Sprintf("messages[%d]", i))
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

func (w *Message) message(at string) (chat.Message, error) {
	m := chat.Message{Role: w.Role, ToolCallID: w.ToolCallID}
	switch w.Role {
	case "system", "user", "assistant":
	case "tool":
		if w.ToolCallID == "" {
			return m, wire.Missing(at + ".toolCallId")
		}
	default:
		return m, wire.Invalid(at+".role", "%q is not one of system, user, assistant, tool", wire.Shorten(w.Role))
	}
	var err error
	if m.Content, err = text(w.Content, at+".content"); err != nil {
		return m, err
	}
	for i, c := range w.ToolCalls {
		where := fmt.Sprintf("%s.toolCalls[%d].function", at, i)
		if err := rule.ToolName(c.Function.Name, where+".name"); err != nil {
			return m, err
		}
		args, err := arguments(c.Function.Arguments, where+".arguments")
		if err != nil {
			return m, err
		}
		m.ToolCalls = append(m.ToolCalls, chat.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: args})
	}
	return m, nil
}

// text joins the text parts of a content and refuses all others.
func text(raw json.RawMessage, at string) (string, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return "", nil
	case '"':
		var s string
		err := wire.Value(raw, &s, at)
		return s, err
	case '[':
	default:
		return "", wire.Invalid(at, "must be a string or an array of parts")
	}
	var parts []part
	if err := wire.Value(raw, &parts, at); err != nil {
		return "", err
	}
	var b strings.Builder
	for i, p := range parts {
		if p.Type != "text" {
			return "", unsupported(fmt.Sprintf("%s[%d].type", at, i), "content of type %q is not read by this server yet; send text", wire.Shorten(p.Type))
		}
		b.WriteString(p.Text)
	}
	return b.String(), nil
}

// arguments accepts the object that CLOVA uses and the text that OpenAI uses.
func arguments(raw json.RawMessage, at string) (string, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return "{}", nil
	case '{':
		return string(raw), nil
	case '"':
		var s string
		err := wire.Value(raw, &s, at)
		return s, err
	}
	return "", wire.Invalid(at, "must be an object")
}
