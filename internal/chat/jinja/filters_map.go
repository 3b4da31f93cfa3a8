package jinja

// filterMap applies a filter, or looks up an attribute, element by element.
func filterMap(in *interp, v Value, a args) Value {
	return in.lazy(func() func() (Value, bool) {
		if !truth(v) {
			return sliceIter(nil)
		}
		f := in.mapper(a)
		next := in.iterate(v)
		return func() (Value, bool) {
			x, ok := next()
			if !ok {
				return nil, false
			}
			in.step()
			return f(x), true
		}
	})
}

func (in *interp) mapper(a args) func(Value) Value {
	if len(a.pos) == 0 {
		if attr, ok := a.take("attribute"); ok {
			def, _ := a.take("default")
			if len(a.kw) > 0 {
				throw("FilterArgumentError", "Unexpected keyword argument '%s'", a.kw[0].name)
			}
			path := fields(attr)
			return func(x Value) Value { return in.path(x, path, def) }
		}
		throw("FilterArgumentError", "map requires a filter argument")
	}
	name := in.str(a.pos[0]).s
	f := filterOf(name)
	if f == nil {
		throw("TemplateRuntimeError", "No filter named '%s'.", name)
	}
	rest := args{pos: a.pos[1:], kw: a.kw}
	return func(x Value) Value { return f(in, x, rest) }
}

// selector makes select, reject, selectattr and rejectattr.
func selector(name string, byAttr, keep bool) filterFunc {
	return func(in *interp, v Value, a args) Value {
		return in.lazy(func() func() (Value, bool) {
			if !truth(v) {
				return sliceIter(nil)
			}
			match := in.matcher(a, byAttr)
			next := in.iterate(v)
			return func() (Value, bool) {
				for x, ok := next(); ok; x, ok = next() {
					in.step()
					if match(x) == keep {
						return x, true
					}
				}
				return nil, false
			}
		})
	}
}

func (in *interp) matcher(a args, byAttr bool) func(Value) bool {
	pos := a.pos
	get := func(x Value) Value { return x }
	if byAttr {
		if len(pos) == 0 {
			throw("FilterArgumentError", "Missing parameter for attribute name")
		}
		path := fields(pos[0])
		get = func(x Value) Value { return in.path(x, path, nil) }
		pos = pos[1:]
	}
	if len(pos) == 0 {
		return func(x Value) bool { return truth(get(x)) }
	}
	name := in.str(pos[0]).s
	t := testOf(name)
	if t == nil {
		throw("TemplateRuntimeError", "No test named '%s'.", name)
	}
	rest := args{pos: pos[1:], kw: a.kw}
	return func(x Value) bool { return t(in, get(x), rest) }
}
