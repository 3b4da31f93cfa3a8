package chat

import (
	"encoding/json"
	"strings"
)

// adapt rewrites a conversation for a template that lacks something: tools,
// tool calls and results become text, system text moves into the first user
// turn, a developer becomes the system. A template that knows all of them gets
// the conversation as it is.
func (t *Template) adapt(r Request) Request {
	out := make([]Message, 0, len(r.Messages))
	for _, m := range r.Messages {
		if m.Role == "developer" && !t.can.developer {
			m.Role = "system"
		}
		if len(m.ToolCalls) > 0 && !t.can.calls {
			m = callsAsText(m)
		}
		if m.Role == "tool" && !t.can.results {
			m = resultAsText(m)
		}
		out = append(out, m)
	}
	if len(r.Tools) > 0 && !t.can.tools {
		out = prependSystem(out, toolInstructions(r.Tools))
		r.Tools = nil
	}
	if !t.can.system {
		out = systemIntoUser(out)
	}
	r.Messages = out
	return r
}

func callsAsText(m Message) Message {
	var b strings.Builder
	b.WriteString(m.Content)
	for _, c := range m.ToolCalls {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString("```json\n" + callJSON(c) + "\n```")
	}
	m.Content, m.ToolCalls = b.String(), nil
	return m
}

// callJSON is a call in the form that toolInstructions asks for.
func callJSON(c ToolCall) string {
	args := json.RawMessage(c.Arguments)
	if !json.Valid(args) {
		args = json.RawMessage("{}")
	}
	return `{"name": ` + string(quoteJSON(c.Name)) + `, "arguments": ` + string(args) + `}`
}

func resultAsText(m Message) Message {
	name := m.Name
	if name == "" {
		name = "the function"
	}
	return Message{Role: "user", Content: "Result of " + name + ":\n" + m.Content}
}

// toolInstructions tells a model without a tool format of its own how to call
// a function; the generic dialect reads the answer.
func toolInstructions(tools []Tool) string {
	var b strings.Builder
	b.WriteString("You can call functions. To call one, answer with nothing but a JSON block of this form:\n" +
		"```json\n{\"name\": \"function name\", \"arguments\": {\"argument\": \"value\"}}\n```\n" +
		"Call a function only when it helps. Otherwise answer as usual, without JSON. The functions:\n")
	for _, t := range tools {
		d := struct {
			Name        string          `json:"name"`
			Description string          `json:"description,omitempty"`
			Parameters  json.RawMessage `json:"parameters,omitempty"`
		}{t.Name, t.Description, t.Parameters}
		if data, err := json.Marshal(d); err == nil {
			b.Write(data)
			b.WriteByte('\n')
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func prependSystem(messages []Message, text string) []Message {
	if len(messages) > 0 && messages[0].Role == "system" {
		messages[0].Content = strings.TrimLeft(messages[0].Content+"\n\n"+text, "\n")
		return messages
	}
	return append([]Message{{Role: "system", Content: text}}, messages...)
}

// systemIntoUser puts system text in front of the next user turn.
func systemIntoUser(messages []Message) []Message {
	var out []Message
	pending := ""
	for _, m := range messages {
		switch {
		case m.Role == "system":
			if pending != "" {
				pending += "\n\n"
			}
			pending += m.Content
			continue
		case m.Role == "user" && pending != "":
			m.Content = pending + "\n\n" + m.Content
			pending = ""
		}
		out = append(out, m)
	}
	if pending != "" {
		out = append(out, Message{Role: "user", Content: pending})
	}
	return out
}
