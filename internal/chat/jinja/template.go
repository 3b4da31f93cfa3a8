package jinja

import (
	"context"
	"time"
)

// Template is a parsed template. It is immutable and safe for concurrent use.
type Template struct {
	body  []stmt
	fn    *fnInfo
	frame *frameInfo
	self  *ref
	block map[string]*blockStmt
	bytes int
}

// Options tell how to render. The zero value is usable.
type Options struct {
	// Context can stop a rendering; one that takes ten seconds stops anyway.
	Context context.Context
	// Now is what strftime_now formats. The zero time is not read unless the
	// template asks for the time, which then fails.
	Now time.Time
	// MaxOutput bounds the text in bytes, MaxSteps the work; 0 means the
	// defaults of 64 MiB and 20 million.
	MaxOutput int
	MaxSteps  int
}

// Parse reads a template. The error wraps ErrSyntax.
func Parse(src string) (*Template, error) {
	t, err := parse(src)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func parse(src string) (t *Template, err error) {
	defer catch(&err)
	if len(src) > maxSource {
		throwSyntax(1, "template of %d bytes, the limit is %d", len(src), maxSource)
	}
	p := &parser{toks: lex(src)}
	t = &Template{body: p.body(), bytes: len(src)}
	r := &resolver{fn: newFn(nil), top: true, blocks: map[string]*blockStmt{}}
	r.sym = newSymbols(nil, r.fn)
	if readsFree(t.body, "self")["self"] {
		r.sym.param("self")
		t.self = r.refPtr("self")
	}
	r.sym.visitAll(t.body)
	r.stmts(t.body)
	t.fn, t.frame, t.block = r.fn, r.sym.info(), r.blocks
	return t, nil
}

// Render renders to plain text. A template that calls raise_exception gives
// a *Raised, any other failure an *Error.
func (t *Template) Render(vars *Dict, o Options) (string, error) {
	s, err := t.render(vars, o)
	return s.s, err
}

// Segments renders to runs of text that say where they came from. Joined they
// are what Render returns.
func (t *Template) Segments(vars *Dict, o Options) ([]Segment, error) {
	s, err := t.render(vars, o)
	if err != nil {
		return nil, err
	}
	return s.segments(), nil
}

func (t *Template) render(vars *Dict, o Options) (out Str, err error) {
	defer catch(&err)
	if vars == nil {
		vars = NewDict()
	}
	in := newInterp(t, vars, o)
	var b builder
	f := newFrame(t.fn, nil)
	if t.self != nil {
		f.set(*t.self, &selfRef{})
	}
	in.enterFrame(f, t.frame)
	in.exec(t.body, f, &b)
	in.checkOutput(&b)
	return b.done(), nil
}

// Reads reports the names of the variables that a template looks up outside
// itself at its top level, such as "messages" or "enable_thinking".
func (t *Template) Reads(name string) bool {
	for _, l := range t.frame.loads {
		if l.kind == loadResolve && l.name == name {
			return true
		}
	}
	return anyReads(t.body, name)
}

func anyReads(body []stmt, name string) bool {
	for _, s := range body {
		if findAny(s, func(n any) bool {
			x, ok := n.(*nameExpr)
			return ok && !x.store && x.name == name
		}) {
			return true
		}
	}
	return false
}
