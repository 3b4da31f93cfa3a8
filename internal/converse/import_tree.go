package converse

import (
	"strings"
	"time"
	"unicode/utf8"
)

// planted gives a conversation from a file ids of ours and checks it: each
// message's parent is one of it, without circles, and all texts are within the
// limits. Times stay as they are where that keeps the order.
func (s *Service) planted(a ArchiveChat) (Chat, []Message, []Preference, error) {
	if len(a.Messages) == 0 {
		return Chat{}, nil, nil, invalid("file", whyEmpty)
	}
	if len(a.Messages) > MaxMessages {
		return Chat{}, nil, nil, invalid("file", whyMany)
	}
	ids := map[string]string{}
	for _, m := range a.Messages {
		if m.ID == "" || ids[m.ID] != "" {
			return Chat{}, nil, nil, invalid("file", whyIDs)
		}
		ids[m.ID] = newID()
	}
	ordered, err := parentsFirst(a.Messages)
	if err != nil {
		return Chat{}, nil, nil, err
	}
	p := planting{chat: s.pot(a), ids: ids, groups: map[string]string{}, last: map[string]time.Time{}}
	for _, m := range ordered {
		if err := p.add(m); err != nil {
			return Chat{}, nil, nil, err
		}
	}
	if p.chat.Leaf = ids[a.Leaf]; p.chat.Leaf == "" {
		p.chat.Leaf = p.newest()
	}
	if p.chat.Title == "" {
		p.chat.Title, p.chat.Named = firstLine(firstQuestion(p.tree)), false
	}
	return p.chat, p.tree, p.preferences(ordered), nil
}

// pot is the chat without its messages.
func (s *Service) pot(a ArchiveChat) Chat {
	now := s.now()
	first := now
	for _, m := range a.Messages {
		if at := moment(m.Created, now); at.Before(first) {
			first = at
		}
	}
	c := Chat{ID: newID(), Title: shorten(cleanTitle(clean(a.Title)), MaxTitle), Named: a.Named, Model: shorten(clean(a.Model), MaxName),
		System: cut(clean(a.System), MaxText), Folder: a.Folder, Preset: a.Preset, Pinned: a.Pinned, Archived: a.Archived, Created: moment(a.Created, first)}
	c.Updated = moment(a.Updated, c.Created)
	return c
}

// planting is a tree that grows from the top.
type planting struct {
	chat   Chat
	tree   []Message
	ids    map[string]string    // of the file to ours
	groups map[string]string    // of answers to be compared
	last   map[string]time.Time // of a parent's newest child so far, or of the message itself
}

func (p *planting) add(m ArchiveMessage) error {
	if m.Role != User && m.Role != Assistant {
		return invalid("file", whyRole)
	}
	if len(m.Content) > MaxContent || len(m.Reasoning) > MaxContent {
		return invalid("file", whyLong)
	}
	parent := p.ids[m.Parent]
	// In one chat, messages stand in the order of their times.
	at := moment(m.Created, p.chat.Created)
	if before := p.last[parent]; !at.After(before) {
		at = before.Add(time.Millisecond)
	}
	id := p.ids[m.ID]
	p.last[parent], p.last[id] = at, at
	out := Message{
		ID: id, Chat: p.chat.ID, Parent: parent, Role: m.Role, Content: clean(m.Content), Reasoning: clean(m.Reasoning),
		Model: shorten(clean(m.Model), MaxName), Status: ending(m), Usage: m.Usage, Pasted: max(m.Pasted, 0), Created: at,
	}
	if m.Role == Assistant {
		out.ToolCalls, out.Vote, out.Params = settled(m.ToolCalls), vote(m.Vote), m.Params
		if out.Status == Failed {
			out.Failure = m.Failure
		}
		if m.Compare != "" {
			if p.groups[m.Compare] == "" {
				p.groups[m.Compare] = newID()
			}
			out.Compare = p.groups[m.Compare]
		}
	}
	p.tree = append(p.tree, out)
	return nil
}

func (p *planting) newest() string {
	out := p.tree[0]
	for _, m := range p.tree {
		if m.Created.After(out.Created) {
			out = m
		}
	}
	return out.ID
}

func (p *planting) preferences(list []ArchiveMessage) []Preference {
	var out []Preference
	for _, m := range list {
		chosen := p.ids[m.Preferred]
		if m.Preferred == Tie {
			chosen = Tie
		}
		if chosen != "" {
			out = append(out, Preference{Question: p.ids[m.ID], Chosen: chosen, Created: p.chat.Updated})
		}
	}
	return out
}

// parentsFirst orders messages so that parents come before their children, and
// otherwise as they stand.
func parentsFirst(list []ArchiveMessage) ([]ArchiveMessage, error) {
	known := map[string]bool{}
	for _, m := range list {
		known[m.ID] = true
	}
	children := map[string][]int{}
	for i, m := range list {
		if !known[m.Parent] { // a root, or its parent is not in the file
			list[i].Parent = ""
		}
		children[list[i].Parent] = append(children[list[i].Parent], i)
	}
	var out []ArchiveMessage
	for queue := children[""]; len(queue) > 0; queue = queue[1:] {
		m := list[queue[0]]
		out = append(out, m)
		queue = append(queue, children[m.ID]...)
	}
	if len(out) != len(list) {
		return nil, invalid("file", whyCircle)
	}
	return out, nil
}

// ending is how a message ended: a file cannot hold one that goes on.
func ending(m ArchiveMessage) Status {
	switch {
	case m.Role == User:
		return Done
	case m.Status == Length, m.Status == Stopped, m.Status == Interrupted, m.Status == Failed:
		return m.Status
	case m.Status == Live:
		return Interrupted
	}
	return Done
}

// clean makes text that every database takes.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
}

// shorten cuts a text to so many characters.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return strings.TrimSpace(string([]rune(text)[:n-1])) + "…"
}

// cut cuts a text to so many bytes.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

func vote(v string) string {
	if v == "up" || v == "down" {
		return v
	}
	return ""
}

// moment is a time in ms; one that is missing or absurd becomes another.
func moment(ms int64, other time.Time) time.Time {
	if ms <= 0 || ms > 32503680000000 { // the year 3000
		return other
	}
	return time.UnixMilli(ms)
}
