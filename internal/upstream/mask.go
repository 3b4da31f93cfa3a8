package upstream

import (
	"bytes"
	"encoding/json"

	"malmoi/internal/llm"
)

// mask hides personal numbers in what leaves this machine. The zero value
// changes nothing.
type mask func(string) string

// chat returns a request whose texts are masked; the caller's is not changed.
func (m mask) chat(r llm.ChatRequest) llm.ChatRequest {
	if m == nil {
		return r
	}
	messages := append(r.Messages[:0:0], r.Messages...)
	for i := range messages {
		msg := &messages[i]
		msg.Content, msg.Reasoning = m(msg.Content), m(msg.Reasoning)
		msg.ToolCalls = append(msg.ToolCalls[:0:0], msg.ToolCalls...)
		for j := range msg.ToolCalls {
			msg.ToolCalls[j].Arguments = m.json(msg.ToolCalls[j].Arguments)
		}
	}
	r.Messages = messages
	return r
}

// text masks one text.
func (m mask) text(s string) string {
	if m == nil {
		return s
	}
	return m(s)
}

// json masks the strings and numbers of a JSON text so that it stays one. What
// is no JSON is masked as text.
func (m mask) json(s string) string {
	var v any
	d := json.NewDecoder(bytes.NewReader([]byte(s)))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return m(s)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if e.Encode(m.value(v)) != nil {
		return m(s)
	}
	return string(bytes.TrimSpace(out.Bytes()))
}

func (m mask) value(v any) any {
	switch v := v.(type) {
	case string:
		return m(v)
	case json.Number:
		if masked := m(v.String()); masked != v.String() {
			return masked
		}
		return v
	case []any:
		for i := range v {
			v[i] = m.value(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = m.value(v[k])
		}
	}
	return v
}
