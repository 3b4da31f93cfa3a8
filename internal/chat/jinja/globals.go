package jinja

import "strings"

// globalOf returns a global function, nil if there is none of that name.
func globalOf(name string) Value {
	switch name {
	case "range":
		return &function{name: name, fn: globalRange}
	case "dict":
		return &function{name: name, fn: globalDict}
	case "namespace":
		return &function{name: name, fn: globalNamespace}
	case "cycler":
		return &function{name: name, fn: globalCycler}
	case "joiner":
		return &function{name: name, fn: globalJoiner}
	case "raise_exception":
		return &function{name: name, fn: globalRaise}
	case "strftime_now":
		return &function{name: name, fn: globalNow}
	case "lipsum":
		return &function{name: name, fn: func(*interp, args) Value {
			throw("SecurityError", "lipsum is not available: a prompt must not depend on chance")
			return nil
		}}
	}
	return nil
}

func globalRaise(in *interp, a args) Value {
	p := a.bind("raise_exception", 1, "message")
	if p[0] == None {
		panic(failure{&Raised{Message: "None"}})
	}
	panic(failure{&Raised{Message: in.str(p[0]).s}})
}

func globalNow(in *interp, a args) Value {
	p := a.bind("strftime_now", 1, "format")
	format := wantStr("strftime", p[0])
	if in.opts.Now.IsZero() {
		throw("RuntimeError", "the template asks for the time and none was given")
	}
	return strftime(in.opts.Now, format)
}

func globalRange(_ *interp, a args) Value {
	p := a.positional("range", 1, 3)
	num := func(v Value) int64 {
		if _, ok := v.(Big); ok {
			throw("OverflowError", "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
		}
		if u, ok := v.(*undefined); ok {
			throwType("'%s' object cannot be interpreted as an integer", typeName(u))
		}
		return int64(wantInt(v, 0))
	}
	r := &rangeValue{stop: num(p[0]), step: 1}
	if p[1] != nil {
		r.start, r.stop = r.stop, num(p[1])
	}
	if p[2] != nil {
		if r.step = num(p[2]); r.step == 0 {
			throwValue("range() arg 3 must not be zero")
		}
	}
	const far = 1 << 61 // keeps the arithmetic below from overflowing
	if r.start > far || r.start < -far || r.stop > far || r.stop < -far || r.step > far || r.step < -far {
		throw("OverflowError", "Range too big.")
	}
	switch {
	case r.step > 0 && r.start < r.stop:
		r.n = (r.stop-r.start-1)/r.step + 1
	case r.step < 0 && r.start > r.stop:
		r.n = (r.start-r.stop-1)/-r.step + 1
	}
	if r.n > maxRange {
		throw("OverflowError", "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).", maxRange)
	}
	return r
}

// globalDict is dict(mapping or pairs, name=value, ...).
func globalDict(in *interp, a args) Value {
	if len(a.pos) > 1 {
		throwType("dict expected at most 1 argument, got %d", len(a.pos))
	}
	d := NewDict()
	if len(a.pos) == 1 {
		if src, ok := a.pos[0].(*Dict); ok {
			in.roomItems(src.Len())
			d = src.copy()
		} else {
			for i, x := range in.collect(a.pos[0]) {
				if !iterable(x) {
					throwType("cannot convert dictionary update sequence element #%d to a sequence", i)
				}
				pair := in.collect(x)
				if len(pair) != 2 {
					throwValue("dictionary update sequence element #%d has length %d; 2 is required", i, len(pair))
				}
				d.put(pair[0], pair[1])
			}
		}
	}
	for _, k := range a.kw {
		d.Set(k.name, k.val)
	}
	return d
}

func globalNamespace(in *interp, a args) Value {
	d := globalDict(in, a).(*Dict)
	for _, k := range d.keys {
		if s, ok := k.(Str); ok {
			checkAttrName(s.s)
		}
	}
	return &namespace{attrs: d}
}

func checkAttrName(name string) {
	if strings.HasPrefix(name, "_") {
		throw("SecurityError", "Chat templates cannot store underscore-prefixed attributes on a namespace, but got %s. Please rename the attribute.", reprText(Text(name)))
	}
}

// cycler gives its items round and round.
type cycler struct {
	items []Value
	pos   int
}

func globalCycler(_ *interp, a args) Value {
	a.noKeywords("cycler")
	if len(a.pos) == 0 {
		throw("RuntimeError", "at least one item has to be provided")
	}
	return &cycler{items: a.pos}
}

func (c *cycler) attr(name string) (Value, bool) {
	switch name {
	case "items":
		return &Tuple{items: c.items}, true
	case "pos":
		return Int(c.pos), true
	case "current":
		return c.items[c.pos], true
	case "next":
		return bound(name, func(*interp, args) Value {
			v := c.items[c.pos]
			c.pos = (c.pos + 1) % len(c.items)
			return v
		})
	case "reset":
		return bound(name, func(*interp, args) Value { c.pos = 0; return None })
	}
	return nil, false
}

// joiner gives nothing the first time and its separator afterwards.
type joiner struct {
	sep  Value
	used bool
}

func globalJoiner(_ *interp, a args) Value {
	p := a.bind("joiner", 0, "sep")
	if p[0] == nil {
		p[0] = Text(", ")
	}
	return &joiner{sep: p[0]}
}

func (j *joiner) next() Value {
	if !j.used {
		j.used = true
		return Str{}
	}
	return j.sep
}

func (j *joiner) attr(name string) (Value, bool) {
	switch name {
	case "sep":
		return j.sep, true
	case "used":
		return Bool(j.used), true
	}
	return nil, false
}
