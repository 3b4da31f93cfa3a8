package anthropic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
)

// Message is one turn of a request.
type Message struct {
	Role    string          `json:"role"`    // user or assistant
	Content json.RawMessage `json:"content"` // text or blocks
}

// Block is a content block of a request; which fields count depends on Type.
type Block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
	ToolUseID string          `json:"tool_use_id"`
	Content   json.RawMessage `json:"content"`
}

// messages are the turns of a chat, the system prompt first. One user turn may
// become several: each tool result is a turn of its own.
func (w *Prompt) messages() ([]chat.Message, error) {
	if len(w.Messages) == 0 {
		return nil, wire.Missing("messages")
	}
	var out []chat.Message
	system, err := texts(w.System, "system")
	if err != nil {
		return nil, err
	}
	if system != "" {
		out = append(out, chat.Message{Role: "system", Content: system})
	}
	for i, raw := range w.Messages {
		at := fmt.Sprintf("messages[%d]", i)
		var m Message
		if wire.Kind(raw) != '{' {
			return nil, wire.Invalid(at, "must be an object with role and content")
		}
		if err := wire.Value(raw, &m, at); err != nil {
			return nil, err
		}
		turns, err := turns(&m, at)
		if err != nil {
			return nil, err
		}
		out = append(out, turns...)
	}
	return out, nil
}

func turns(m *Message, at string) ([]chat.Message, error) {
	if wire.Null(m.Content) {
		return nil, wire.Missing(at + ".content")
	}
	blocks, err := blocks(m.Content, at+".content")
	if err != nil {
		return nil, err
	}
	switch m.Role {
	case "user":
		return userTurns(blocks, at+".content")
	case "assistant":
		turn, err := assistantTurn(blocks, at+".content")
		return []chat.Message{turn}, err
	case "system":
		text, err := texts(m.Content, at+".content")
		return []chat.Message{{Role: "system", Content: text}}, err
	}
	return nil, wire.Invalid(at+".role", "%q is not one of user, assistant", wire.Shorten(m.Role))
}

// blocks reads content; plain text is one text block.
func blocks(raw json.RawMessage, at string) ([]Block, error) {
	switch wire.Kind(raw) {
	case '"':
		b := Block{Type: "text"}
		err := wire.Value(raw, &b.Text, at)
		return []Block{b}, err
	case '[':
		var out []Block
		err := wire.Value(raw, &out, at)
		return out, err
	}
	return nil, wire.Invalid(at, "must be a string or an array of content blocks")
}

func userTurns(blocks []Block, at string) ([]chat.Message, error) {
	var out []chat.Message
	var text []string
	flush := func() {
		if text != nil {
			out = append(out, chat.Message{Role: "user", Content: strings.Join(text, "\n")})
			text = nil
		}
	}
	for i := range blocks {
		b, at := &blocks[i], fmt.Sprintf("%s[%d]", at, i)
		switch b.Type {
		case "text":
			text = append(text, b.Text)
		case "tool_result":
			flush()
			if b.ToolUseID == "" {
				return nil, wire.Missing(at + ".tool_use_id")
			}
			content, err := texts(b.Content, at+".content")
			if err != nil {
				return nil, err
			}
			out = append(out, chat.Message{Role: "tool", ToolCallID: b.ToolUseID, Content: content})
		default:
			return nil, refuseBlock(b, at)
		}
	}
	flush()
	if out == nil {
		return nil, wire.Invalid(at, "must not be empty")
	}
	return out, nil
}

func assistantTurn(blocks []Block, at string) (chat.Message, error) {
	m := chat.Message{Role: "assistant"}
	var text, thinking []string
	for i := range blocks {
		b, at := &blocks[i], fmt.Sprintf("%s[%d]", at, i)
		switch b.Type {
		case "text":
			text = append(text, b.Text)
		case "thinking":
			thinking = append(thinking, b.Thinking)
		case "redacted_thinking": // encrypted by and for another server
		case "tool_use":
			if err := rule.ToolName(b.Name, at+".name"); err != nil {
				return m, err
			}
			arguments, err := input(b.Input, at+".input")
			if err != nil {
				return m, err
			}
			m.ToolCalls = append(m.ToolCalls, chat.ToolCall{ID: b.ID, Name: b.Name, Arguments: arguments})
		default:
			return m, refuseBlock(b, at)
		}
	}
	m.Content = strings.Join(text, "\n")
	m.Reasoning = strings.Join(thinking, "\n")
	return m, nil
}

func input(raw json.RawMessage, at string) (string, error) {
	if wire.Null(raw) {
		return "{}", nil
	}
	if wire.Kind(raw) != '{' {
		return "", wire.Invalid(at, "must be an object")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", wire.Invalid(at, "not valid JSON")
	}
	return b.String(), nil
}

// texts reads content in which only text may stand.
func texts(raw json.RawMessage, at string) (string, error) {
	if wire.Null(raw) {
		return "", nil
	}
	all, err := blocks(raw, at)
	if err != nil {
		return "", err
	}
	parts := make([]string, len(all))
	for i := range all {
		if all[i].Type != "text" {
			return "", refuseBlock(&all[i], fmt.Sprintf("%s[%d]", at, i))
		}
		parts[i] = all[i].Text
	}
	return strings.Join(parts, "\n"), nil
}

func refuseBlock(b *Block, at string) error {
	switch b.Type {
	case "":
		return wire.Missing(at + ".type")
	case "image":
		return wire.Unsupported(at, "images are not supported: this server reads text only")
	case "document":
		return wire.Unsupported(at, "documents are not supported: this server reads text only")
	}
	return wire.Unsupported(at+".type", "a block of type %q is not supported here", wire.Shorten(b.Type))
}
