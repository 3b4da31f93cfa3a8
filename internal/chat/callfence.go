package chat

import "strings"

// fence opens and closes a block of code in Markdown.
const fence = "```"

// fencedCalls reads the calls of a block of JSON, with or without the fence
// that ends it.
func fencedCalls(body string, tools []Tool) ([]ToolCall, bool) {
	body = strings.TrimSuffix(strings.TrimRight(body, space), fence)
	return offered(jsonCalls)(body, tools)
}

// fenceEnd is the length of a block of calls with the fence behind it. It gives
// up as soon as the block cannot be one, so that an answer in JSON is not held
// back.
func fenceEnd(s string) int {
	for i := 0; ; {
		n := callEnd(s[i:])
		if n <= 0 {
			return n
		}
		rest := strings.TrimLeft(s[i+n:], space+",;")
		i = len(s) - len(rest)
		switch {
		case strings.HasPrefix(rest, fence):
			return i + len(fence)
		case strings.HasPrefix(fence, rest):
			return 0
		}
	}
}
