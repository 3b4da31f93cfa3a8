package chat

import "strings"

// harmony is how gpt-oss writes: messages with a channel each.
//
//	<|channel|>analysis<|message|> ... <|end|><|start|>assistant<|channel|>final<|message|> ... <|return|>
//	<|start|>assistant<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a": 1}<|call|>
func harmony() Dialect {
	return Dialect{
		Name:      "harmony",
		Stops:     []string{"<|return|>", "<|call|>"},
		Continues: []string{"<|end|>"},
		inner:     []string{"<|channel|>", "<|constrain|>"},
		frames: &frames{
			begin:    "<|start|>",
			headEnd:  "<|message|>",
			ends:     []string{"<|end|>", "<|return|>", "<|call|>"},
			classify: harmonyHead,
			possible: harmonyMayBe,
			call: func(name, body string, _ []Tool) ([]ToolCall, bool) {
				args, ok := object(body)
				return []ToolCall{{Name: name, Arguments: args}}, ok
			},
			start: func(prompt string) (bool, frameKind) {
				i := strings.LastIndex(prompt, "<|start|>")
				if i < 0 {
					return true, frameContent
				}
				head, _, complete := strings.Cut(prompt[i+len("<|start|>"):], "<|message|>")
				if !complete {
					return true, frameContent
				}
				kind, _, _ := harmonyHead(head)
				return false, kind
			},
		},
		force: forceStyle{
			prefix: "<|channel|>commentary to=functions.", named: " <|constrain|>json<|message|>", suffix: "<|call|>",
		},
	}
}

func harmonyHead(head string) (frameKind, string, bool) {
	role, channel, found := strings.Cut(head, "<|channel|>")
	if !found && !strings.Contains(head, "to=") {
		return frameContent, "", strings.Trim(role, space) == "assistant"
	}
	if _, to, ok := strings.Cut(head, "to="); ok {
		to = strings.TrimPrefix(to, "functions.")
		if n := strings.IndexAny(to, " \n<"); n >= 0 {
			to = to[:n]
		}
		if to != "" && to != "assistant" {
			return frameCall, to, true
		}
	}
	switch strings.Trim(channel, space) {
	case "analysis":
		return frameReasoning, "", true
	case "final", "commentary":
		return frameContent, "", true
	}
	return frameContent, "", found
}

// harmonyMayBe: a head names the role, the channel and the recipient.
func harmonyMayBe(head string) bool {
	if len(head) > 300 {
		return false
	}
	for _, h := range []string{"<|channel|>", "assistant", " to=", "to="} {
		n := min(len(h), len(head))
		if h[:n] == head[:n] {
			return true
		}
	}
	return false
}
