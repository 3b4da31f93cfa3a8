package converse

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

func asInvalid(err error, to **InvalidError) bool { return errors.As(err, to) }

// ChatGPT's export: conversations.json is a list of trees, each a mapping from
// id to node. Times are seconds with a fraction. Nodes without a message, or
// of the system and of tools, are steps on the way; what hangs below them
// hangs below the message before them.
type chatGPT struct {
	Title   string              `json:"title"`
	Created float64             `json:"create_time"`
	Updated float64             `json:"update_time"`
	Current string              `json:"current_node"`
	Mapping map[string]*gptNode `json:"mapping"`
}

type gptNode struct {
	ID      string `json:"id"`
	Parent  string `json:"parent"`
	Message *struct {
		Author struct {
			Role string `json:"role"`
		} `json:"author"`
		Created float64 `json:"create_time"`
		Content struct {
			Type  string            `json:"content_type"`
			Parts []json.RawMessage `json:"parts"`
			Text  string            `json:"text"`
		} `json:"content"`
		Metadata struct {
			Model  string `json:"model_slug"`
			Hidden bool   `json:"is_visually_hidden_from_conversation"`
		} `json:"metadata"`
	} `json:"message"`
}

func readChatGPT(item json.RawMessage) (ArchiveChat, bool, error) {
	var g chatGPT
	if err := json.Unmarshal(item, &g); err != nil || g.Mapping == nil {
		return ArchiveChat{}, false, nil
	}
	out := ArchiveChat{Title: g.Title, Created: ms(g.Created), Updated: ms(g.Updated)}
	for _, id := range slices.Sorted(maps.Keys(g.Mapping)) {
		n := g.Mapping[id]
		if !n.said() {
			continue
		}
		out.Messages = append(out.Messages, ArchiveMessage{
			ID: id, Parent: g.above(n), Role: Role(n.Message.Author.Role), Content: n.text(), Model: n.Message.Metadata.Model, Created: ms(n.Message.Created),
		})
	}
	byTime(out.Messages)
	if leaf := g.Mapping[g.Current]; leaf != nil {
		if out.Leaf = g.Current; !leaf.said() {
			out.Leaf = g.above(leaf)
		}
	}
	return out, true, nil
}

func (n *gptNode) said() bool {
	if n == nil || n.Message == nil || n.Message.Metadata.Hidden {
		return false
	}
	role := n.Message.Author.Role
	return (role == "user" || role == "assistant") && strings.TrimSpace(n.text()) != ""
}

// text joins the parts that are text; images and files are named by kind.
func (n *gptNode) text() string {
	c := n.Message.Content
	if len(c.Parts) == 0 {
		if c.Type == "code" {
			return "```\n" + c.Text + "\n```"
		}
		return c.Text
	}
	var parts []string
	for _, raw := range c.Parts {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			parts = append(parts, s)
			continue
		}
		var other struct {
			Type string `json:"content_type"`
			Text string `json:"text"`
		}
		if json.Unmarshal(raw, &other) == nil && other.Text != "" {
			parts = append(parts, other.Text)
		} else if other.Type != "" {
			parts = append(parts, "["+other.Type+"]")
		}
	}
	return strings.Join(parts, "\n")
}

// above is the nearest message over a node that was really said.
func (g *chatGPT) above(n *gptNode) string {
	for range len(g.Mapping) {
		id := n.Parent
		if n = g.Mapping[id]; n == nil {
			return ""
		}
		if n.said() {
			return id
		}
	}
	return ""
}

// ms turns seconds, or already milliseconds, into milliseconds.
func ms(t float64) int64 {
	switch {
	case !(t > 0) || t > 1e17:
		return 0
	case t < 1e11:
		return int64(t * 1000)
	case t < 1e14:
		return int64(t)
	}
	return int64(t / 1e6) // nanoseconds
}

func byTime(list []ArchiveMessage) {
	slices.SortStableFunc(list, func(a, b ArchiveMessage) int { return cmp.Compare(a.Created, b.Created) })
}

// Open WebUI's export: a list of chats whose chat.history.messages is a mapping
// of a tree. Older ones have a plain list in chat.messages.
type openWebUI struct {
	Title   string  `json:"title"`
	Created float64 `json:"created_at"`
	Updated float64 `json:"updated_at"`
	Pinned  bool    `json:"pinned"`
	Archive bool    `json:"archived"`
	Chat    *struct {
		Title   string   `json:"title"`
		Models  []string `json:"models"`
		System  string   `json:"system"`
		History struct {
			Messages map[string]*owMessage `json:"messages"`
			Current  string                `json:"currentId"`
		} `json:"history"`
		Messages []*owMessage `json:"messages"`
	} `json:"chat"`
}

type owMessage struct {
	ID        string          `json:"id"`
	Parent    string          `json:"parentId"`
	Role      string          `json:"role"`
	Content   json.RawMessage `json:"content"`
	Model     string          `json:"model"`
	Timestamp float64         `json:"timestamp"`
}

func readOpenWebUI(item json.RawMessage) (ArchiveChat, bool, error) {
	var w openWebUI
	if err := json.Unmarshal(item, &w); err != nil || w.Chat == nil {
		return ArchiveChat{}, false, nil
	}
	c := w.Chat
	out := ArchiveChat{Title: cmp.Or(w.Title, c.Title), System: c.System, Created: ms(w.Created), Updated: ms(w.Updated), Pinned: w.Pinned, Archived: w.Archive, Leaf: c.History.Current}
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
	for _, m := range list {
		if m.Role != "user" && m.Role != "assistant" {
			continue
		}
		out.Messages = append(out.Messages, ArchiveMessage{ID: m.ID, Parent: m.Parent, Role: Role(m.Role), Content: plainText(m.Content), Model: m.Model, Created: ms(m.Timestamp)})
	}
	byTime(out.Messages)
	return out, true, nil
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

// plainText is a content that is text, or parts of which some are text.
func plainText(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var parts []struct {
		Text json.RawMessage `json:"text"`
	}
	if json.Unmarshal(raw, &parts) != nil {
		return ""
	}
	var out []string
	for _, p := range parts {
		if t := nested(p.Text); t != "" {
			out = append(out, t)
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

// LibreChat's export: one conversation a file, with a list of messages that
// name their parents, or, if exported so, a tree of children.
type libreChat struct {
	ID       string         `json:"conversationId"`
	Title    string         `json:"title"`
	Endpoint string         `json:"endpoint"`
	Exported string         `json:"exportAt"`
	Options  libreOptions   `json:"options"`
	Messages []libreMessage `json:"messages"`
}

type libreOptions struct {
	Model  string `json:"model"`
	System string `json:"promptPrefix"`
}

type libreMessage struct {
	ID       string          `json:"messageId"`
	Parent   string          `json:"parentMessageId"`
	User     bool            `json:"isCreatedByUser"`
	Sender   string          `json:"sender"`
	Text     string          `json:"text"`
	Content  json.RawMessage `json:"content"`
	Model    string          `json:"model"`
	Created  string          `json:"createdAt"`
	Children []libreMessage  `json:"children"`
}

func readLibreChat(item json.RawMessage) (ArchiveChat, bool, error) {
	var l libreChat
	if err := json.Unmarshal(item, &l); err != nil || l.Messages == nil || l.ID == "" && l.Endpoint == "" && l.Exported == "" {
		return ArchiveChat{}, false, nil
	}
	out := ArchiveChat{Title: l.Title, Model: l.Options.Model, System: l.Options.System, Created: isoMillis(l.Exported), Updated: isoMillis(l.Exported)}
	out.Messages = l.flat(nil, l.Messages, "", 0)
	return out, true, nil
}

// maxTreeDepth bounds how deep a tree of children is followed.
const maxTreeDepth = 10_000

func (l *libreChat) flat(out []ArchiveMessage, list []libreMessage, above string, depth int) []ArchiveMessage {
	if depth > maxTreeDepth {
		return out
	}
	for _, m := range list {
		text := m.Text
		if text == "" {
			text = plainText(m.Content)
		}
		parent := m.Parent
		if above != "" {
			parent = above
		}
		if strings.HasPrefix(parent, "00000000-") { // LibreChat's name for no parent
			parent = ""
		}
		role := Assistant
		if m.User || strings.EqualFold(m.Sender, "user") {
			role = User
		}
		out = append(out, ArchiveMessage{ID: m.ID, Parent: parent, Role: role, Content: text, Model: m.Model, Created: isoMillis(m.Created)})
		out = l.flat(out, m.Children, m.ID, depth+1)
	}
	return out
}

func isoMillis(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0
	}
	return t.UnixMilli()
}
