package main

import (
	"strings"

	"malmoi/internal/llm"
)

// asksTitle recognises the request by which a chat gets its name: it allows
// far fewer tokens than any answer.
func asksTitle(r llm.ChatRequest) bool { return r.MaxTokens > 0 && r.MaxTokens <= 32 }

// title is the name that the scripted models give: the first line of what
// they were asked, so that tests can foretell it.
func title(question string) string {
	line, _, _ := strings.Cut(strings.TrimPrefix(question, "질문: "), "\n")
	head := []rune(line)
	return string(head[:min(20, len(head))])
}
