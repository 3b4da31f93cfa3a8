package jinja

// macro is a macro or the body of a call block, with the variables it sees.
type macro struct {
	def     *macroDef
	closure *frame
}

// selfRef is the variable "self": its attributes render blocks.
type selfRef struct{}

func (in *interp) enterCall() {
	in.calls++
	if in.calls > maxCalls {
		throw("RecursionError", "maximum recursion depth exceeded: %d macro calls inside each other", maxCalls)
	}
}

func (in *interp) leaveCall() { in.calls-- }

// run calls the macro.
func (m *macro) run(in *interp, a args) Value {
	in.enterCall()
	defer in.leaveCall()
	d := m.def
	f := newFrame(d.fn, m.closure)
	in.enterFrame(f, d.frame)
	a = m.bindParams(f, a)
	if d.catchCaller && !d.explicitCaller {
		v, ok := a.take("caller")
		if !ok || v == None {
			v = &undefined{hint: "No caller defined", name: Text("caller")}
		}
		f.set(*d.caller, v)
	}
	if d.kwargs != nil {
		f.set(*d.kwargs, a.keywordDict())
	} else if len(a.kw) > 0 {
		if a.kw[0].name == "caller" {
			throwType("macro '%s' was invoked with two values for the special caller argument. This is most likely a bug.", d.name)
		}
		throwType("macro '%s' takes no keyword argument '%s'", d.name, a.kw[0].name)
	}
	if d.varargs != nil {
		f.set(*d.varargs, &Tuple{items: a.pos})
	} else if len(a.pos) > 0 {
		throwType("macro '%s' takes not more than %d argument(s)", d.name, len(d.params))
	}
	in.defaults(d, f)
	var b builder
	in.exec(d.body, f, &b)
	r := b.done()
	r.safe = in.auto
	return r
}

// bindParams stores the named parameters and returns the arguments left over.
func (m *macro) bindParams(f *frame, a args) args {
	rest := args{kw: append([]kwarg(nil), a.kw...)}
	for i, p := range m.def.params {
		if i < len(a.pos) {
			f.set(p.ref, a.pos[i])
			continue
		}
		if v, ok := rest.take(p.name); ok {
			f.set(p.ref, v)
		}
	}
	if len(a.pos) > len(m.def.params) {
		rest.pos = a.pos[len(m.def.params):]
	}
	return rest
}

// defaults fills the parameters that got no argument, in order; a default may
// use the parameters before it.
func (in *interp) defaults(d *macroDef, f *frame) {
	for i, p := range d.params {
		if f.get(p.ref) != nil {
			continue
		}
		if k := i - (len(d.params) - len(d.defaults)); k >= 0 {
			f.set(p.ref, in.eval(d.defaults[k], f))
			continue
		}
		f.set(p.ref, &undefined{hint: "parameter " + reprText(Text(p.name)) + " was not provided", name: Text(p.name)})
	}
}

func (m *macro) attr(name string) (Value, bool) {
	d := m.def
	switch name {
	case "name":
		if d.name == "" {
			return None, true
		}
		return Text(d.name), true
	case "arguments":
		t := &Tuple{}
		for _, p := range d.params {
			t.items = append(t.items, Text(p.name))
		}
		return t, true
	case "catch_kwargs":
		return Bool(d.kwargs != nil), true
	case "catch_varargs":
		return Bool(d.varargs != nil), true
	case "caller":
		return Bool(d.catchCaller), true
	case "explicit_caller":
		return Bool(d.explicitCaller), true
	}
	return nil, false
}
