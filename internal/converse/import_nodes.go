package converse

import "strings"

// node is a step of somebody else's tree: a message if m has a role, else
// something on the way to the next answer, or nothing.
type node struct {
	m         ArchiveMessage
	reasoning string
	call      *ToolCall
	result    string // of the call above
}

// maxPieces is how many steps and texts are joined to one answer; a file that
// holds more must not cost the square of its length.
const maxPieces = 1000

// carried is what was thought and done since the last message.
type carried struct {
	reasoning string
	calls     []ToolCall
	pieces    int
}

func (c carried) with(n node) carried {
	if n.reasoning == "" && n.call == nil && n.result == "" {
		return c
	}
	if c.pieces++; c.pieces > maxPieces {
		return c
	}
	if n.reasoning != "" && len(c.reasoning) <= MaxContent {
		c.reasoning = strings.TrimSpace(c.reasoning + "\n\n" + n.reasoning)
	}
	if n.call != nil {
		c.calls = append(append([]ToolCall(nil), c.calls...), *n.call)
	} else if n.result != "" && len(c.calls) > 0 {
		c.calls = append([]ToolCall(nil), c.calls...)
		c.calls[len(c.calls)-1].Result = n.result
	}
	return c
}

// grown keeps the messages of a tree, each below the nearest one above it, and
// joins pieces of one answer. Of nodes that are each other's parents nothing is
// kept, and of nodes with one id the first. leaf becomes the message that stands
// for it.
func grown(nodes []node, leaf string) ([]ArchiveMessage, string) {
	type step struct {
		at    int
		above string // the nearest message
		carried
	}
	children := map[string][]int{}
	known := map[string]bool{}
	for _, n := range nodes {
		known[n.m.ID] = true
	}
	for i, n := range nodes {
		parent := n.m.Parent
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], i)
	}
	var out []ArchiveMessage
	stands := map[string]string{}
	var queue []step
	below := func(id string, above string, c carried) {
		for _, i := range children[id] {
			queue = append(queue, step{i, above, c})
		}
	}
	below("", "", carried{})
	for ; len(queue) > 0; queue = queue[1:] {
		s, n := queue[0], nodes[queue[0].at]
		if _, done := stands[n.m.ID]; done || n.m.ID == "" {
			continue
		}
		if n.m.Role == "" {
			stands[n.m.ID] = s.above
			below(n.m.ID, s.above, s.with(n))
			continue
		}
		m := n.m
		m.Parent = s.above
		if m.Role == User && strings.TrimSpace(m.Content) == "" {
			m.Content = "[첨부 파일]" // files are not in the export
		}
		if m.Role == Assistant {
			all := s.with(n)
			m.Reasoning = strings.TrimSpace(all.reasoning + "\n\n" + m.Reasoning)
			m.ToolCalls = append(all.calls, m.ToolCalls...)
		}
		out = append(out, m)
		stands[m.ID] = m.ID
		below(m.ID, m.ID, carried{})
	}
	return joined(out, stands[leaf])
}

// joined makes one answer of answers that follow each other without a question
// or a branch between them. Parents stand before their children.
func joined(list []ArchiveMessage, leaf string) ([]ArchiveMessage, string) {
	children := map[string]int{}
	for _, m := range list {
		children[m.Parent]++
	}
	var out []ArchiveMessage
	place := map[string]int{}
	pieces := map[string]int{}
	became := map[string]string{}
	for _, m := range list {
		above, known := place[m.Parent]
		if known {
			single := children[m.Parent] == 1
			m.Parent = out[above].ID
			up := &out[above]
			if single && m.Role == Assistant && up.Role == Assistant && pieces[up.ID] < maxPieces && len(up.Content) <= MaxContent {
				pieces[up.ID]++
				up.Content = strings.TrimSpace(up.Content) + "\n\n" + strings.TrimSpace(m.Content)
				up.Reasoning = strings.TrimSpace(up.Reasoning + "\n\n" + m.Reasoning)
				up.ToolCalls = append(up.ToolCalls, m.ToolCalls...)
				place[m.ID], became[m.ID] = above, up.ID
				continue
			}
		}
		place[m.ID], became[m.ID] = len(out), m.ID
		out = append(out, m)
	}
	return out, became[leaf]
}
