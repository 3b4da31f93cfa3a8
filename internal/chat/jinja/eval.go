package jinja

// eval computes an expression.
func (in *interp) eval(x expr, f *frame) Value {
	in.deeper()
	in.step()
	v := in.evalNode(x, f)
	in.evals--
	return v
}

func (in *interp) evalNode(x expr, f *frame) Value {
	switch x := x.(type) {
	case *constExpr:
		return x.v
	case *nameExpr:
		if v := f.get(x.ref); v != nil {
			return v
		}
		return missingVar(x.name)
	case *attrExpr:
		return in.getAttr(in.eval(x.obj, f), x.name)
	case *itemExpr:
		obj := in.eval(x.obj, f)
		if s, ok := x.key.(*sliceKey); ok {
			return in.slice(obj, in.slicePart(s.start, f), in.slicePart(s.stop, f), in.slicePart(s.step, f))
		}
		return in.getItem(obj, in.eval(x.key, f))
	case *callExpr:
		return in.callWith(x, f, nil)
	case *filterExpr:
		return in.applyFilter(x, in.eval(x.arg, f), f)
	case *testExpr:
		return Bool(in.applyTest(x, f))
	case *andExpr:
		if l := in.eval(x.l, f); !truth(l) {
			return l
		}
		return in.eval(x.r, f)
	case *orExpr:
		if l := in.eval(x.l, f); truth(l) {
			return l
		}
		return in.eval(x.r, f)
	case *notExpr:
		return Bool(!truth(in.eval(x.x, f)))
	case *unaryExpr:
		return unary(x.op, in.eval(x.x, f))
	case *binExpr:
		l := in.eval(x.l, f)
		if x.negated {
			return negate(in.binary(x.op, negate(l), in.eval(x.r, f)))
		}
		return in.binary(x.op, l, in.eval(x.r, f))
	case *concatExpr:
		return in.concat(x, f)
	case *compareExpr:
		return Bool(in.compare(x, f))
	case *condExpr:
		if truth(in.eval(x.test, f)) {
			return in.eval(x.yes, f)
		}
		if x.no != nil {
			return in.eval(x.no, f)
		}
		return &undefined{hint: "the inline if-expression on line " + reprText(Int(x.line)) +
			" evaluated to false and no else section was defined."}
	}
	return in.literal(x, f)
}

// literal builds lists, tuples and dicts.
func (in *interp) literal(x expr, f *frame) Value {
	all := func(xs []expr) []Value {
		out := make([]Value, len(xs))
		for i, y := range xs {
			out[i] = in.eval(y, f)
		}
		return out
	}
	switch x := x.(type) {
	case *listExpr:
		return &List{all(x.items)}
	case *tupleExpr:
		return &Tuple{items: all(x.items)}
	case *dictExpr:
		d := NewDict()
		for i := range x.keys {
			k := in.eval(x.keys[i], f)
			d.put(k, in.eval(x.vals[i], f))
		}
		return d
	case *sliceKey:
		throwType("slices inside a tuple of keys are not supported")
	}
	throw("AssertionError", "unknown expression %T", x)
	return nil
}

func (in *interp) slicePart(x expr, f *frame) Value {
	if x == nil {
		return None
	}
	return in.eval(x, f)
}

func unary(op string, v Value) Value {
	if op == "-" {
		return negate(v)
	}
	switch v := v.(type) {
	case Float:
		return v
	case *undefined:
		v.fail()
	}
	b, ok := asInt(v)
	if !ok {
		throwType("bad operand type for unary +: '%s'", typeName(v))
	}
	return normBig(b)
}

func (in *interp) compare(x *compareExpr, f *frame) bool {
	l := in.eval(x.first, f)
	for i, op := range x.ops {
		r := in.eval(x.rest[i], f)
		var ok bool
		switch op {
		case "==":
			ok = in.equal(l, r)
		case "!=":
			ok = !in.equal(l, r)
		case "in":
			ok = in.contains(l, r)
		case "not in":
			ok = !in.contains(l, r)
		default:
			ok = in.order(op, l, r)
		}
		if !ok {
			return false
		}
		l = r
	}
	return true
}

// concat is the ~ operator.
func (in *interp) concat(x *concatExpr, f *frame) Value {
	parts := make([]Value, len(x.parts))
	anySafe := false
	for i, p := range x.parts {
		parts[i] = in.eval(p, f)
		if s, ok := parts[i].(Str); ok && s.safe {
			anySafe = true
		}
	}
	markup := in.escapes(x.auto) && anySafe
	n, strs := 0, make([]Str, len(parts))
	for i, v := range parts {
		if markup {
			strs[i] = in.escapeValue(v)
		} else {
			strs[i] = in.str(v)
		}
		n += len(strs[i].s)
	}
	in.room(n)
	r := concat(strs...)
	r.safe = markup
	return r
}

// callWith evaluates a call; caller is the body of a call block, or nil.
func (in *interp) callWith(x *callExpr, f *frame, caller *macro) Value {
	fn := in.eval(x.fn, f)
	a := in.evalArgs(&x.args, f)
	if caller != nil {
		a.kw = append(a.kw, kwarg{"caller", caller})
	}
	return in.call(fn, a)
}

// call calls a value.
func (in *interp) call(fn Value, a args) Value {
	in.step()
	switch c := fn.(type) {
	case *function:
		return c.fn(in, a)
	case *macro:
		return c.run(in, a)
	case *loopState:
		return c.call(in, a)
	case *joiner:
		a.positional("joiner", 0, 0)
		return c.next()
	case *undefined:
		c.fail()
	}
	throwType("'%s' object is not callable", typeName(fn))
	return nil
}

func callable(v Value) bool {
	switch v.(type) {
	case *function, *macro, *loopState, *joiner, *undefined:
		return true
	}
	return false
}

func (in *interp) applyFilter(x *filterExpr, v Value, f *frame) Value {
	a := in.evalArgs(&x.args, f)
	if x.fn == nil {
		throw("TemplateRuntimeError", "No filter named '%s' found.", x.name)
	}
	return x.fn(in, v, a)
}

func (in *interp) applyTest(x *testExpr, f *frame) bool {
	v := in.eval(x.arg, f)
	a := in.evalArgs(&x.args, f)
	if x.fn == nil {
		throw("TemplateRuntimeError", "No test named '%s' found.", x.name)
	}
	return x.fn(in, v, a)
}

// binary computes the arithmetic operators.
func (in *interp) binary(op string, l, r Value) Value {
	if u, ok := l.(*undefined); ok {
		u.fail()
	}
	if s, ok := l.(Str); ok && op == "%" {
		return in.percent(s, r)
	}
	if u, ok := r.(*undefined); ok {
		u.fail()
	}
	if isNumber(l) && isNumber(r) {
		return arith(op, l, r)
	}
	if op == "+" {
		if v := in.join(l, r); v != nil {
			return v
		}
	}
	if op == "*" {
		if n, ok := repeatCount(r); ok {
			if v := in.repeat(l, n); v != nil {
				return v
			}
		}
		if n, ok := repeatCount(l); ok {
			if v := in.repeat(r, n); v != nil {
				return v
			}
		}
	}
	if s, ok := l.(Str); ok && op == "+" && !s.safe {
		throwType("can only concatenate str (not \"%s\") to str", typeName(r))
	}
	throwType("unsupported operand type(s) for %s: '%s' and '%s'", op, typeName(l), typeName(r))
	return nil
}

// join is + for sequences, nil if they do not fit.
func (in *interp) join(l, r Value) Value {
	switch a := l.(type) {
	case Str:
		if b, ok := r.(Str); ok {
			in.room(len(a.s) + len(b.s))
			if a.safe || b.safe {
				return concat(escapeStr(a), escapeStr(b)).markup()
			}
			return concat(a, b)
		}
	case *List:
		if b, ok := r.(*List); ok {
			in.roomItems(len(a.items) + len(b.items))
			return &List{append(append(make([]Value, 0, len(a.items)+len(b.items)), a.items...), b.items...)}
		}
	case *Tuple:
		if b, ok := r.(*Tuple); ok {
			in.roomItems(len(a.items) + len(b.items))
			return &Tuple{items: append(append(make([]Value, 0, len(a.items)+len(b.items)), a.items...), b.items...)}
		}
	}
	return nil
}

func repeatCount(v Value) (int, bool) {
	switch v.(type) {
	case Bool, Int, Big:
		return max(0, wantInt(v, 0)), true
	}
	return 0, false
}

// repeat is * for sequences, nil for anything else.
func (in *interp) repeat(v Value, n int) Value {
	switch s := v.(type) {
	case Str:
		if len(s.s) > 0 && n > maxStringBytes/len(s.s) {
			throwLimit("text of more than %d bytes", maxStringBytes)
		}
		in.room(n * len(s.s))
		b := builder{buf: make([]byte, 0, n*len(s.s))}
		if len(s.s) > 0 {
			for range n {
				b.str(s)
			}
		}
		r := b.done()
		r.safe = s.safe
		return r
	case *List:
		return &List{in.repeatItems(s.items, n)}
	case *Tuple:
		return &Tuple{items: in.repeatItems(s.items, n)}
	}
	return nil
}

func (in *interp) repeatItems(items []Value, n int) []Value {
	if len(items) == 0 {
		return nil
	}
	if n > maxItems/len(items) {
		throwLimit("list of more than %d elements", maxItems)
	}
	in.roomItems(n * len(items))
	out := make([]Value, 0, n*len(items))
	for range n {
		out = append(out, items...)
	}
	return out
}
