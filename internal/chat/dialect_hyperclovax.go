package chat

import "strings"

// hyperclovax is how HyperCLOVA X SEED (text 0.5B to Think 14B) writes: ChatML
// blocks whose head says what they are.
//
//	assistant/think\n ... <|im_end|>\n<|im_start|>assistant\n ... <|im_end|><|endofturn|>
//	... <|im_start|>assistant -> tool/function_call\n[{"name": ..., "arguments": ...}]<|im_end|><|stop|>
//
// The call is an array or a single object, and its arguments are called
// "arguments" or "input"; both occur.
func hyperclovax() Dialect {
	return Dialect{
		Name:      "hyperclovax",
		Stops:     []string{"<|endofturn|>", "<|stop|>"},
		Continues: []string{"<|im_end|>"},
		frames: &frames{
			begin:    "<|im_start|>assistant",
			headEnd:  "\n",
			ends:     []string{"<|im_end|>", "<|endofturn|>", "<|stop|>"},
			classify: hyperclovaxHead,
			possible: hyperclovaxMayBe,
			call: func(_, body string, tools []Tool) ([]ToolCall, bool) {
				return jsonCalls(body, tools)
			},
			start: func(prompt string) (bool, frameKind) {
				i := strings.LastIndex(prompt, "<|im_start|>assistant")
				if i < 0 {
					return false, frameContent
				}
				head, _, complete := strings.Cut(prompt[i+len("<|im_start|>assistant"):], "\n")
				if !complete {
					return true, frameContent
				}
				kind, _, _ := hyperclovaxHead(head)
				return false, kind
			},
		},
		force: forceStyle{
			// Where the prompt already opened the assistant's block, an empty
			// one is closed first.
			prefix: "<|im_end|>\n<|im_start|>assistant -> tool/function_call\n[", open: " -> tool/function_call\n[",
			suffix: "]<|im_end|><|stop|>", arguments: "arguments",
		},
	}
}

func hyperclovaxHead(head string) (frameKind, string, bool) {
	switch strings.Trim(head, space) {
	case "":
		return frameContent, "", true
	case "/think":
		return frameReasoning, "", true
	case "-> tool/function_call":
		return frameCall, "", true
	}
	return frameContent, "", false
}

// hyperclovaxMayBe: heads are short and few.
func hyperclovaxMayBe(head string) bool {
	for _, h := range []string{"/think", " -> tool/function_call", "-> tool/function_call"} {
		if strings.HasPrefix(h, strings.TrimRight(head, " \t\r")) {
			return true
		}
	}
	return false
}
