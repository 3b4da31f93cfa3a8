package chat

import "strings"

// mistral opens calls with a special token and ends them with the reply:
//
//	[TOOL_CALLS][{"name": "f", "arguments": {"a": 1}, "id": "123456789"}]
//	[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]g[ARGS]{}
func mistral() Dialect {
	return Dialect{
		inner: []string{"[ARGS]", "[CALL_ID]"},
		Name:  "mistral",
		tags:  []tag{{kind: tagCall, open: "[TOOL_CALLS]", parse: mistralCalls, end: mistralEnd}},
		force: forceStyle{prefix: "[TOOL_CALLS][", suffix: "]", arguments: "arguments"},
	}
}

// mistralEnd: an array, or a name, marks and an object.
func mistralEnd(s string) int {
	rest := strings.TrimLeft(s, space)
	if rest == "" {
		return 0
	}
	if rest[0] == '[' || rest[0] == '{' {
		return scanJSON(s)
	}
	i := strings.IndexByte(s, '{')
	if i < 0 {
		return 0
	}
	n := scanJSON(s[i:])
	if n <= 0 {
		return n
	}
	return i + n
}

func mistralCalls(body string, tools []Tool) ([]ToolCall, bool) {
	body = strings.Trim(body, space)
	if strings.HasPrefix(body, "[") || strings.HasPrefix(body, "{") {
		return jsonCalls(body, tools)
	}
	i := strings.IndexByte(body, '{')
	if i < 0 {
		return nil, false
	}
	head, args := body[:i], body[i:]
	head, ok := strings.CutSuffix(strings.Trim(head, space), "[ARGS]")
	name, id, _ := strings.Cut(head, "[CALL_ID]")
	name = strings.Trim(name, space)
	if name == "" || strings.ContainsAny(name, "[]{} \n") || !ok && findTool(tools, name) == nil {
		return nil, false
	}
	args, ok = object(args)
	return []ToolCall{{ID: strings.Trim(id, space), Name: name, Arguments: args}}, ok
}
