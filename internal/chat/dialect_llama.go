package chat

import "strings"

// llama3 answers with nothing but JSON when it calls, sometimes behind a tag:
//
//	{"name": "f", "parameters": {"a": 1}}
//	<|python_tag|>f.call(a=1)
//
// Only names of tools that were offered make JSON a call.
func llama3() Dialect {
	return Dialect{
		Name:  "llama3",
		Stops: []string{"<|eom_id|>"},
		tags: []tag{
			{kind: tagCall, open: "{", keep: true, lead: true, parse: offered(jsonCalls), end: callEnd},
			{kind: tagCall, open: "[", keep: true, lead: true, parse: offered(jsonOrPython), end: listEnd},
			{kind: tagCall, open: "<|python_tag|>", parse: jsonOrPython, end: toEnd},
		},
		force: forceStyle{arguments: "parameters"},
	}
}

// toEnd is the end of a section that only the end of the reply closes.
func toEnd(string) int { return 0 }

func jsonOrPython(body string, tools []Tool) ([]ToolCall, bool) {
	if calls, ok := jsonCalls(body, tools); ok {
		return calls, true
	}
	return pythonCalls(body, tools)
}

// listEnd is the end of a list of calls, in JSON or in Python.
func listEnd(s string) int {
	rest := strings.TrimLeft(strings.TrimPrefix(s, "["), space)
	if rest == "" {
		return 0
	}
	if rest[0] == '{' {
		return callEnd(s)
	}
	if c := rest[0]; c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') {
		return -1
	}
	if n := strings.IndexAny(rest, "(,]\n"); n >= 0 && rest[n] != '(' {
		return -1
	}
	return scanPython(s)
}

// scanPython is the place behind the bracket that closes the one s begins with.
func scanPython(s string) int {
	depth := 0
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(' || c == '{':
			depth++
		case c == ']' || c == ')' || c == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return 0
}

// lfm writes a list of Python calls between special tokens.
func lfm() Dialect {
	return Dialect{
		Name:  "lfm2",
		tags:  []tag{{kind: tagCall, open: "<|tool_call_start|>", close: "<|tool_call_end|>", parse: jsonOrPython}},
		force: forceStyle{prefix: "<|tool_call_start|>", suffix: "<|tool_call_end|>", arguments: "arguments"},
	}
}

// generic is for models without a form of their own: they are told to answer
// with a block of JSON. Gemma writes Python in a tool_code block.
func generic() Dialect {
	return Dialect{
		Name: "generic",
		tags: []tag{
			{kind: tagCall, open: "```json", close: "```", parse: offered(jsonCalls)},
			{kind: tagCall, open: "```tool_code", close: "```", parse: offered(pythonCalls)},
			{kind: tagCall, open: "```tool_call", close: "```", parse: offered(jsonOrPython)},
			{kind: tagCall, open: "<tool_call>", close: "</tool_call>", parse: jsonCalls},
			{kind: tagCall, open: "{", keep: true, lead: true, parse: offered(jsonCalls), end: callEnd},
			{kind: tagCall, open: "[", keep: true, lead: true, parse: offered(jsonOrPython), end: listEnd},
		},
		force: forceStyle{prefix: "```json\n", suffix: "\n```", arguments: "arguments"},
	}
}
