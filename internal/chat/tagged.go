package chat

import "strings"

type tagKind uint8

const (
	tagReasoning tagKind = iota
	tagCall
)

// tag is a section of a reply between two marks.
type tag struct {
	kind  tagKind
	open  string
	close string // "": the section ends where end says, or with the reply
	lead  bool   // only at the beginning of the reply
	keep  bool   // the opening mark is part of the body
	parse callParser
	end   func(body string) int // length of a complete body, 0 not yet, -1 never
}

// callParser reads the body of a call section. It fails rather than guess.
type callParser func(body string, tools []Tool) ([]ToolCall, bool)

// tagged is the machine for replies that are text with tagged sections in it.
type tagged struct {
	tags    []tag
	tools   []Tool
	buf     string // text not yet decided on
	blank   string // white space that is content only if content follows
	in      *tag
	scanned int    // of buf, for the end of a section
	started bool   // content other than white space was emitted
	trim    bool   // drop white space until text comes
	skip    string // what trim drops
}

func newTagged(tags []tag, o ParserOptions) *tagged {
	t := &tagged{tools: o.Tools, skip: space}
	tail := strings.TrimRight(o.Prompt, space)
	for i := range tags {
		g := tags[i]
		if g.kind == tagCall && len(o.Tools) == 0 {
			continue
		}
		t.tags = append(t.tags, g)
	}
	for i := range t.tags {
		g := &t.tags[i]
		if g.kind == tagReasoning && strings.HasSuffix(tail, g.open) {
			t.in, t.trim = g, true
		}
	}
	return t
}

func (t *tagged) push(text string, out *emitter) {
	t.buf += text
	for t.step(out) {
	}
}

// step handles what the buffer holds up to the next mark; false means that
// more text is needed.
func (t *tagged) step(out *emitter) bool {
	switch {
	case t.buf == "":
		return false
	case t.in == nil:
		return t.outside(out)
	case t.in.kind == tagReasoning:
		return t.reasoning(out)
	}
	return t.callSection(out)
}

// outside looks for the next opening mark.
func (t *tagged) outside(out *emitter) bool {
	at, which := -1, -1
	var opens []string
	for i := range t.tags {
		g := &t.tags[i]
		if g.lead && t.started {
			continue
		}
		opens = append(opens, g.open)
		j := strings.Index(t.buf, g.open)
		if j < 0 || g.lead && strings.Trim(t.buf[:j], t.skip) != "" {
			continue
		}
		if at < 0 || j < at || j == at && len(g.open) > len(t.tags[which].open) {
			at, which = j, i
		}
	}
	if at >= 0 && !t.mayGrow(at, which, opens) {
		t.text(t.buf[:at], out)
		g := &t.tags[which]
		t.buf = t.buf[at+len(g.open):]
		if g.keep {
			t.buf = g.open + t.buf
		}
		t.in, t.scanned, t.trim = g, 0, g.kind == tagReasoning
		return true
	}
	if at >= 0 {
		t.text(t.buf[:at], out)
		t.buf = t.buf[at:]
		return false
	}
	n := len(t.buf) - Held(t.buf, opens)
	t.text(t.buf[:n], out)
	t.buf = t.buf[n:]
	return false
}

// mayGrow reports whether the mark found may turn out to be a longer one.
func (t *tagged) mayGrow(at, which int, opens []string) bool {
	rest := t.buf[at:]
	for _, o := range opens {
		if len(o) > len(rest) && strings.HasPrefix(o, rest) {
			return true
		}
	}
	return false
}

// text emits content; trailing white space waits for more.
func (t *tagged) text(s string, out *emitter) {
	if t.trim {
		s = strings.TrimLeft(s, t.skip)
		if s == "" {
			return
		}
		t.trim, t.skip = false, space
	}
	s = t.blank + s
	s, t.blank = cutSpace(s)
	if s != "" {
		t.started = true
	}
	out.content(s)
}

func (t *tagged) reasoning(out *emitter) bool {
	i := strings.Index(t.buf, t.in.close)
	if i < 0 {
		n := len(t.buf) - Held(t.buf, []string{t.in.close})
		t.think(t.buf[:n], out)
		t.buf = t.buf[n:]
		return false
	}
	t.think(t.buf[:i], out)
	t.buf = t.buf[i+len(t.in.close):]
	t.in, t.blank, t.trim, t.started = nil, "", true, false
	return true
}

func (t *tagged) think(s string, out *emitter) {
	if t.trim {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return
		}
		t.trim = false
	}
	s = t.blank + s
	s, t.blank = cutSpace(s)
	out.reasoning(s)
}

// callSection waits for the end of a call and reads it.
func (t *tagged) callSection(out *emitter) bool {
	if t.in.end != nil {
		n := t.in.end(t.buf)
		if n == 0 {
			return false
		}
		if n > 0 {
			if calls, ok := t.in.parse(t.buf[:n], t.tools); ok {
				t.done(calls, n, out)
				return true
			}
		}
		t.reject(out)
		return true
	}
	for {
		i := strings.Index(t.buf[t.scanned:], t.in.close)
		if i < 0 {
			t.scanned = max(t.scanned, len(t.buf)-len(t.in.close)+1)
			return false
		}
		i += t.scanned
		if calls, ok := t.in.parse(t.buf[:i], t.tools); ok {
			t.done(calls, i+len(t.in.close), out)
			return true
		}
		if !openJSON(t.buf[:i]) {
			t.reject(out)
			return true
		}
		t.scanned = i + 1 // the mark stands inside a JSON string
	}
}

func (t *tagged) done(calls []ToolCall, n int, out *emitter) {
	out.call(calls...)
	if t.in.keep {
		t.skip = space + ";," // calls written one after the other
	}
	t.buf = t.buf[n:]
	t.in, t.blank, t.trim = nil, "", true
}

// reject gives the mark of a section that is no call back as content; what
// follows it is looked at again.
func (t *tagged) reject(out *emitter) {
	open := t.in.open
	if t.in.keep {
		t.buf = t.buf[len(open):]
	}
	t.in, t.trim, t.started = nil, false, true
	t.text(open, out)
}

func (t *tagged) close(out *emitter) {
	for {
		for t.step(out) {
		}
		if t.in == nil || t.in.kind != tagCall {
			break
		}
		if calls, ok := t.in.parse(t.buf, t.tools); ok {
			t.done(calls, len(t.buf), out)
		} else {
			t.reject(out)
		}
	}
	if t.in != nil {
		t.think(t.buf, out)
	} else {
		t.text(t.buf, out)
		if !t.trim {
			out.content(t.blank)
		}
	}
	t.buf, t.blank = "", ""
}
