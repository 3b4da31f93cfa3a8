package jinja

import "fmt"

// resolver fills in the variables of every name and checks what the reference
// implementation checks when it compiles a template.
type resolver struct {
	fn     *fnInfo
	sym    *symbols
	top    bool // names set here are visible to blocks
	soft   bool // inside an if: unknown filters fail only when used
	auto   autoMode
	blocks map[string]*blockStmt
}

// inner is the resolver of a frame within the same function.
func (r *resolver) inner() *resolver {
	return &resolver{fn: r.fn, sym: newSymbols(r.sym, r.fn), auto: r.auto, blocks: r.blocks}
}

// function is the resolver of a function that can see r's variables.
func (r *resolver) function() *resolver {
	fn := newFn(r.fn)
	return &resolver{fn: fn, sym: newSymbols(r.sym, fn), auto: r.auto, blocks: r.blocks}
}

func (r *resolver) branch() *resolver {
	c := *r
	c.soft = true
	return &c
}

func (r *resolver) ref(name string) ref {
	v, ok := r.sym.find(name)
	if !ok {
		// A filter of a set block may read a name that nothing else mentions.
		r.sym.load(name)
		v, _ = r.sym.find(name)
	}
	return r.fn.ref(v)
}

func (r *resolver) refPtr(name string) *ref {
	x := r.ref(name)
	return &x
}

func (r *resolver) stmts(list []stmt) {
	for _, s := range list {
		r.stmt(s)
	}
}

func (r *resolver) stmt(s stmt) {
	switch s := s.(type) {
	case *outputStmt:
		s.auto = r.auto
		r.expr(s.x)
	case *ifStmt:
		b := r.branch()
		for i, t := range s.tests {
			b.expr(t)
			b.stmts(s.bodies[i])
		}
		b.stmts(s.other)
	case *forStmt:
		r.loop(s)
	case *setStmt:
		r.expr(s.val)
		r.expr(s.target)
		s.names = r.topNames(s.target)
	case *setBlock:
		in := r.inner()
		in.sym.visitAll(s.body)
		if s.filter != nil {
			in.sym.visit(s.filter)
		}
		in.stmts(s.body)
		if s.filter != nil {
			in.expr(s.filter)
		}
		s.frame = in.sym.info()
		r.expr(s.target)
		s.names = r.topNames(s.target)
	case *withStmt:
		in := r.inner()
		for i, t := range s.targets {
			in.sym.params(t)
			r.expr(s.vals[i])
		}
		in.sym.visitAll(s.body)
		for _, t := range s.targets {
			in.expr(t)
		}
		in.stmts(s.body)
		s.frame = in.sym.info()
	case *macroStmt:
		r.macro(s.def)
		r.expr(s.target)
		s.top = r.top
	case *callStmt:
		r.macro(s.def)
		r.expr(s.call)
	case *filterStmt:
		in := r.inner()
		in.sym.visitAll(s.body)
		in.sym.visit(s.filter)
		in.stmts(s.body)
		in.expr(s.filter)
		s.frame = in.sym.info()
	case *autoStmt:
		r.autoescape(s)
	case *blockStmt:
		r.block(s)
	case *breakStmt:
		r.inLoop("break", s.line)
	case *continueStmt:
		r.inLoop("continue", s.line)
	}
}

func (r *resolver) inLoop(tag string, line int) {
	if r.fn.loops == 0 {
		throwSyntax(line, "'%s' outside loop", tag)
	}
}

func (r *resolver) topNames(target expr) []string {
	if !r.top {
		return nil
	}
	switch t := target.(type) {
	case *nameExpr:
		return []string{t.name}
	case *tupleExpr:
		var out []string
		for _, x := range t.items {
			out = append(out, r.topNames(x)...)
		}
		return out
	}
	return nil
}

func (r *resolver) loop(s *forStmt) {
	assigns := func(n any) bool {
		x, ok := n.(*nameExpr)
		return ok && x.store && x.name == "loop"
	}
	for _, n := range append([]stmt{s.target}, append(s.body, s.other...)...) {
		if findAny(n, assigns) {
			throwSyntax(s.line, "Can't assign to special loop variable in for-loop target")
		}
	}
	r.expr(s.iter)
	if s.test != nil {
		t := r.function()
		t.sym.params(s.target)
		t.sym.visit(s.test)
		s.testTarget = cloneTarget(s.target)
		t.expr(s.testTarget)
		t.expr(s.test)
		s.testFn, s.testFrame = t.fn, t.sym.info()
	}
	b := r.inner()
	if s.recursive {
		b = r.function()
		s.bodyFn = b.fn
	}
	extended := s.recursive || readsFree(s.body, "loop")["loop"]
	for _, n := range s.body {
		extended = extended || findAny(n, func(n any) bool { x, ok := n.(*blockStmt); return ok && x.scoped })
	}
	if extended {
		b.sym.param("loop")
	}
	b.sym.params(s.target)
	b.sym.visitAll(s.body)
	if extended {
		s.loopRef = b.refPtr("loop")
	}
	b.expr(s.target)
	b.fn.loops++
	b.stmts(s.body)
	b.fn.loops--
	s.frame = b.sym.info()
	if len(s.other) > 0 {
		e := b.sibling(r)
		e.sym.visitAll(s.other)
		e.stmts(s.other)
		s.elseFrame = e.sym.info()
	}
}

// sibling is the frame of a loop's else: beside the body, in its function.
func (b *resolver) sibling(outer *resolver) *resolver {
	return &resolver{fn: b.fn, sym: newSymbols(outer.sym, b.fn), auto: b.auto, blocks: b.blocks}
}

func cloneTarget(x expr) expr {
	switch x := x.(type) {
	case *nameExpr:
		c := *x
		return &c
	case *tupleExpr:
		c := &tupleExpr{}
		for _, y := range x.items {
			c.items = append(c.items, cloneTarget(y))
		}
		return c
	}
	return x
}

func (r *resolver) macro(d *macroDef) {
	m := r.function()
	free := readsFree(d.body, "caller", "kwargs", "varargs")
	named := map[string]bool{}
	for i, p := range d.params {
		m.sym.param(p.name)
		named[p.name] = true
		if p.name == "caller" {
			d.explicitCaller = true
			if free["caller"] && i < len(d.params)-len(d.defaults) {
				throwSyntax(d.line, "When defining macros or call blocks the special \"caller\" argument must be omitted or be given a default.")
			}
		}
	}
	special := func(name string) *ref {
		if !free[name] || named[name] {
			return nil
		}
		m.sym.param(name)
		return m.refPtr(name)
	}
	d.caller, d.kwargs, d.varargs = special("caller"), special("kwargs"), special("varargs")
	d.catchCaller = free["caller"]
	for _, x := range d.defaults {
		m.sym.visit(x)
	}
	m.sym.visitAll(d.body)
	for _, p := range d.params {
		m.expr(p)
	}
	for _, x := range d.defaults {
		m.expr(x)
	}
	m.stmts(d.body)
	d.fn, d.frame = m.fn, m.sym.info()
}

func (r *resolver) autoescape(s *autoStmt) {
	in := r.inner()
	in.sym.visit(s.val)
	in.sym.visitAll(s.body)
	in.expr(s.val)
	in.auto = autoDynamic
	if c, ok := s.val.(*constExpr); ok {
		in.auto = autoOff
		if truth(c.v) {
			in.auto = autoOn
		}
	}
	in.stmts(s.body)
	s.frame = in.sym.info()
}

func (r *resolver) block(s *blockStmt) {
	if _, dup := r.blocks[s.name]; dup {
		throwSyntax(s.line, "block '%s' defined twice", s.name)
	}
	r.blocks[s.name] = s
	b := &resolver{fn: newFn(nil), auto: r.auto, blocks: r.blocks}
	if s.scoped {
		b = r.function()
	} else {
		b.sym = newSymbols(nil, b.fn)
	}
	if readsFree(s.body, "self")["self"] {
		b.sym.param("self")
		s.self = b.refPtr("self")
	}
	b.sym.visitAll(s.body)
	b.stmts(s.body)
	s.fn, s.frame = b.fn, b.sym.info()
}

func (r *resolver) expr(x expr) {
	switch x := x.(type) {
	case *nameExpr:
		x.ref = r.ref(x.name)
		return
	case *nsRef:
		x.ns.ref = r.ref(x.ns.name)
		return
	case *concatExpr:
		x.auto = r.auto
	case *binExpr:
		x.negated = x.op == "**" && isNegative(x.l) && !isConstant(x.r)
	case *filterExpr:
		if x.fn = filterOf(x.name); x.fn == nil && !r.soft {
			throwAssertion(x.args.line, "No filter named '%s'.", x.name)
		}
	case *testExpr:
		if x.fn = testOf(x.name); x.fn == nil && !r.soft {
			throwAssertion(x.args.line, "No test named '%s'.", x.name)
		}
	case *condExpr:
		b := r.branch()
		for _, c := range children(x) {
			b.expr(c)
		}
		return
	}
	for _, c := range children(x) {
		r.expr(c)
	}
}

func throwAssertion(line int, format string, args ...any) {
	panic(failure{&Error{Kind: "TemplateAssertionError", Message: fmt.Sprintf(format, args...), Line: line, cause: ErrSyntax}})
}

// isNegative reports whether x is a negative number known before rendering.
func isNegative(x expr) bool {
	if !isConstant(x) {
		return false
	}
	u, ok := x.(*unaryExpr)
	if !ok {
		return false
	}
	if _, nested := u.x.(*unaryExpr); nested {
		return u.op == "+" && isNegative(u.x) || u.op == "-" && !isNegative(u.x)
	}
	c, ok := u.x.(*constExpr)
	return ok && u.op == "-" && isNumber(c.v)
}

// isConstant reports whether x reads no variable and calls nothing.
func isConstant(x expr) bool {
	return !findAny(x, func(n any) bool {
		switch n.(type) {
		case *nameExpr, *callExpr:
			return true
		}
		return false
	})
}
