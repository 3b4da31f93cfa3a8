package openai

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"malmoi/internal/chat"
	"malmoi/internal/httpapi/rule"
	"malmoi/internal/httpapi/wire"
)

// Message is one message of a chat request. Fields that other servers put
// into their answers and clients send back are ignored when decoding.
type Message struct {
	Role             string          `json:"role"`
	Content          json.RawMessage `json:"content"` // string, parts or null
	Name             string          `json:"name"`
	ReasoningContent string          `json:"reasoning_content"`
	Reasoning        string          `json:"reasoning"` // the same, as newer vLLM calls it
	ToolCalls        []ToolCall      `json:"tool_calls"`
	ToolCallID       string          `json:"tool_call_id"`
	FunctionCall     json.RawMessage `json:"function_call"`
}

// ToolCall is a call of a function in an assistant message of a request.
type ToolCall struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"` // JSON as a string; some clients send the object
	} `json:"function"`
}

// ContentPart is an element of a content array.
type ContentPart struct {
	Type    string `json:"type"`
	Text    string `json:"text"`
	Refusal string `json:"refusal"`
}

func messages(raws []json.RawMessage) ([]chat.Message, error) {
	if len(raws) == 0 {
		return nil, wire.Missing("messages")
	}
	out := make([]chat.Message, len(raws))
	for i, raw := range raws {
		m, err := message(raw, fmt.Sprintf("messages[%d]", i))
		if err != nil {
			return nil, err
		}
		out[i] = m
	}
	return out, nil
}

func message(raw json.RawMessage, at string) (chat.Message, error) {
	var w Message
	if wire.Kind(raw) != '{' {
		return chat.Message{}, wire.Invalid(at, "must be an object with role and content")
	}
	if err := wire.Value(raw, &w, at); err != nil {
		return chat.Message{}, err
	}
	m := chat.Message{Role: w.Role, Name: w.Name, ToolCallID: w.ToolCallID}
	if err := checkRole(&w, at); err != nil {
		return m, err
	}
	var err error
	if m.Content, err = Text(w.Content, at+".content"); err != nil {
		return m, err
	}
	if w.Role != "assistant" {
		return m, nil
	}
	m.Reasoning = w.ReasoningContent
	if m.Reasoning == "" {
		m.Reasoning = w.Reasoning
	}
	m.ToolCalls, err = toolCalls(w.ToolCalls, at)
	return m, err
}

func checkRole(w *Message, at string) error {
	switch w.Role {
	case "system", "developer", "user":
		if wire.Null(w.Content) {
			return wire.Missing(at + ".content")
		}
	case "assistant":
		if !wire.Null(w.FunctionCall) {
			return wire.Unsupported(at+".function_call", "function_call is no longer used; send tool_calls")
		}
	case "tool":
		if w.ToolCallID == "" {
			return wire.Missing(at + ".tool_call_id")
		}
		if wire.Null(w.Content) {
			return wire.Missing(at + ".content")
		}
	case "":
		return wire.Missing(at + ".role")
	default:
		return wire.Invalid(at+".role", "%q is not one of system, developer, user, assistant, tool", wire.Shorten(w.Role))
	}
	return nil
}

// Text reads content that is a string, an array of text parts, or null. Parts
// are joined by line ends, as the other open servers do.
func Text(raw json.RawMessage, at string) (string, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return "", nil
	case '"':
		var s string
		err := wire.Value(raw, &s, at)
		return s, err
	case '[':
	default:
		return "", wire.Invalid(at, "must be a string or an array of content parts")
	}
	var parts []json.RawMessage
	if err := wire.Value(raw, &parts, at); err != nil {
		return "", err
	}
	texts := make([]string, 0, len(parts))
	for i, p := range parts {
		text, err := partText(p, fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return "", err
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "\n"), nil
}

func partText(raw json.RawMessage, at string) (string, error) {
	var p ContentPart
	if wire.Kind(raw) != '{' {
		return "", wire.Invalid(at, "must be an object with a type")
	}
	if err := wire.Value(raw, &p, at); err != nil {
		return "", err
	}
	switch p.Type {
	case "text", "input_text", "output_text", "summary_text", "reasoning_text":
		return p.Text, nil
	case "refusal":
		return p.Refusal, nil
	case "image_url", "input_image", "image":
		return "", wire.Unsupported(at, "images are not supported: this server reads text only")
	case "input_audio", "audio":
		return "", wire.Unsupported(at, "audio is not supported: this server reads text only")
	case "file", "input_file", "video_url", "input_video":
		return "", wire.Unsupported(at, "files are not supported: this server reads text only")
	case "":
		return "", wire.Missing(at + ".type")
	}
	return "", wire.Unsupported(at+".type", "content of type %q is not supported: this server reads text only", wire.Shorten(p.Type))
}

func toolCalls(calls []ToolCall, at string) ([]chat.ToolCall, error) {
	var out []chat.ToolCall
	for i, c := range calls {
		at := fmt.Sprintf("%s.tool_calls[%d]", at, i)
		if c.Type != "" && c.Type != "function" {
			return nil, wire.Unsupported(at+".type", "only function calls are supported, got %q", wire.Shorten(c.Type))
		}
		if err := rule.ToolName(c.Function.Name, at+".function.name"); err != nil {
			return nil, err
		}
		args, err := arguments(c.Function.Arguments, at+".function.arguments")
		if err != nil {
			return nil, err
		}
		out = append(out, chat.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: args})
	}
	return out, nil
}

// arguments accepts JSON as a string, as OpenAI has it, or the object itself.
// What a model once wrote need not be valid JSON and is passed on as it is.
func arguments(raw json.RawMessage, at string) (string, error) {
	switch wire.Kind(raw) {
	case 0, 'n':
		return "{}", nil
	case '"':
		var s string
		err := wire.Value(raw, &s, at)
		return s, err
	case '{':
		var b bytes.Buffer
		if err := json.Compact(&b, raw); err != nil {
			return "", wire.Invalid(at, "not valid JSON")
		}
		return b.String(), nil
	}
	return "", wire.Invalid(at, "must be a string that holds a JSON object")
}
