package jinja

// flow says how a list of statements ended.
type flow uint8

const (
	flowNext flow = iota
	flowBreak
	flowContinue
)

func (in *interp) exec(body []stmt, f *frame, out *builder) flow {
	in.deeper()
	for _, s := range body {
		in.step()
		if fl := in.stmt(s, f, out); fl != flowNext {
			in.evals--
			return fl
		}
	}
	in.evals--
	return flowNext
}

func (in *interp) stmt(s stmt, f *frame, out *builder) flow {
	switch s := s.(type) {
	case *dataStmt:
		in.emit(out, s.text)
	case *outputStmt:
		in.output(s, f, out)
	case *setStmt:
		in.assign(s.target, in.eval(s.val, f), f)
		in.export(s.target, f)
	case *ifStmt:
		for i, t := range s.tests {
			if truth(in.eval(t, f)) {
				return in.exec(s.bodies[i], f, out)
			}
		}
		return in.exec(s.other, f, out)
	case *forStmt:
		if s.recursive {
			in.emit(out, in.recursiveLoop(s, f, in.eval(s.iter, f), 0))
			return flowNext
		}
		return in.runLoop(s, f, f, in.eval(s.iter, f), nil, 0, out)
	case *setBlock:
		return in.setBlock(s, f)
	case *withStmt:
		return in.with(s, f, out)
	case *macroStmt:
		m := &macro{def: s.def, closure: f}
		f.set(s.target.ref, m)
		if s.top {
			in.exported[s.def.name] = m
		}
	case *callStmt:
		m := &macro{def: s.def, closure: f}
		v := in.callWith(s.call, f, m)
		in.emit(out, in.str(v))
	case *filterStmt:
		return in.filterBlock(s, f, out)
	case *autoStmt:
		return in.autoescape(s, f, out)
	case *blockStmt:
		in.emit(out, in.runBlock(s, f))
	case *failStmt:
		throw(s.kind, "%s", s.msg)
	case *breakStmt:
		return flowBreak
	case *continueStmt:
		return flowContinue
	}
	return flowNext
}

// emit appends to the output and keeps its limit.
func (in *interp) emit(out *builder, s Str) {
	in.charge(len(s.s))
	out.str(s)
	in.checkOutput(out)
}

func (in *interp) output(s *outputStmt, f *frame, out *builder) {
	defer atLine(s.line)
	v := in.eval(s.x, f)
	if in.escapes(s.auto) {
		in.emit(out, in.escapeValue(v))
		return
	}
	in.emit(out, in.str(v))
}

// atLine adds the line to an error on its way up.
func atLine(line int) {
	r := recover()
	if r == nil {
		return
	}
	if fl, ok := r.(failure); ok {
		if e, ok := fl.err.(*Error); ok && e.Line == 0 {
			e.Line = line
		}
	}
	panic(r)
}

func (in *interp) escapes(m autoMode) bool {
	return m == autoOn || m == autoDynamic && in.auto
}

// assign stores a value in a name, a tuple of names or a namespace attribute.
func (in *interp) assign(target expr, v Value, f *frame) {
	switch t := target.(type) {
	case *nameExpr:
		f.set(t.ref, v)
	case *nsRef:
		ns, ok := f.get(t.ns.ref).(*namespace)
		if !ok {
			throw("TemplateRuntimeError", "cannot assign attribute on non-namespace object")
		}
		checkAttrName(t.attr)
		ns.attrs.Set(t.attr, v)
	case *tupleExpr:
		items := in.unpack(v, len(t.items))
		for i, x := range t.items {
			in.assign(x, items[i], f)
		}
	}
}

func (in *interp) unpack(v Value, n int) []Value {
	if !iterable(v) {
		throwType("cannot unpack non-iterable %s object", typeName(v))
	}
	next := in.iterate(v)
	items := make([]Value, 0, n)
	for x, ok := next(); ok; x, ok = next() {
		if len(items) == n {
			throwValue("too many values to unpack (expected %d)", n)
		}
		items = append(items, x)
	}
	if len(items) < n {
		throwValue("not enough values to unpack (expected %d, got %d)", n, len(items))
	}
	return items
}

// export makes what a top-level set stored visible to blocks.
func (in *interp) export(target expr, f *frame) {
	if f.parent != nil {
		return
	}
	switch t := target.(type) {
	case *nameExpr:
		in.exportName(t.name, f.get(t.ref))
	case *tupleExpr:
		for _, x := range t.items {
			in.export(x, f)
		}
	}
}

func (in *interp) exportName(name string, v Value) {
	if len(in.t.block) > 0 {
		in.exported[name] = v
	}
}

func (in *interp) setBlock(s *setBlock, f *frame) flow {
	in.enterFrame(f, s.frame)
	var b builder
	if fl := in.exec(s.body, f, &b); fl != flowNext {
		return fl
	}
	v := in.captured(&b)
	if s.filter != nil {
		v = in.filterChain(s.filter, v, f)
	}
	if in.auto {
		v = in.str(v).markup()
	}
	in.assign(s.target, v, f)
	in.export(s.target, f)
	in.leaveFrame(f, s.frame)
	return flowNext
}

// filterChain applies the filters behind a block tag to the block's content.
func (in *interp) filterChain(x *filterExpr, v Value, f *frame) Value {
	if inner, ok := x.arg.(*filterExpr); ok {
		v = in.filterChain(inner, v, f)
	}
	return in.applyFilter(x, v, f)
}

// captured is the text of a block as a value.
func (in *interp) captured(b *builder) Value {
	s := b.done()
	s.safe = in.auto
	return s
}

func (in *interp) with(s *withStmt, f *frame, out *builder) flow {
	in.enterFrame(f, s.frame)
	for i, t := range s.targets {
		in.assign(t, in.eval(s.vals[i], f), f)
	}
	fl := in.exec(s.body, f, out)
	in.leaveFrame(f, s.frame)
	return fl
}

func (in *interp) filterBlock(s *filterStmt, f *frame, out *builder) flow {
	in.enterFrame(f, s.frame)
	var b builder
	if fl := in.exec(s.body, f, &b); fl != flowNext {
		return fl
	}
	in.emit(out, in.str(in.filterChain(s.filter, in.captured(&b), f)))
	in.leaveFrame(f, s.frame)
	return flowNext
}

func (in *interp) autoescape(s *autoStmt, f *frame, out *builder) flow {
	in.enterFrame(f, s.frame)
	old := in.auto
	in.auto = truth(in.eval(s.val, f))
	fl := in.exec(s.body, f, out)
	in.auto = old
	in.leaveFrame(f, s.frame)
	return fl
}

func (in *interp) runBlock(s *blockStmt, f *frame) Str {
	in.enterCall()
	defer in.leaveCall()
	var parent *frame
	if s.scoped {
		parent = f
	}
	bf := newFrame(s.fn, parent)
	if s.self != nil {
		bf.set(*s.self, &selfRef{})
	}
	in.enterFrame(bf, s.frame)
	var b builder
	in.exec(s.body, bf, &b)
	return b.done()
}
