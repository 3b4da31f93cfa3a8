package converse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"strings"
)

// maxShown is how much of a call's arguments or result an export for people
// holds, in bytes. The JSON export holds all of it.
const maxShown = 2000

// shownCall is a call as an export shows it: what people call it, what became
// of it, what was sent and what came back. Its texts are not escaped.
type shownCall struct {
	Title, State, Arguments, ResultTitle, Result string
}

// calls are an answer's calls for people to read. None of them waits any more.
func calls(m Message) []shownCall {
	var out []shownCall
	for _, c := range settled(append([]ToolCall(nil), m.ToolCalls...)) {
		s := shownCall{Title: c.Title, State: callStates[c.State], Arguments: pretty(c.Arguments), ResultTitle: "결과", Result: pretty(c.Result)}
		if s.Title == "" {
			s.Title = c.Name
		}
		if c.Outside {
			s.ResultTitle = "결과 (외부에서 온 글)"
		}
		out = append(out, s)
	}
	return out
}

// callStates are words for what became of a call; one that ran needs none.
var callStates = map[CallState]string{
	Broke:   "실패",
	Refused: "허락하지 않아 실행하지 않음",
	Unknown: "도중에 멈춤 · 실행되었을 수 있음",
}

// pretty indents JSON and shortens what is long.
func pretty(text string) string {
	var b bytes.Buffer
	if len(text) <= 2*maxShown && json.Indent(&b, []byte(text), "", "  ") == nil {
		text = b.String()
	}
	return head(strings.TrimSpace(text), maxShown)
}

// markdownCall writes a call as a folded block, which readers of Markdown that
// know no HTML show as text. Whatever the texts hold, they end neither the
// fold nor the fence.
func markdownCall(b *bytes.Buffer, c shownCall) {
	title := html.EscapeString(strings.Join(strings.Fields(c.Title), " "))
	if c.State != "" {
		title += " · " + c.State
	}
	fmt.Fprintf(b, "<details>\n<summary>도구: %s</summary>\n\n", title)
	for _, part := range [][2]string{{"실행한 내용", c.Arguments}, {c.ResultTitle, c.Result}} {
		if part[1] == "" {
			continue
		}
		mark := fence(part[1])
		fmt.Fprintf(b, "%s\n\n%s\n%s\n%s\n\n", part[0], mark, part[1], mark)
	}
	b.WriteString("</details>\n\n")
}

// fence is a row of backticks longer than any in a text.
func fence(text string) string {
	longest, run := 2, 0
	for _, r := range text {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}
