package converse

import (
	"cmp"
	"encoding/json"
	"html"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Open WebUI's export: a list of chats whose chat.history.messages is a mapping
// of a tree. Older ones have a plain list in chat.messages.
type openWebUI struct {
	Title   string  `json:"title"`
	Created float64 `json:"created_at"`
	Updated float64 `json:"updated_at"`
	Pinned  bool    `json:"pinned"`
	Archive bool    `json:"archived"`
	Chat    struct {
		Title  string   `json:"title"`
		Models []string `json:"models"`
		System string   `json:"system"`
		Params struct {
			System string `json:"system"`
		} `json:"params"`
		History struct {
			Messages map[string]*owMessage `json:"messages"`
			Current  string                `json:"currentId"`
		} `json:"history"`
		Messages []*owMessage `json:"messages"`
	} `json:"chat"`
}

type owMessage struct {
	ID         string          `json:"id"`
	Parent     string          `json:"parentId"`
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	Model      string          `json:"model"`
	Timestamp  float64         `json:"timestamp"`
	Error      json.RawMessage `json:"error"`
	Annotation struct {
		Rating json.Number `json:"rating"`
	} `json:"annotation"`
}

func readOpenWebUI(raw json.RawMessage) (ArchiveChat, error) {
	var w openWebUI
	if err := json.Unmarshal(raw, &w); err != nil {
		return ArchiveChat{}, err
	}
	c := w.Chat
	out := ArchiveChat{
		Title: cmp.Or(w.Title, c.Title), System: cmp.Or(c.System, c.Params.System), Created: ms(w.Created), Updated: ms(w.Updated),
		Pinned: w.Pinned, Archived: w.Archive,
	}
	out.Named = out.Title != ""
	if len(c.Models) > 0 {
		out.Model = c.Models[0]
	}
	var list []*owMessage
	for _, id := range slices.Sorted(maps.Keys(c.History.Messages)) {
		if m := c.History.Messages[id]; m != nil {
			m.ID = id
			list = append(list, m)
		}
	}
	if len(list) == 0 {
		list = chained(c.Messages)
	}
	slices.SortStableFunc(list, func(a, b *owMessage) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	var nodes []node
	for _, m := range list {
		nodes = append(nodes, m.read())
	}
	leaf := c.History.Current
	if leaf == "" && len(list) > 0 {
		leaf = list[len(list)-1].ID
	}
	out.Messages, out.Leaf = grown(nodes, leaf)
	return out, nil
}

func (w *owMessage) read() node {
	m := ArchiveMessage{ID: w.ID, Parent: w.Parent, Content: plainText(w.Content), Model: w.Model, Created: ms(w.Timestamp)}
	switch w.Role {
	case "user":
		m.Role = User
	case "assistant":
		m.Role = Assistant
		m.Content, m.Reasoning, m.ToolCalls = details(m.Content)
		if rating, _ := w.Annotation.Rating.Int64(); rating > 0 {
			m.Vote = "up"
		} else if rating < 0 {
			m.Vote = "down"
		}
		if len(w.Error) > 0 && string(w.Error) != "null" && string(w.Error) != "false" {
			m.Status = Failed
		}
	}
	return node{m: m}
}

// chained makes a branch of a plain list.
func chained(list []*owMessage) []*owMessage {
	var out []*owMessage
	last := ""
	for _, m := range list {
		if m == nil {
			continue
		}
		if m.ID == "" {
			m.ID = "m" + strconv.Itoa(len(out)) // the same each time: a file read twice is the same file
		}
		if m.Parent == "" {
			m.Parent = last
		}
		last = m.ID
		out = append(out, m)
	}
	return out
}

// Open WebUI writes thoughts and calls of tools into the text, as HTML.
var (
	detailsBlock = regexp.MustCompile(`(?s)<details type="(reasoning|tool_calls)"([^>]*)>(.*?)</details>\s*`)
	summaryBlock = regexp.MustCompile(`(?s)<summary>.*?</summary>`)
	attribute    = regexp.MustCompile(`(\w+)="([^"]*)"`)
)

// details takes thoughts and calls out of a text.
func details(text string) (content, reasoning string, calls []ToolCall) {
	content = detailsBlock.ReplaceAllStringFunc(text, func(block string) string {
		part := detailsBlock.FindStringSubmatch(block)
		if part[1] == "tool_calls" {
			values := map[string]string{}
			for _, a := range attribute.FindAllStringSubmatch(part[2], -1) {
				values[a[1]] = html.UnescapeString(a[2])
			}
			calls = append(calls, ToolCall{ID: values["id"], Name: values["name"], Arguments: values["arguments"], Result: values["result"]})
			return ""
		}
		var lines []string
		for line := range strings.Lines(html.UnescapeString(summaryBlock.ReplaceAllString(part[3], ""))) {
			lines = append(lines, strings.TrimPrefix(strings.TrimPrefix(strings.TrimRight(line, "\r\n"), ">"), " "))
		}
		reasoning = strings.TrimSpace(reasoning + "\n\n" + strings.TrimSpace(strings.Join(lines, "\n")))
		return ""
	})
	return strings.TrimSpace(content), reasoning, calls
}

// plainText is a content that is text, or parts of which some are text.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var parts []struct {
		Type string          `json:"type"`
		Text json.RawMessage `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	var out []string
	for _, p := range parts {
		switch t := nested(p.Text); {
		case t != "":
			out = append(out, t)
		case strings.HasPrefix(p.Type, "image"):
			out = append(out, "[이미지]")
		}
	}
	return strings.Join(out, "\n")
}

// nested is a text, or the value of an object that wraps it.
func nested(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var o struct {
		Value string `json:"value"`
	}
	if json.Unmarshal(raw, &o) == nil {
		return o.Value
	}
	return ""
}
