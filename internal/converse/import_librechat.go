package converse

import (
	"encoding/json"
	"strings"
	"time"
)

// LibreChat's export: one conversation a file, with a list of messages that
// name their parents, or, if exported so, a tree of children.
type libreChat struct {
	Title   string `json:"title"`
	Options struct {
		Model  string `json:"model"`
		System string `json:"promptPrefix"`
	} `json:"options"`
	Messages json.RawMessage `json:"messages"`     // a list, or a single one
	Tree     []libreMessage  `json:"messagesTree"` // newer ones, if recursive
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
	Error    bool            `json:"error"`
	Feedback struct {
		Rating string `json:"rating"`
	} `json:"feedback"`
	Children []libreMessage `json:"children"`
}

// librePart is a piece of an answer of an agent.
type librePart struct {
	Type  string          `json:"type"`
	Text  json.RawMessage `json:"text"`
	Think json.RawMessage `json:"think"`
	Call  *struct {
		ID     string          `json:"id"`
		Name   string          `json:"name"`
		Args   json.RawMessage `json:"args"`
		Output string          `json:"output"`
	} `json:"tool_call"`
}

func readLibreChat(raw json.RawMessage) (ArchiveChat, error) {
	var l libreChat
	if err := json.Unmarshal(raw, &l); err != nil {
		return ArchiveChat{}, err
	}
	list := l.Tree
	if list == nil && json.Unmarshal(l.Messages, &list) != nil {
		var one libreMessage
		if err := json.Unmarshal(l.Messages, &one); err != nil {
			return ArchiveChat{Title: l.Title}, err
		}
		list = []libreMessage{one}
	}
	out := ArchiveChat{Title: l.Title, Named: l.Title != "", Model: l.Options.Model, System: l.Options.System}
	nodes := flat(nil, list, "", 0)
	leaf := ""
	for _, n := range nodes {
		if n.m.Created > out.Updated {
			out.Updated, leaf = n.m.Created, n.m.ID
		}
	}
	out.Messages, out.Leaf = grown(nodes, leaf)
	return out, nil
}

// maxTreeDepth bounds how deep a tree of children is followed.
const maxTreeDepth = 10_000

func flat(out []node, list []libreMessage, above string, depth int) []node {
	if depth > maxTreeDepth {
		return out
	}
	for _, m := range list {
		if above != "" {
			m.Parent = above
		}
		if strings.HasPrefix(m.Parent, "00000000-") { // LibreChat's name for no parent
			m.Parent = ""
		}
		out = append(out, node{m: m.read()})
		out = flat(out, m.Children, m.ID, depth+1)
	}
	return out
}

func (m libreMessage) read() ArchiveMessage {
	out := ArchiveMessage{ID: m.ID, Parent: m.Parent, Role: Assistant, Content: m.Text, Model: m.Model, Created: isoMillis(m.Created)}
	if m.User || strings.EqualFold(m.Sender, "user") {
		out.Role, out.Model = User, ""
	}
	var parts []librePart
	if json.Unmarshal(m.Content, &parts) == nil {
		out.parts(parts)
	}
	if out.Role == Assistant && m.Error {
		out.Status = Failed
	}
	switch m.Feedback.Rating {
	case "thumbsUp":
		out.Vote = "up"
	case "thumbsDown":
		out.Vote = "down"
	}
	return out
}

// parts reads an answer that is given in pieces; its plain text, if there is
// one, says the same.
func (m *ArchiveMessage) parts(list []librePart) {
	var text, thoughts []string
	for _, p := range list {
		if t := nested(p.Text); t != "" && (p.Type == "text" || p.Type == "error") {
			text = append(text, t)
		}
		if t := nested(p.Think); t != "" {
			thoughts = append(thoughts, t)
		}
		if p.Call != nil && p.Call.Name != "" {
			args := nested(p.Call.Args)
			if args == "" && len(p.Call.Args) > 0 {
				args = string(p.Call.Args)
			}
			m.ToolCalls = append(m.ToolCalls, ToolCall{ID: p.Call.ID, Name: p.Call.Name, Arguments: args, Result: p.Call.Output})
		}
	}
	if len(text) > 0 {
		m.Content = strings.Join(text, "\n\n")
	}
	m.Reasoning = strings.Join(thoughts, "\n\n")
}

func isoMillis(s string) int64 {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0
	}
	return t.UnixMilli()
}
