package converse

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ChatGPT's export: conversations.json is a list of trees, each a mapping from
// id to node. Times are seconds with a fraction. An answer is often several
// nodes: thoughts, calls of tools with their results, and pieces of text.
type chatGPT struct {
	Title    string              `json:"title"`
	Created  float64             `json:"create_time"`
	Updated  float64             `json:"update_time"`
	Current  string              `json:"current_node"`
	Archived bool                `json:"is_archived"`
	Mapping  map[string]*gptNode `json:"mapping"`
}

type gptNode struct {
	Parent  string      `json:"parent"`
	Message *gptMessage `json:"message"`
}

type gptMessage struct {
	Author struct {
		Role string `json:"role"`
		Name string `json:"name"`
	} `json:"author"`
	Created   float64    `json:"create_time"`
	Content   gptContent `json:"content"`
	Recipient string     `json:"recipient"`
	Metadata  struct {
		Model  string `json:"model_slug"`
		Hidden bool   `json:"is_visually_hidden_from_conversation"`
	} `json:"metadata"`
}

type gptContent struct {
	Type     string            `json:"content_type"`
	Parts    []json.RawMessage `json:"parts"`
	Text     string            `json:"text"`
	Language string            `json:"language"`
	Thoughts []struct {
		Summary string `json:"summary"`
		Content string `json:"content"`
	} `json:"thoughts"`
}

func readChatGPT(raw json.RawMessage) (ArchiveChat, error) {
	var g chatGPT
	if err := json.Unmarshal(raw, &g); err != nil {
		return ArchiveChat{}, err
	}
	out := ArchiveChat{Title: g.Title, Named: g.Title != "", Created: ms(g.Created), Updated: ms(g.Updated), Archived: g.Archived, Leaf: g.Current}
	var nodes []node
	for _, id := range slices.Sorted(maps.Keys(g.Mapping)) {
		if n := g.Mapping[id]; n != nil {
			nodes = append(nodes, n.read(id))
		}
	}
	slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(a.m.Created, b.m.Created) })
	out.Messages, out.Leaf = grown(nodes, out.Leaf)
	return out, nil
}

// read is what a node adds to the conversation.
func (g *gptNode) read(id string) node {
	n := node{m: ArchiveMessage{ID: id, Parent: g.Parent}}
	m := g.Message
	if m == nil {
		return n
	}
	n.m.Created = ms(m.Created)
	if m.Metadata.Hidden {
		return n
	}
	toTool := m.Recipient != "" && m.Recipient != "all"
	switch {
	case m.Author.Role == "user" && m.Content.Type != "user_editable_context":
		n.m.Role, n.m.Content = User, m.Content.text()
	case m.Author.Role == "assistant" && m.Content.Type == "thoughts":
		n.reasoning = m.Content.thoughts()
	case m.Author.Role == "assistant" && toTool:
		n.call = &ToolCall{ID: id, Name: m.Recipient, Arguments: m.Content.text()}
	case m.Author.Role == "assistant" && m.Content.Type != "reasoning_recap" && m.Content.Type != "model_editable_context":
		n.m.Role, n.m.Content, n.m.Model = Assistant, m.Content.text(), m.Metadata.Model
	case m.Author.Role == "tool":
		n.result = m.Content.text()
	}
	if strings.TrimSpace(n.m.Content) == "" {
		n.m.Role = ""
	}
	return n
}

func (c gptContent) thoughts() string {
	var out []string
	for _, t := range c.Thoughts {
		if text := strings.TrimSpace(t.Summary + "\n" + t.Content); text != "" {
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n\n")
}

// Citations stand in the text between signs of the private use area.
var citation = regexp.MustCompile("\uE200[^\uE201]*\uE201")

// text joins the parts that are text; images and files are named by kind.
func (c gptContent) text() string {
	if len(c.Parts) == 0 {
		if c.Type == "code" && c.Language != "" && c.Language != "unknown" {
			return "```" + c.Language + "\n" + c.Text + "\n```"
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
		if json.Unmarshal(raw, &other) != nil {
			continue
		}
		switch {
		case other.Text != "":
			parts = append(parts, other.Text)
		case strings.Contains(other.Type, "image"):
			parts = append(parts, "[이미지]")
		case strings.Contains(other.Type, "audio"), other.Type == "":
		default:
			parts = append(parts, "["+other.Type+"]")
		}
	}
	return citation.ReplaceAllString(strings.Join(parts, "\n"), "")
}

// ms turns seconds, or what is milliseconds or nanoseconds already, into
// milliseconds.
func ms(t float64) int64 {
	switch {
	case !(t > 0) || t > 1e19:
		return 0
	case t < 1e11:
		return int64(t * 1000)
	case t < 1e14:
		return int64(t)
	}
	return int64(t / 1e6)
}
