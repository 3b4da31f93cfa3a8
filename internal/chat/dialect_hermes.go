package chat

// hermes writes a call as JSON between tags:
//
//	<tool_call>
//	{"name": "f", "arguments": {"a": 1}}
//	</tool_call>
//
// So do Qwen 2.5 and 3, EXAONE 4, A.X 4, Mi:dm 2 and many others. Qwen2.5-Coder
// was told to and writes a block of Markdown instead, which is a call where it
// begins the reply and names a tool that was offered.
func hermes(open, close string) Dialect {
	return Dialect{
		Name: "hermes",
		tags: []tag{
			{kind: tagCall, open: open, close: close, parse: jsonCalls},
			{kind: tagCall, open: fence + "json", lead: true, parse: fencedCalls, end: fenceEnd},
		},
		force: forceStyle{prefix: open + "\n", suffix: "\n" + close, arguments: "arguments"},
	}
}

// glm writes the arguments as pairs of tags. HyperCLOVA X SEED Think 32B and
// Omni 8B do the same.
func glm() Dialect {
	d := hermes("<tool_call>", "</tool_call>")
	d.Name = "glm"
	d.tags[0].parse = argKeyCalls
	d.inner = []string{"<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"}
	d.Stops = []string{"<|observation|>"}
	return d
}

// functionTags writes <function=name>, with the arguments as JSON or as
// parameter tags, with or without a tag around it.
func functionTags(name, open, close string) Dialect {
	bare := tag{kind: tagCall, open: "<function=", close: "</function>", parse: bareFunctionTag}
	d := Dialect{Name: name, tags: []tag{bare}}
	if open == "" {
		d.force = forceStyle{prefix: "<tool_call>\n", suffix: "\n</tool_call>", arguments: "arguments"}
		d.tags = append(d.tags, tag{kind: tagCall, open: "<tool_call>", close: "</tool_call>", parse: functionTagCalls})
		return d
	}
	d.tags = append(d.tags, tag{kind: tagCall, open: open, close: close, parse: functionTagCalls})
	d.force = forceStyle{prefix: open + "\n", suffix: "\n" + close, arguments: "arguments"}
	return d
}

// granite writes <|tool_call|> and then an array, without a closing tag; newer
// ones write as hermes does.
func granite() Dialect {
	d := hermes("<tool_call>", "</tool_call>")
	d.Name = "granite"
	d.tags = append(d.tags, tag{kind: tagCall, open: "<|tool_call|>", parse: jsonCalls, end: scanJSON})
	return d
}
