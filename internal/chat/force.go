package chat

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// forceStyle is how a dialect is made to write a call.
type forceStyle struct {
	prefix    string
	open      string // instead of prefix, where the prompt ends inside a head
	suffix    string
	name      string // key of the function's name, "name" if empty
	arguments string // key of its arguments, "" if they stand alone
	named     string // text between the name, which stands in the prefix, and the arguments
}

// Force makes a model call a tool: Prefix is put in front of its reply (and
// belongs to what the parser gets), then comes JSON that satisfies Schema, then
// Suffix.
type Force struct {
	Prefix string
	Schema json.RawMessage
	Suffix string
}

// ForceCall says how to make the model call one of the tools, or the one called
// only if that is not empty. prompt is the rendered prompt. It is false if
// there is no such tool. A dialect that writes the name in front of the JSON
// is bound to the first of several tools.
func (d Dialect) ForceCall(prompt string, tools []Tool, only string) (Force, bool) {
	if only != "" {
		t := findTool(tools, only)
		if t == nil {
			return Force{}, false
		}
		tools = []Tool{*t}
	}
	if len(tools) == 0 {
		return Force{}, false
	}
	s := d.force
	if s.arguments == "" && s.named == "" {
		s = generic().force
	}
	if s.named != "" {
		return Force{Prefix: s.prefix + tools[0].Name + s.named, Schema: parametersOf(tools[0]), Suffix: s.suffix}, true
	}
	f := Force{Prefix: s.prefix, Suffix: s.suffix, Schema: callSchema(tools, s)}
	if s.open != "" && strings.HasSuffix(prompt, "<|im_start|>assistant") {
		f.Prefix = s.open
	}
	return f, true
}

func parametersOf(t Tool) json.RawMessage {
	if len(t.Parameters) == 0 || !json.Valid(t.Parameters) {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	return t.Parameters
}

// callSchema is the JSON Schema of a call of one of the tools. Parameters with
// references into themselves are moved to where the references stay right.
func callSchema(tools []Tool, s forceStyle) json.RawMessage {
	nameKey := s.name
	if nameKey == "" {
		nameKey = "name"
	}
	n, a := string(quoteJSON(nameKey)), string(quoteJSON(s.arguments))
	var calls, defs []string
	for i, t := range tools {
		params := string(parametersOf(t))
		if strings.Contains(params, "$ref") {
			def := "tool" + strconv.Itoa(i)
			params = localRef.ReplaceAllString(params, "${1}#/$$defs/"+def+"${2}")
			defs = append(defs, string(quoteJSON(def))+":"+params)
			params = `{"$ref":"#/$defs/` + def + `"}`
		}
		calls = append(calls, `"type":"object","properties":{`+n+`:{"const":`+string(quoteJSON(t.Name))+`},`+
			a+`:`+params+`},"required":[`+n+`,`+a+`],"additionalProperties":false`)
	}
	out := calls[0]
	if len(calls) > 1 {
		out = `"anyOf":[{` + strings.Join(calls, "},{") + "}]"
	}
	if len(defs) > 0 {
		out += `,"$defs":{` + strings.Join(defs, ",") + "}"
	}
	return json.RawMessage("{" + out + "}")
}

// localRef finds references into the same document.
var localRef = regexp.MustCompile(`("\$ref"\s*:\s*")#([/"])`)
