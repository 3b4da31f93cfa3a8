package chat

import "strings"

// frameKind is what a block of a reply holds.
type frameKind uint8

const (
	frameContent frameKind = iota
	frameReasoning
	frameCall
)

// frames describes replies that consist of blocks with a head each, as in
// "head, text, end, head, text, end".
type frames struct {
	begin   string   // opens a block; the head follows
	headEnd string   // ends a head
	ends    []string // end a block
	// classify reads a complete head. ok is false for a text that is no head.
	classify func(head string) (kind frameKind, name string, ok bool)
	// possible says whether a head may begin like this.
	possible func(head string) bool
	// call reads the text of a call block; name is from the head.
	call func(name, body string, tools []Tool) ([]ToolCall, bool)
	// start finds out from the prompt where the reply begins: in a head, or in
	// a block of the given kind.
	start func(prompt string) (inHead bool, kind frameKind)
}

type frameState uint8

const (
	inHead frameState = iota
	inBody
	between
)

// framed is the machine for replies made of blocks.
type framed struct {
	f     frames
	tools []Tool
	state frameState
	first bool // the head is the reply's first, continued from the prompt
	kind  frameKind
	name  string
	head  string // of the block, to give it back
	buf   string
	blank string
	trim  bool
}

func newFramed(f frames, o ParserOptions) *framed {
	m := &framed{f: f, tools: o.Tools, first: true}
	head, kind := f.start(o.Prompt)
	if !head {
		m.state, m.kind, m.trim, m.first = inBody, kind, kind == frameReasoning, false
	}
	return m
}

func (m *framed) push(text string, out *emitter) {
	m.buf += text
	for m.step(out) {
	}
}

func (m *framed) step(out *emitter) bool {
	if m.buf == "" {
		return false
	}
	switch m.state {
	case inHead:
		return m.readHead()
	case inBody:
		return m.readBody(out)
	}
	return m.skip()
}

func (m *framed) readHead() bool {
	i := strings.Index(m.buf, m.f.headEnd)
	if i < 0 {
		if m.f.possible(m.buf[:len(m.buf)-Held(m.buf, []string{m.f.headEnd})]) {
			return false
		}
		m.enter(frameContent, "", "")
		return true
	}
	kind, name, ok := m.f.classify(m.buf[:i])
	if !ok || !m.f.possible(m.buf[:i]) {
		m.enter(frameContent, "", "")
		return true
	}
	head := m.buf[:i+len(m.f.headEnd)]
	m.buf = m.buf[len(head):]
	if !m.first {
		head = m.f.begin + head
	}
	m.enter(kind, name, head)
	return true
}

func (m *framed) enter(kind frameKind, name, head string) {
	m.state, m.kind, m.name, m.head, m.first = inBody, kind, name, head, false
	m.blank, m.trim = "", kind == frameReasoning
}

func (m *framed) readBody(out *emitter) bool {
	marks := append([]string{m.f.begin}, m.f.ends...)
	at, which := firstOf(m.buf, marks)
	if m.kind == frameCall {
		if at < 0 {
			return false
		}
		m.finishCall(m.buf[:at], out)
	} else {
		n := at
		if at < 0 {
			n = len(m.buf) - Held(m.buf, marks)
		}
		m.text(m.buf[:n], out)
		m.buf = m.buf[n:]
		if at < 0 {
			return false
		}
		at = 0
	}
	m.buf = m.buf[at+len(marks[which]):]
	m.state = between
	if which == 0 {
		m.state = inHead
	}
	return true
}

func (m *framed) finishCall(body string, out *emitter) {
	if len(m.tools) > 0 {
		if calls, ok := m.f.call(m.name, body, m.tools); ok {
			out.call(calls...)
			return
		}
	}
	out.content(m.head + body)
}

// skip passes over the white space between blocks. Text without a head is
// content.
func (m *framed) skip() bool {
	m.buf = strings.TrimLeft(m.buf, space)
	marks := append([]string{m.f.begin}, m.f.ends...)
	at, which := firstOf(m.buf, marks)
	switch {
	case at == 0:
		m.buf = m.buf[len(marks[which]):]
		if which == 0 {
			m.state = inHead
		}
		return true
	case Held(m.buf, marks) == len(m.buf):
		return false
	}
	m.enter(frameContent, "", "")
	return true
}

func (m *framed) text(s string, out *emitter) {
	if m.trim {
		s = strings.TrimLeft(s, space)
		if s == "" {
			return
		}
		m.trim = false
	}
	s = m.blank + s
	s, m.blank = cutSpace(s)
	if m.kind == frameReasoning {
		out.reasoning(s)
	} else {
		out.content(s)
	}
}

func (m *framed) close(out *emitter) {
	switch {
	case m.state == inHead && m.buf != "":
		if !m.first {
			m.buf = m.f.begin + m.buf
		}
		if s := strings.Trim(m.buf, space); s != "" {
			out.content(m.buf)
		}
	case m.state == inBody && m.kind == frameCall:
		m.finishCall(m.buf, out)
	case m.state == inBody:
		m.text(m.buf, out)
		if m.kind == frameContent && !m.trim {
			out.content(m.blank)
		}
	default:
		out.content(strings.TrimLeft(m.buf, space))
	}
	m.buf, m.blank = "", ""
}
