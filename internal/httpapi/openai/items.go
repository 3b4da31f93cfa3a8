package openai

import (
	"encoding/json"
	"fmt"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
)

// Item is an input item of the Responses API; which fields count depends on
// Type, which may be left out of a message.
type Item struct {
	Type      string          `json:"type"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	CallID    string          `json:"call_id"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
	Output    json.RawMessage `json:"output"`
	Summary   json.RawMessage `json:"summary"`
}

// items turns the input into turns. Calls and reasoning are items of their own
// on the wire and parts of one assistant turn in a chat.
func items(raw json.RawMessage) ([]chat.Message, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return nil, wire.Missing("input")
	case '"':
		var text string
		err := wire.Value(raw, &text, "input")
		return []chat.Message{{Role: "user", Content: text}}, err
	case '[':
	default:
		return nil, wire.Invalid("input", "must be a string or an array of items")
	}
	var raws []json.RawMessage
	if err := wire.Value(raw, &raws, "input"); err != nil {
		return nil, err
	}
	if len(raws) == 0 {
		return nil, wire.Invalid("input", "must not be empty")
	}
	var t turnBuilder
	for i, raw := range raws {
		if err := t.add(raw, fmt.Sprintf("input[%d]", i)); err != nil {
			return nil, err
		}
	}
	return t.turns(), nil
}

// turnBuilder gathers items that belong to one assistant turn in next.
type turnBuilder struct {
	out  []chat.Message
	next *chat.Message
}

func (t *turnBuilder) add(raw json.RawMessage, at string) error {
	var it Item
	if wire.Kind(raw) != '{' {
		return wire.Invalid(at, "must be an object")
	}
	if err := wire.Value(raw, &it, at); err != nil {
		return err
	}
	switch it.Type {
	case "", "message":
		return t.message(&it, at)
	case "function_call":
		return t.call(&it, at)
	case "function_call_output":
		return t.result(&it, at)
	case "reasoning":
		return t.reasoning(&it, at)
	}
	return wire.Unsupported(at+".type", "items of type %q are not supported", wire.Shorten(it.Type))
}

func (t *turnBuilder) message(it *Item, at string) error {
	if wire.Null(it.Content) {
		return wire.Missing(at + ".content")
	}
	text, err := Text(it.Content, at+".content")
	if err != nil {
		return err
	}
	switch it.Role {
	case "assistant":
		if t.next != nil && (t.next.Content != "" || t.next.ToolCalls != nil) {
			t.flush()
		}
		t.assistant().Content = text
		return nil
	case "user", "system", "developer":
		t.flush()
		t.out = append(t.out, chat.Message{Role: it.Role, Content: text})
		return nil
	case "":
		return wire.Missing(at + ".role")
	}
	return wire.Invalid(at+".role", "%q is not one of system, developer, user, assistant", wire.Shorten(it.Role))
}

func (t *turnBuilder) call(it *Item, at string) error {
	if it.CallID == "" {
		return wire.Missing(at + ".call_id")
	}
	if err := rule.ToolName(it.Name, at+".name"); err != nil {
		return err
	}
	args, err := arguments(it.Arguments, at+".arguments")
	if err != nil {
		return err
	}
	a := t.assistant()
	a.ToolCalls = append(a.ToolCalls, chat.ToolCall{ID: it.CallID, Name: it.Name, Arguments: args})
	return nil
}

func (t *turnBuilder) result(it *Item, at string) error {
	if it.CallID == "" {
		return wire.Missing(at + ".call_id")
	}
	if wire.Null(it.Output) {
		return wire.Missing(at + ".output")
	}
	text, err := Text(it.Output, at+".output")
	if err != nil {
		return err
	}
	t.flush()
	t.out = append(t.out, chat.Message{Role: "tool", ToolCallID: it.CallID, Content: text})
	return nil
}

func (t *turnBuilder) reasoning(it *Item, at string) error {
	text, err := Text(it.Content, at+".content")
	if err != nil {
		return err
	}
	if text == "" {
		if text, err = Text(it.Summary, at+".summary"); err != nil {
			return err
		}
	}
	if text == "" {
		return nil // encrypted by another server, or empty
	}
	if t.next != nil && (t.next.Content != "" || t.next.ToolCalls != nil) {
		t.flush()
	}
	a := t.assistant()
	a.Reasoning = strings.TrimPrefix(a.Reasoning+"\n"+text, "\n")
	return nil
}

func (t *turnBuilder) assistant() *chat.Message {
	if t.next == nil {
		t.next = &chat.Message{Role: "assistant"}
	}
	return t.next
}

func (t *turnBuilder) flush() {
	if t.next != nil {
		t.out = append(t.out, *t.next)
		t.next = nil
	}
}

func (t *turnBuilder) turns() []chat.Message {
	t.flush()
	return t.out
}
