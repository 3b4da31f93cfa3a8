package chat

import "strings"

// command (Cohere) writes an array between action tokens.
func command() Dialect {
	return Dialect{
		Name: "command",
		tags: []tag{
			{kind: tagCall, open: "<|START_ACTION|>", close: "<|END_ACTION|>", parse: jsonCalls},
		},
		force: forceStyle{prefix: "<|START_ACTION|>[", suffix: "]<|END_ACTION|>", name: "tool_name", arguments: "parameters"},
	}
}

// kimi writes functions.name:0, a token, and the arguments.
func kimi() Dialect {
	return Dialect{
		Name:  "kimi",
		inner: []string{"<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>"},
		tags: []tag{
			{kind: tagCall, open: "<|tool_calls_section_begin|>", close: "<|tool_calls_section_end|>", parse: kimiCalls},
			{kind: tagCall, open: "<|tool_call_begin|>", close: "<|tool_call_end|>", parse: kimiCalls},
		},
		force: forceStyle{prefix: "<|tool_call_begin|>", suffix: "<|tool_call_end|>", arguments: "arguments"},
	}
}

func kimiCalls(body string, tools []Tool) ([]ToolCall, bool) {
	if strings.HasPrefix(strings.TrimLeft(body, space), "{") {
		return jsonCalls(body, tools)
	}
	var out []ToolCall
	for _, part := range strings.Split(body, "<|tool_call_begin|>") {
		part, _, _ = strings.Cut(part, "<|tool_call_end|>")
		if strings.Trim(part, space) == "" {
			continue
		}
		id, args, ok := strings.Cut(part, "<|tool_call_argument_begin|>")
		if !ok {
			return nil, false
		}
		id = strings.Trim(id, space)
		name, _, _ := strings.Cut(strings.TrimPrefix(id, "functions."), ":")
		args, ok = object(args)
		if !ok || name == "" {
			return nil, false
		}
		out = append(out, ToolCall{ID: id, Name: name, Arguments: args})
	}
	return out, len(out) > 0
}

// deepseek puts calls between tokens of its own:
//
//	<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f
//	```json
//	{"a": 1}
//	```<｜tool▁call▁end｜><｜tool▁calls▁end｜>
//
// V3.1 writes f<｜tool▁sep｜>{"a": 1} instead.
func deepseek() Dialect {
	return Dialect{
		Name:  "deepseek",
		inner: []string{"<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"},
		tags: []tag{
			{kind: tagCall, open: "<｜tool▁calls▁begin｜>", close: "<｜tool▁calls▁end｜>", parse: deepseekCalls},
			{kind: tagCall, open: "<｜tool▁call▁begin｜>", close: "<｜tool▁call▁end｜>", parse: deepseekCalls},
		},
		force: forceStyle{prefix: "<｜tool▁calls▁begin｜>", suffix: "<｜tool▁calls▁end｜>", arguments: "arguments"},
	}
}

func deepseekCalls(body string, tools []Tool) ([]ToolCall, bool) {
	if strings.HasPrefix(strings.TrimLeft(body, space), "{") {
		return jsonCalls(body, tools)
	}
	var out []ToolCall
	for _, part := range strings.Split(body, "<｜tool▁call▁begin｜>") {
		part, _, _ = strings.Cut(part, "<｜tool▁call▁end｜>")
		if strings.Trim(part, space) == "" {
			continue
		}
		name, args, ok := strings.Cut(part, "<｜tool▁sep｜>")
		if !ok {
			return nil, false
		}
		name = strings.Trim(name, space)
		if i := strings.IndexByte(args, '{'); name == "function" && i > 0 {
			name, args = strings.Trim(strings.TrimSuffix(strings.Trim(args[:i], space), "```json"), space), args[i:]
		}
		args = strings.TrimSuffix(strings.Trim(args, space), "```")
		args, ok = object(args)
		if !ok || name == "" || strings.ContainsAny(name, " \n") {
			return nil, false
		}
		out = append(out, ToolCall{Name: name, Arguments: args})
	}
	return out, len(out) > 0
}
