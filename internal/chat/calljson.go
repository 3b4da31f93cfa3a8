package chat

import (
	"bytes"
	"encoding/json"
	"strings"
)

// scanJSON returns the length of the object or array that s begins with (white
// space in front included), 0 if it is not complete and -1 if there is none.
func scanJSON(s string) int {
	i := len(s) - len(strings.TrimLeft(s, space))
	if i == len(s) {
		return 0
	}
	if s[i] != '{' && s[i] != '[' {
		return -1
	}
	var open []byte
	inString := false
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}' || c == ']':
			if open[len(open)-1] != c {
				return -1
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// openJSON reports whether s begins with JSON that is not complete.
func openJSON(s string) bool { return strings.Trim(s, space) != "" && scanJSON(s) == 0 }

// callKeys are the keys with which models begin the object of a call.
var callKeys = map[string]bool{
	"name": true, "function": true, "tool": true, "tool_name": true, "type": true, "id": true, "tool_call_id": true,
	"arguments": true, "parameters": true, "input": true, "args": true,
}

// callEnd is scanJSON for text that may be an answer in JSON instead of a call:
// it gives up at a first key that no call has.
func callEnd(s string) int {
	i := strings.IndexByte(s, '{')
	if i < 0 || strings.Trim(s[:i], space+"[") != "" {
		if strings.Trim(s, space+"[") != "" {
			return -1
		}
		return 0
	}
	rest := strings.TrimLeft(s[i+1:], space)
	if rest == "" {
		return 0
	}
	if rest[0] != '"' {
		return -1
	}
	if end := strings.IndexByte(rest[1:], '"'); end >= 0 && !callKeys[rest[1:1+end]] {
		return -1
	}
	return scanJSON(s)
}

// jsonCall is a call as one of the many models write it.
type jsonCall struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	ToolName   string          `json:"tool_name"`
	Tool       string          `json:"tool"`
	Function   json.RawMessage `json:"function"`
	Arguments  json.RawMessage `json:"arguments"`
	Parameters json.RawMessage `json:"parameters"`
	Input      json.RawMessage `json:"input"`
	Args       json.RawMessage `json:"args"`
}

// jsonCalls reads one call, an array of calls, or several one after the other.
func jsonCalls(body string, _ []Tool) ([]ToolCall, bool) {
	body = strings.Trim(body, space)
	var out []ToolCall
	for body != "" {
		n := scanJSON(body)
		if n <= 0 {
			return nil, false
		}
		calls, ok := jsonValue([]byte(body[:n]))
		if !ok {
			return nil, false
		}
		out = append(out, calls...)
		body = strings.TrimLeft(body[n:], space+",;")
	}
	return out, len(out) > 0
}

func jsonValue(data []byte) ([]ToolCall, bool) {
	if data[0] == '[' {
		var list []json.RawMessage
		if json.Unmarshal(data, &list) != nil {
			return nil, false
		}
		var out []ToolCall
		for _, v := range list {
			c, ok := oneCall(v)
			if !ok {
				return nil, false
			}
			out = append(out, c)
		}
		return out, true
	}
	c, ok := oneCall(data)
	return []ToolCall{c}, ok
}

func oneCall(data []byte) (ToolCall, bool) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 || data[0] != '{' {
		return ToolCall{}, false
	}
	var j jsonCall
	if json.Unmarshal(data, &j) != nil {
		return ToolCall{}, false
	}
	if len(j.Function) > 0 {
		if j.Function[0] == '{' {
			c, ok := oneCall(j.Function)
			if c.ID == "" {
				c.ID = j.ID
			}
			return c, ok
		}
		if json.Unmarshal(j.Function, &j.Name) != nil {
			return ToolCall{}, false
		}
	}
	c := ToolCall{ID: j.ID}
	for _, name := range []string{j.Name, j.ToolName, j.Tool} {
		if name != "" {
			c.Name = name
			break
		}
	}
	var ok bool
	c.Arguments, ok = arguments(j.Arguments, j.Parameters, j.Input, j.Args)
	return c, ok && c.Name != ""
}

// arguments returns the first that is there. It must be an object, or a string
// that holds one; none at all is an empty object.
func arguments(candidates ...json.RawMessage) (string, bool) {
	for _, a := range candidates {
		if len(a) == 0 || string(a) == "null" {
			continue
		}
		text := string(a)
		if a[0] == '"' {
			if json.Unmarshal(a, &text) != nil {
				return "", false
			}
			if strings.Trim(text, space) == "" {
				return "{}", true
			}
		}
		return object(text)
	}
	return "{}", true
}

// object checks that text is a JSON object.
func object(text string) (string, bool) {
	text = strings.Trim(text, space)
	if !strings.HasPrefix(text, "{") || !json.Valid([]byte(text)) {
		return "", false
	}
	return text, true
}

// offered accepts calls of tools that the model was offered, and only them. It
// is for formats in which any JSON might be a call.
func offered(parse callParser) callParser {
	return func(body string, tools []Tool) ([]ToolCall, bool) {
		calls, ok := parse(body, tools)
		if !ok {
			return nil, false
		}
		for _, c := range calls {
			if findTool(tools, c.Name) == nil {
				return nil, false
			}
		}
		return calls, true
	}
}

func findTool(tools []Tool, name string) *Tool {
	for i := range tools {
		if tools[i].Name == name {
			return &tools[i]
		}
	}
	return nil
}
