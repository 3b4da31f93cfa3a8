package jinja

import "strings"

// args are the arguments of a call as they were given.
type args struct {
	pos []Value
	kw  []kwarg
}

type kwarg struct {
	name string
	val  Value
}

// take removes a keyword argument.
func (a *args) take(name string) (Value, bool) {
	for i, k := range a.kw {
		if k.name == name {
			a.kw = append(append([]kwarg(nil), a.kw[:i]...), a.kw[i+1:]...)
			return k.val, true
		}
	}
	return nil, false
}

func (a args) keyword(name string) Value {
	for _, k := range a.kw {
		if k.name == name {
			return k.val
		}
	}
	return missingVar(name)
}

func (a args) keywordDict() *Dict {
	d := NewDict()
	for _, k := range a.kw {
		d.Set(k.name, k.val)
	}
	return d
}

func (a args) noKeywords(fn string) {
	if len(a.kw) > 0 {
		throwType("%s() takes no keyword arguments", fn)
	}
}

// bind puts the arguments in the order of the parameters named in names. The
// first required ones must be there; nil marks an absent optional one.
func (a args) bind(fn string, required int, names ...string) []Value {
	if len(a.pos) > len(names) {
		throwType("%s() takes at most %d arguments (%d given)", fn, len(names), len(a.pos))
	}
	out := make([]Value, len(names))
	copy(out, a.pos)
	for _, k := range a.kw {
		i := 0
		for i < len(names) && names[i] != k.name {
			i++
		}
		switch {
		case i == len(names):
			throwType("%s() got an unexpected keyword argument '%s'", fn, k.name)
		case out[i] != nil:
			throwType("%s() got multiple values for argument '%s'", fn, k.name)
		}
		out[i] = k.val
	}
	for i := range required {
		if out[i] == nil {
			throwType("%s() missing required argument: '%s'", fn, names[i])
		}
	}
	return out
}

// positional is bind for the methods that take no keywords.
func (a args) positional(fn string, required, most int) []Value {
	a.noKeywords(fn)
	if len(a.pos) < required || len(a.pos) > most {
		throwType("%s() takes from %d to %d positional arguments but %d were given", fn, required, most, len(a.pos))
	}
	out := make([]Value, most)
	copy(out, a.pos)
	return out
}

// wantInt converts an argument that Python uses as an index; def stands for an
// absent one.
func wantInt(v Value, def int) int {
	switch x := v.(type) {
	case nil:
		return def
	case *undefined:
		x.fail()
	case Big:
		if x.v.Sign() < 0 {
			return -1 << 62
		}
		return 1 << 62
	}
	i, ok := smallInt(v)
	if !ok {
		throwType("'%s' object cannot be interpreted as an integer", typeName(v))
	}
	return int(i)
}

// wantStr converts an argument that must be a string.
func wantStr(fn string, v Value) Str {
	s, ok := v.(Str)
	if !ok {
		throwType("%s() argument must be str, not %s", fn, typeName(v))
	}
	return s
}

func wantBool(v Value, def bool) bool {
	if v == nil {
		return def
	}
	return truth(v)
}

func isNone(v Value) bool { return v == nil || v == None }

// evalArgs evaluates the arguments of a call.
func (in *interp) evalArgs(c *callArgs, f *frame) args {
	var a args
	if len(c.pos) > 0 {
		a.pos = make([]Value, 0, len(c.pos))
		for _, x := range c.pos {
			a.pos = append(a.pos, in.eval(x, f))
		}
	}
	for _, k := range c.kw {
		a.kw = append(a.kw, kwarg{k.name, in.eval(k.val, f)})
	}
	if c.dyn != nil {
		v := in.eval(c.dyn, f)
		if !iterable(v) {
			throwType("argument after * must be an iterable, not %s", typeName(v))
		}
		a.pos = append(a.pos, in.collect(v)...)
	}
	if c.dynKw != nil {
		in.spreadKeywords(&a, in.eval(c.dynKw, f))
	}
	return a
}

func (in *interp) spreadKeywords(a *args, v Value) {
	d, ok := v.(*Dict)
	if !ok {
		throwType("argument after ** must be a mapping, not %s", typeName(v))
	}
	for i, k := range d.keys {
		s, ok := k.(Str)
		if !ok {
			throwType("keywords must be strings")
		}
		for _, have := range a.kw {
			if have.name == s.s {
				throwType("got multiple values for keyword argument '%s'", s.s)
			}
		}
		a.kw = append(a.kw, kwarg{s.s, d.vals[i]})
	}
}

// fields splits the attribute path of filters such as map and sort.
func fields(v Value) []Value {
	switch v := v.(type) {
	case nil, noneType:
		return nil
	case Str:
		var out []Value
		pos := 0
		for _, part := range strings.Split(v.s, ".") {
			if isDigits(part) {
				out = append(out, parseInt(Text(part), 10))
			} else {
				out = append(out, v.sub(pos, pos+len(part)))
			}
			pos += len(part) + 1
		}
		return out
	}
	return []Value{v}
}
