package jinja

type targetOpts struct {
	namespace bool // ns.attr is allowed
}

// assignTarget parses names, tuples of names and, in set, namespace attributes.
func (p *parser) assignTarget(o targetOpts) expr {
	t := p.cur()
	x := p.tuple(tupleOpts{simple: true, namespace: o.namespace})
	p.makeTarget(x, t.line)
	return x
}

func (p *parser) makeTarget(x expr, line int) {
	switch x := x.(type) {
	case *nameExpr:
		x.store = true
	case *nsRef:
	case *tupleExpr:
		for _, y := range x.items {
			p.makeTarget(y, line)
		}
	default:
		throwSyntax(line, "can't assign to '%s'", exprName(x))
	}
}

func exprName(x expr) string {
	switch x.(type) {
	case *constExpr:
		return "const"
	case *listExpr:
		return "list"
	case *dictExpr:
		return "dict"
	}
	return "expression"
}

type tupleOpts struct {
	simple    bool // primaries only
	cond      bool // inline if is allowed
	parens    bool // () is a tuple
	namespace bool
}

func (p *parser) tupleEnd() bool {
	t := p.cur()
	switch t.kind {
	case tokVarEnd, tokBlockEnd:
		return true
	case tokOp:
		return t.text == ")"
	}
	return false
}

// tuple parses one expression, or several with commas between them.
func (p *parser) tuple(o tupleOpts) expr {
	defer p.enter()()
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 {
			p.expectOp(",")
		}
		if p.tupleEnd() {
			break
		}
		switch {
		case o.simple:
			items = append(items, p.primary(o.namespace))
		case o.cond:
			items = append(items, p.expression())
		default:
			items = append(items, p.or())
		}
		if !p.isOp(",") {
			break
		}
		isTuple = true
	}
	if !isTuple {
		if len(items) > 0 {
			return items[0]
		}
		if !o.parens {
			throwSyntax(p.cur().line, "Expected an expression, got '%s'", p.cur().describe())
		}
	}
	return &tupleExpr{items}
}

func (p *parser) expression() expr {
	defer p.enter()()
	line := p.cur().line
	x := p.or()
	for n := 0; p.skipName("if"); n++ {
		p.chain(n)
		c := &condExpr{yes: x, test: p.or(), line: line}
		if p.skipName("else") {
			c.no = p.expression()
		}
		x = c
	}
	return x
}

func (p *parser) or() expr {
	x := p.and()
	for n := 0; p.skipName("or"); n++ {
		p.chain(n)
		x = &orExpr{x, p.and()}
	}
	return x
}

func (p *parser) and() expr {
	x := p.not()
	for n := 0; p.skipName("and"); n++ {
		p.chain(n)
		x = &andExpr{x, p.not()}
	}
	return x
}

func (p *parser) not() expr {
	defer p.enter()()
	if p.skipName("not") {
		return &notExpr{p.not()}
	}
	return p.compare()
}

func (p *parser) compareOp() string {
	t := p.cur()
	switch {
	case t.kind == tokOp:
		switch t.text {
		case "==", "!=", "<", "<=", ">", ">=":
			p.next()
			return t.text
		}
	case p.isName("in"):
		p.next()
		return "in"
	case p.isName("not") && p.peek().kind == tokName && p.peek().text == "in":
		p.next()
		p.next()
		return "not in"
	}
	return ""
}

func (p *parser) compare() expr {
	x := p.sum()
	c := &compareExpr{first: x}
	for op := p.compareOp(); op != ""; op = p.compareOp() {
		c.ops = append(c.ops, op)
		c.rest = append(c.rest, p.sum())
	}
	if len(c.ops) == 0 {
		return x
	}
	return c
}

func (p *parser) sum() expr {
	x := p.concat()
	for n := 0; p.isOp("+") || p.isOp("-"); n++ {
		p.chain(n)
		t := p.next()
		x = &binExpr{op: t.text, l: x, r: p.concat(), line: t.line}
	}
	return x
}

func (p *parser) concat() expr {
	x := p.product()
	if !p.isOp("~") {
		return x
	}
	c := &concatExpr{parts: []expr{x}}
	for p.skipOp("~") {
		c.parts = append(c.parts, p.product())
	}
	return c
}

func (p *parser) product() expr {
	x := p.power()
	for n := 0; p.isOp("*") || p.isOp("/") || p.isOp("//") || p.isOp("%"); n++ {
		p.chain(n)
		t := p.next()
		x = &binExpr{op: t.text, l: x, r: p.power(), line: t.line}
	}
	return x
}

// power associates to the left, unlike Python's.
func (p *parser) power() expr {
	x := p.unary(true)
	for n := 0; p.isOp("**"); n++ {
		p.chain(n)
		t := p.next()
		x = &binExpr{op: "**", l: x, r: p.unary(true), line: t.line}
	}
	return x
}

func (p *parser) unary(filters bool) expr {
	defer p.enter()()
	var x expr
	switch {
	case p.skipOp("-"):
		x = &unaryExpr{"-", p.unary(false)}
	case p.skipOp("+"):
		x = &unaryExpr{"+", p.unary(false)}
	default:
		x = p.primary(false)
	}
	x = p.postfix(x)
	if filters {
		x = p.filterExpr(x)
	}
	return x
}

func (p *parser) primary(namespace bool) expr {
	t := p.cur()
	switch t.kind {
	case tokName:
		p.next()
		switch t.text {
		case "true", "True":
			return &constExpr{Bool(true)}
		case "false", "False":
			return &constExpr{Bool(false)}
		case "none", "None":
			return &constExpr{None}
		}
		n := &nameExpr{name: t.text, line: t.line}
		if namespace && p.skipOp(".") {
			return &nsRef{ns: n, attr: p.ident().text}
		}
		return n
	case tokString:
		s := ""
		for p.cur().kind == tokString {
			s += p.next().text
		}
		return &constExpr{Text(s)}
	case tokInt, tokFloat:
		p.next()
		return &constExpr{t.val}
	case tokOp:
		switch t.text {
		case "(":
			p.next()
			x := p.tuple(tupleOpts{cond: true, parens: true})
			p.expectOp(")")
			return x
		case "[":
			return p.list()
		case "{":
			return p.dict()
		}
	}
	throwSyntax(t.line, "unexpected '%s'", t.describe())
	return nil
}

func (p *parser) list() expr {
	p.expectOp("[")
	l := &listExpr{}
	for !p.isOp("]") {
		if len(l.items) > 0 {
			p.expectOp(",")
		}
		if p.isOp("]") {
			break
		}
		l.items = append(l.items, p.expression())
	}
	p.expectOp("]")
	return l
}

func (p *parser) dict() expr {
	p.expectOp("{")
	d := &dictExpr{}
	for !p.isOp("}") {
		if len(d.keys) > 0 {
			p.expectOp(",")
		}
		if p.isOp("}") {
			break
		}
		d.keys = append(d.keys, p.expression())
		p.expectOp(":")
		d.vals = append(d.vals, p.expression())
	}
	p.expectOp("}")
	return d
}

func (p *parser) postfix(x expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		switch {
		case p.isOp("."):
			x = p.dot(x)
		case p.isOp("["):
			x = p.subscript(x)
		case p.isOp("("):
			x = &callExpr{fn: x, args: p.callArgs()}
		default:
			return x
		}
	}
}

func (p *parser) filterExpr(x expr) expr {
	for n := 0; ; n++ {
		p.chain(n)
		switch {
		case p.isOp("|"):
			x = p.filters(x, false)
		case p.isName("is"):
			x = p.test(x)
		case p.isOp("("):
			x = &callExpr{fn: x, args: p.callArgs()}
		default:
			return x
		}
	}
}

// chain bounds left-leaning chains, which become as deep as they are long.
func (p *parser) chain(n int) {
	if n > maxChain {
		throwSyntax(p.cur().line, "expression of more than %d operations in a row", maxChain)
	}
}

func (p *parser) dot(x expr) expr {
	p.next()
	t := p.next()
	switch t.kind {
	case tokName:
		return &attrExpr{x, t.text}
	case tokInt:
		return &itemExpr{x, &constExpr{t.val}}
	}
	throwSyntax(t.line, "expected name or number")
	return nil
}

func (p *parser) subscript(x expr) expr {
	p.next()
	var keys []expr
	for !p.isOp("]") {
		if len(keys) > 0 {
			p.expectOp(",")
		}
		keys = append(keys, p.subscriptKey())
	}
	p.expectOp("]")
	if len(keys) == 1 {
		return &itemExpr{x, keys[0]}
	}
	return &itemExpr{x, &tupleExpr{keys}}
}

func (p *parser) subscriptKey() expr {
	s := &sliceKey{}
	if !p.isOp(":") {
		x := p.expression()
		if !p.isOp(":") {
			return x
		}
		s.start = x
	}
	p.next()
	ends := func() bool { return p.isOp(":") || p.isOp("]") || p.isOp(",") }
	if !ends() {
		s.stop = p.expression()
	}
	if p.skipOp(":") && !ends() {
		s.step = p.expression()
	}
	return s
}

func (p *parser) callArgs() callArgs {
	t := p.expectOp("(")
	a := callArgs{line: t.line, hasArgs: true}
	ensure := func(ok bool) {
		if !ok {
			throwSyntax(t.line, "invalid syntax for function call expression")
		}
	}
	for first := true; !p.isOp(")"); first = false {
		if !first {
			p.expectOp(",")
			if p.isOp(")") {
				break
			}
		}
		switch {
		case p.isOp("*"):
			ensure(a.dyn == nil && a.dynKw == nil)
			p.next()
			a.dyn = p.expression()
		case p.isOp("**"):
			ensure(a.dynKw == nil)
			p.next()
			a.dynKw = p.expression()
		case p.cur().kind == tokName && p.peek().kind == tokOp && p.peek().text == "=":
			ensure(a.dynKw == nil)
			name := p.next().text
			p.next()
			for _, k := range a.kw {
				if k.name == name {
					throwSyntax(t.line, "keyword argument repeated: %s", name)
				}
			}
			a.kw = append(a.kw, kwExpr{name, p.expression()})
		default:
			ensure(a.dyn == nil && a.dynKw == nil && len(a.kw) == 0)
			a.pos = append(a.pos, p.expression())
		}
	}
	p.expectOp(")")
	return a
}

func (p *parser) dotted() (string, int) {
	t := p.ident()
	name := t.text
	for p.skipOp(".") {
		name += "." + p.ident().text
	}
	return name, t.line
}

// filters parses |a|b(c) behind x. With inline set the first bar is absent, as
// in a filter block. It returns x if there is no filter.
func (p *parser) filters(x expr, inline bool) expr {
	for n := 0; inline || p.isOp("|"); n++ {
		p.chain(n)
		if !inline {
			p.next()
		}
		inline = false
		f := &filterExpr{arg: x}
		f.name, f.args.line = p.dotted()
		if p.isOp("(") {
			f.args = p.callArgs()
		}
		x = f
	}
	return x
}

func (p *parser) test(x expr) expr {
	p.next()
	negated := p.skipName("not")
	t := &testExpr{arg: x}
	t.name, t.args.line = p.dotted()
	c := p.cur()
	switch {
	case p.isOp("("):
		t.args = p.callArgs()
	case p.isName("is"):
		throwSyntax(c.line, "You cannot chain multiple tests with is")
	case p.isName("else"), p.isName("or"), p.isName("and"):
	case c.kind == tokName, c.kind == tokString, c.kind == tokInt, c.kind == tokFloat, p.isOp("["), p.isOp("{"):
		t.args.pos = []expr{p.postfix(p.primary(false))}
	}
	if negated {
		return &notExpr{t}
	}
	return t
}
