package jinja

// Limits of the parser; real templates stay below 20 kB and a depth of 30.
const (
	maxSource = 1 << 20
	maxTokens = 400_000
	maxDepth  = 200
	maxChain  = 1000
)

// parser builds statements from tokens.
type parser struct {
	toks  []token
	pos   int
	depth int
	tags  []string // open statements, for messages
}

func (p *parser) cur() token  { return p.toks[p.pos] }
func (p *parser) peek() token { return p.toks[min(p.pos+1, len(p.toks)-1)] }

func (p *parser) next() token {
	t := p.toks[p.pos]
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

func (p *parser) isOp(op string) bool {
	t := p.cur()
	return t.kind == tokOp && t.text == op
}

func (p *parser) isName(name string) bool {
	t := p.cur()
	return t.kind == tokName && t.text == name
}

func (p *parser) skipOp(op string) bool {
	if p.isOp(op) {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) unexpected(want string) {
	t := p.cur()
	if t.kind == tokEOF {
		throwSyntax(t.line, "unexpected end of template, expected '%s'", want)
	}
	throwSyntax(t.line, "expected token '%s', got '%s'", want, t.describe())
}

func (p *parser) expectOp(op string) token {
	if !p.isOp(op) {
		p.unexpected(op)
	}
	return p.next()
}

func (p *parser) expectName(name string) token {
	if !p.isName(name) {
		p.unexpected(name)
	}
	return p.next()
}

func (p *parser) ident() token {
	if p.cur().kind != tokName {
		p.unexpected("name")
	}
	return p.next()
}

func (p *parser) expectKind(k tokenKind, want string) token {
	if p.cur().kind != k {
		p.unexpected(want)
	}
	return p.next()
}

// enter bounds the recursion; the returned function leaves again.
func (p *parser) enter() func() {
	p.depth++
	if p.depth > maxDepth {
		throwSyntax(p.cur().line, "template nested deeper than %d", maxDepth)
	}
	return func() { p.depth-- }
}

// body parses statements until one of the end tags, which stays current. With
// no end tags it parses to the end of the template.
func (p *parser) body(ends ...string) []stmt {
	defer p.enter()()
	var out []stmt
	for {
		t := p.cur()
		switch t.kind {
		case tokEOF:
			if len(ends) > 0 {
				throwSyntax(t.line, "Unexpected end of template. Jinja was looking for the following tags: %q", ends)
			}
			return out
		case tokData:
			p.next()
			out = append(out, &dataStmt{text: Text(t.text)})
		case tokVarBegin:
			p.next()
			x := p.tuple(tupleOpts{cond: true})
			p.expectKind(tokVarEnd, "end of print statement")
			out = append(out, &outputStmt{x: x, line: t.line})
		case tokBlockBegin:
			p.next()
			for _, e := range ends {
				if p.isName(e) {
					return out
				}
			}
			out = append(out, p.statement()...)
			p.expectKind(tokBlockEnd, "end of statement block")
		default:
			throwSyntax(t.line, "unexpected '%s'", t.describe())
		}
	}
}

// inner parses the rest of an opening tag and the statements it encloses.
func (p *parser) inner(ends ...string) []stmt {
	p.skipOp(":")
	p.expectKind(tokBlockEnd, "end of statement block")
	return p.body(ends...)
}

// innerTo is inner for a single end tag, which is consumed.
func (p *parser) innerTo(end string) []stmt {
	b := p.inner(end)
	p.next()
	return b
}

func (p *parser) statement() []stmt {
	t := p.cur()
	if t.kind != tokName {
		throwSyntax(t.line, "tag name expected")
	}
	p.tags = append(p.tags, t.text)
	defer func() { p.tags = p.tags[:len(p.tags)-1] }()
	p.next()
	switch t.text {
	case "set":
		return []stmt{p.set(t.line)}
	case "if":
		return []stmt{p.ifs()}
	case "for":
		return []stmt{p.forLoop(t.line)}
	case "with":
		return []stmt{p.with()}
	case "macro":
		return []stmt{p.macro(t.line)}
	case "call":
		return []stmt{p.callBlock(t.line)}
	case "filter":
		f := p.filters(nil, true).(*filterExpr)
		return []stmt{&filterStmt{filter: f, body: p.innerTo("endfilter"), line: t.line}}
	case "print":
		return p.print(t.line)
	case "block":
		return []stmt{p.block(t.line)}
	case "autoescape":
		v := p.expression()
		return []stmt{&autoStmt{val: v, body: p.innerTo("endautoescape")}}
	case "generation":
		return []stmt{p.generation(t.line)}
	case "break":
		return []stmt{&breakStmt{t.line}}
	case "continue":
		return []stmt{&continueStmt{t.line}}
	case "include", "import", "from", "extends":
		return []stmt{p.otherTemplate(t.text)}
	}
	open := ""
	if n := len(p.tags); n > 1 {
		open = " The innermost block that needs to be closed is '" + p.tags[n-2] + "'."
	}
	throwSyntax(t.line, "Encountered unknown tag '%s'.%s", t.text, open)
	return nil
}

func (p *parser) set(line int) stmt {
	target := p.assignTarget(targetOpts{namespace: true})
	if p.skipOp("=") {
		return &setStmt{target: target, val: p.tuple(tupleOpts{cond: true}), line: line}
	}
	s := &setBlock{target: target, line: line}
	if f, ok := p.filters(nil, false).(*filterExpr); ok {
		s.filter = f
	}
	s.body = p.innerTo("endset")
	return s
}

func (p *parser) ifs() stmt {
	s := &ifStmt{}
	for {
		s.tests = append(s.tests, p.tuple(tupleOpts{}))
		s.bodies = append(s.bodies, p.inner("elif", "else", "endif"))
		switch p.next().text {
		case "elif":
			continue
		case "else":
			s.other = p.innerTo("endif")
		}
		return s
	}
}

func (p *parser) forLoop(line int) stmt {
	s := &forStmt{line: line}
	s.target = p.assignTarget(targetOpts{})
	p.expectName("in")
	s.iter = p.tuple(tupleOpts{})
	if p.skipName("if") {
		s.test = p.expression()
	}
	s.recursive = p.skipName("recursive")
	s.body = p.inner("endfor", "else")
	if p.next().text == "else" {
		s.other = p.innerTo("endfor")
	}
	return s
}

func (p *parser) with() stmt {
	s := &withStmt{}
	for p.cur().kind != tokBlockEnd && p.cur().kind != tokEOF {
		if len(s.targets) > 0 {
			p.expectOp(",")
		}
		s.targets = append(s.targets, p.assignTarget(targetOpts{}))
		p.expectOp("=")
		s.vals = append(s.vals, p.expression())
	}
	s.body = p.innerTo("endwith")
	return s
}

// signature parses the parameters of a macro or call block.
func (p *parser) signature(d *macroDef) {
	p.expectOp("(")
	for !p.isOp(")") {
		if len(d.params) > 0 {
			p.expectOp(",")
		}
		t := p.ident()
		d.params = append(d.params, &nameExpr{name: t.text, line: t.line, store: true})
		if p.skipOp("=") {
			d.defaults = append(d.defaults, p.expression())
		} else if len(d.defaults) > 0 {
			throwSyntax(t.line, "non-default argument follows default argument")
		}
	}
	p.expectOp(")")
	seen := map[string]bool{}
	for _, a := range d.params {
		if seen[a.name] {
			throwSyntax(a.line, "duplicate argument '%s' in function definition", a.name)
		}
		seen[a.name] = true
	}
}

func (p *parser) macro(line int) stmt {
	t := p.ident()
	d := &macroDef{name: t.text, line: line}
	p.signature(d)
	d.body = p.innerTo("endmacro")
	return &macroStmt{def: d, target: &nameExpr{name: t.text, line: line, store: true}}
}

func (p *parser) callBlock(line int) stmt {
	d := &macroDef{line: line}
	if p.isOp("(") {
		p.signature(d)
	}
	c, ok := p.expression().(*callExpr)
	if !ok {
		throwSyntax(line, "expected call")
	}
	d.body = p.innerTo("endcall")
	return &callStmt{def: d, call: c, line: line}
}

// generation parses the tag that marks what the model itself wrote. It is a
// call block: what is set inside stays inside.
func (p *parser) generation(line int) stmt {
	d := &macroDef{line: line, body: p.innerTo("endgeneration")}
	c := &callExpr{fn: &constExpr{v: &function{name: "_generation_support", fn: generationSupport}}}
	return &callStmt{def: d, call: c, line: line}
}

func generationSupport(in *interp, a args) Value {
	return in.call(a.keyword("caller"), args{})
}

func (p *parser) print(line int) []stmt {
	var out []stmt
	for p.cur().kind != tokBlockEnd && p.cur().kind != tokEOF {
		if len(out) > 0 {
			p.expectOp(",")
		}
		out = append(out, &outputStmt{x: p.expression(), line: line})
	}
	return out
}

func (p *parser) block(line int) stmt {
	s := &blockStmt{name: p.ident().text, line: line}
	s.scoped = p.skipName("scoped")
	p.skipName("required")
	s.body = p.innerTo("endblock")
	p.skipName(s.name)
	return s
}

// otherTemplate parses the tags that would load another template. There is
// none to load, so they fail when they are reached.
func (p *parser) otherTemplate(tag string) stmt {
	for p.cur().kind != tokBlockEnd && p.cur().kind != tokEOF {
		p.next()
	}
	return &failStmt{kind: "TypeError", msg: "no loader for this environment specified (" + tag + ")"}
}
