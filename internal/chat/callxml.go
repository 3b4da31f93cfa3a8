package chat

import (
	"bytes"
	"encoding/json"
	"strings"
)

// argBuilder collects named arguments, in order, into a JSON object.
type argBuilder struct {
	b      strings.Builder
	params map[string]string // JSON Schema types of the parameters
}

func newArgs(tools []Tool, name string) *argBuilder {
	a := &argBuilder{params: map[string]string{}}
	if t := findTool(tools, name); t != nil {
		var schema struct {
			Properties map[string]struct {
				Type json.RawMessage `json:"type"`
			} `json:"properties"`
		}
		if json.Unmarshal(t.Parameters, &schema) == nil {
			for k, p := range schema.Properties {
				var typ string
				if json.Unmarshal(p.Type, &typ) == nil {
					a.params[k] = typ
				}
			}
		}
	}
	return a
}

// add stores a value written as bare text. A parameter declared as a string
// gets the text; others get the JSON that the text is, if it is JSON.
func (a *argBuilder) add(key, text string) {
	value := json.RawMessage(text)
	if a.params[key] == "string" || !json.Valid(value) {
		value = quoteJSON(text)
	}
	a.raw(key, value)
}

func (a *argBuilder) raw(key string, value []byte) {
	if a.b.Len() == 0 {
		a.b.WriteString("{")
	} else {
		a.b.WriteString(", ")
	}
	a.b.Write(quoteJSON(key))
	a.b.WriteString(": ")
	a.b.Write(value)
}

func (a *argBuilder) object() string {
	if a.b.Len() == 0 {
		return "{}"
	}
	return a.b.String() + "}"
}

// quoteJSON writes a JSON string without the escapes for HTML.
func quoteJSON(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(s) != nil { // a string can always be encoded
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// argKeyCalls reads GLM's form, which HyperCLOVA X SEED 32B and Omni share:
//
//	name
//	<arg_key>key</arg_key>
//	<arg_value>value</arg_value>
//
// JSON in its place is read as such.
func argKeyCalls(body string, tools []Tool) ([]ToolCall, bool) {
	if strings.HasPrefix(strings.TrimLeft(body, space), "{") {
		return jsonCalls(body, tools)
	}
	name, rest, found := strings.Cut(body, "<arg_key>")
	name = strings.Trim(name, space)
	if name == "" || strings.ContainsAny(name, "<>{}\n") {
		return nil, false
	}
	a := newArgs(tools, name)
	for found {
		var key, value string
		var ok bool
		if key, rest, ok = strings.Cut(rest, "</arg_key>"); !ok {
			return nil, false
		}
		gap := ""
		if gap, rest, ok = strings.Cut(rest, "<arg_value>"); !ok || strings.Trim(gap, space) != "" {
			return nil, false
		}
		if value, rest, ok = strings.Cut(rest, "</arg_value>"); !ok {
			return nil, false
		}
		a.add(strings.Trim(key, space), value)
		gap, rest, found = strings.Cut(rest, "<arg_key>")
		if strings.Trim(gap, space) != "" {
			return nil, false
		}
	}
	return []ToolCall{{Name: name, Arguments: a.object()}}, true
}

// functionTagCalls reads the form of Qwen3-Coder:
//
//	<function=name>
//	<parameter=key>
//	value
//	</parameter>
//	</function>
//
// and the one of Functionary 3.1 and Kanana, <function=name>{"key": ...}</function>.
// JSON in its place is read as such.
func functionTagCalls(body string, tools []Tool) ([]ToolCall, bool) {
	rest := strings.Trim(body, space)
	if strings.HasPrefix(rest, "{") {
		return jsonCalls(rest, tools)
	}
	var out []ToolCall
	for rest != "" {
		if !strings.HasPrefix(rest, "<function=") {
			return nil, false
		}
		name, inner, ok := strings.Cut(rest[len("<function="):], ">")
		name = strings.Trim(name, space+`"`)
		if !ok || name == "" {
			return nil, false
		}
		inner, rest, ok = strings.Cut(inner, "</function>")
		if !ok && !strings.HasSuffix(strings.Trim(inner, space), "</parameter>") {
			return nil, false
		}
		args, ok := functionArgs(inner, tools, name)
		if !ok {
			return nil, false
		}
		out = append(out, ToolCall{Name: name, Arguments: args})
		rest = strings.Trim(rest, space)
	}
	return out, len(out) > 0
}

func functionArgs(inner string, tools []Tool, name string) (string, bool) {
	inner = strings.Trim(inner, space)
	if strings.HasPrefix(inner, "{") {
		return object(inner)
	}
	a := newArgs(tools, name)
	for inner != "" {
		if !strings.HasPrefix(inner, "<parameter=") {
			return "", false
		}
		key, value, ok := strings.Cut(inner[len("<parameter="):], ">")
		if !ok {
			return "", false
		}
		if value, inner, ok = strings.Cut(value, "</parameter>"); !ok {
			return "", false
		}
		value = strings.TrimSuffix(strings.TrimPrefix(value, "\n"), "\n")
		a.add(strings.Trim(key, space+`"`), value)
		inner = strings.Trim(inner, space)
	}
	return a.object(), true
}

// bareFunctionTag is functionTagCalls for a body whose opening tag was already
// taken off, as in <function=name>{...}</function> without anything around it.
func bareFunctionTag(body string, tools []Tool) ([]ToolCall, bool) {
	return functionTagCalls("<function="+body+"</function>", tools)
}
