package converse

import (
	"slices"
	"strings"
	"time"

	"malmoi/internal/llm"
)

type modelInfo = llm.Info

// branch is the way from the first question down to a message.
func branch(tree []Message, leaf string) []Message {
	byID := make(map[string]int, len(tree))
	for i, m := range tree {
		byID[m.ID] = i
	}
	var out []Message
	for at, ok := byID[leaf]; ok && len(out) <= len(tree); at, ok = byID[tree[at].Parent] {
		out = append(out, tree[at])
	}
	slices.Reverse(out)
	return out
}

// under reports whether m is the message id or hangs below it.
func under(tree []Message, m Message, id string) bool {
	return slices.ContainsFunc(branch(tree, m.ID), func(x Message) bool { return x.ID == id })
}

func firstQuestion(tree []Message) string {
	for _, m := range tree {
		if m.Role == User && m.Parent == "" {
			return m.Content[min(len(m.Content), pastedBytes(m)):]
		}
	}
	return ""
}

// pastedBytes turns the length of what was pasted into bytes, 0 if nothing
// was typed behind it.
func pastedBytes(m Message) int {
	units := 0
	for i, r := range m.Content {
		if units >= m.Pasted {
			if strings.TrimSpace(m.Content[i:]) == "" {
				return 0
			}
			return i
		}
		units++
		if r > 0xFFFF {
			units++
		}
	}
	return 0
}

// titleChars is how long a title is that is made of a question.
const titleChars = 40

// firstLine makes a title of a text: its first line with words, without the
// marks of Markdown and signs that turn the direction of writing.
func firstLine(text string) string {
	for line := range strings.Lines(text) {
		line = cleanTitle(line)
		if line == "" {
			continue
		}
		if rs := []rune(line); len(rs) > titleChars {
			return strings.TrimSpace(string(rs[:titleChars-1])) + "…"
		}
		return line
	}
	return ""
}

func cleanTitle(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\u200e', r == '\u200f':
			return -1
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(strings.TrimLeft(s, " \t#>*`-")), " ")
}

func msLater(n int) time.Duration { return time.Duration(n) * time.Millisecond }
