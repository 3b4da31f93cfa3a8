package chat

import (
	"math/rand/v2"
	"strings"
)

// Delta is a piece of a reply; one of its fields is set. A call comes in one
// piece, when it is complete and well formed.
type Delta struct {
	Content   string
	Reasoning string
	Call      *ToolCall
}

// ParserOptions tell a parser about the request that a reply answers.
type ParserOptions struct {
	// Prompt is the rendered prompt or its end: a template may already have
	// opened the reasoning.
	Prompt string
	// Tools are the functions the model was offered. Without any, nothing in
	// the reply is read as a call.
	Tools []Tool
	// NewID names calls that the model did not name itself; nil means nine
	// random letters and digits, a form that every known template accepts.
	NewID func() string
}

// Parser takes a streaming reply apart. It is used by one goroutine.
type Parser struct {
	m   machine
	out emitter
}

// machine is the part of a parser that knows a format.
type machine interface {
	push(text string, out *emitter)
	close(out *emitter)
}

// Push adds text of the reply and returns what is certain by now. Text that
// may be the beginning of a tag is kept back.
func (p *Parser) Push(text string) []Delta {
	p.m.push(text, &p.out)
	return p.out.take()
}

// Close ends the reply and returns what was kept back.
func (p *Parser) Close() []Delta {
	p.m.close(&p.out)
	return p.out.take()
}

// Calls is the number of calls so far.
func (p *Parser) Calls() int { return p.out.calls }

// emitter collects deltas and joins neighbours of one kind.
type emitter struct {
	deltas []Delta
	calls  int
	newID  func() string
}

func (e *emitter) take() []Delta {
	d := e.deltas
	e.deltas = nil
	return d
}

func (e *emitter) content(s string) {
	if s == "" {
		return
	}
	if n := len(e.deltas); n > 0 && e.deltas[n-1].Content != "" {
		e.deltas[n-1].Content += s
		return
	}
	e.deltas = append(e.deltas, Delta{Content: s})
}

func (e *emitter) reasoning(s string) {
	if s == "" {
		return
	}
	if n := len(e.deltas); n > 0 && e.deltas[n-1].Reasoning != "" {
		e.deltas[n-1].Reasoning += s
		return
	}
	e.deltas = append(e.deltas, Delta{Reasoning: s})
}

func (e *emitter) call(calls ...ToolCall) {
	for _, c := range calls {
		if c.ID == "" {
			c.ID = e.newID()
		}
		e.calls++
		e.deltas = append(e.deltas, Delta{Call: &c})
	}
}

func randomID() string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	b := make([]byte, 9)
	for i := range b {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b)
}

// Held returns how many bytes at the end of s may be the beginning of one of
// the words.
func Held(s string, words []string) int {
	most := 0
	for _, w := range words {
		for n := min(len(w)-1, len(s)); n > most; n-- {
			if strings.HasSuffix(s, w[:n]) {
				most = n
				break
			}
		}
	}
	return most
}

// firstOf returns the place of the earliest word in s and its number, or -1.
// Of words at one place the longest wins.
func firstOf(s string, words []string) (at, which int) {
	at, which = -1, -1
	for i, w := range words {
		j := strings.Index(s, w)
		if j < 0 {
			continue
		}
		if at < 0 || j < at || j == at && len(w) > len(words[which]) {
			at, which = j, i
		}
	}
	return at, which
}

const space = " \t\r\n"

// cutSpace splits trailing white space off.
func cutSpace(s string) (text, trail string) {
	text = strings.TrimRight(s, space)
	return text, s[len(text):]
}
