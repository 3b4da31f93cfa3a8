package jinja

import "strings"

// getAttr is obj.name: a Python attribute first, then an item of that name.
func (in *interp) getAttr(obj Value, name string) Value {
	if v, ok := in.attribute(obj, name); ok {
		return v
	}
	if d, ok := obj.(*Dict); ok {
		if v, ok := d.find(Text(name)); ok {
			return v
		}
	}
	return &undefined{obj: obj, name: Text(name)}
}

// getItem is obj[key]: an item first, then an attribute of that name.
func (in *interp) getItem(obj, key Value) Value {
	if v, ok := in.item(obj, key); ok {
		return v
	}
	if s, ok := key.(Str); ok {
		if v, ok := in.attribute(obj, s.s); ok {
			return v
		}
	}
	return &undefined{obj: obj, name: key}
}

// item looks up an element; missing ones, and objects that have none, give
// false.
func (in *interp) item(obj, key Value) (v Value, ok bool) {
	switch o := obj.(type) {
	case *Dict:
		if s, isStr := key.(Str); isStr {
			return o.find(s)
		}
		try(func() { v, ok = o.find(key) }, "TypeError")
		return v, ok
	case *undefined:
		o.fail()
	case *List:
		return element(o.items, key)
	case *Tuple:
		return element(o.items, key)
	case *rangeValue:
		if i, ok := position(key, int(o.n)); ok {
			return o.at(int64(i)), true
		}
	case Str:
		if i, ok := position(key, o.runes()); ok {
			in.charge(len(o.s))
			return o.runeAt(i), true
		}
	}
	return nil, false
}

func element(items []Value, key Value) (Value, bool) {
	if i, ok := position(key, len(items)); ok {
		return items[i], true
	}
	return nil, false
}

// position resolves a possibly negative index into n elements.
func position(key Value, n int) (int, bool) {
	i, ok := smallInt(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return 0, false
	}
	return int(i), true
}

// unsafeAttr is what the sandbox gives for attributes it hides.
func unsafeAttr(obj Value, name string) Value {
	return &undefined{
		hint: "access to attribute " + reprText(Text(name)) + " of '" + typeName(obj) + "' object is unsafe.",
		obj:  obj, name: Text(name), kind: "SecurityError",
	}
}

var mutators = map[string]bool{
	"dict.clear": true, "dict.pop": true, "dict.popitem": true, "dict.setdefault": true, "dict.update": true,
	"list.append": true, "list.clear": true, "list.pop": true, "list.reverse": true, "list.insert": true,
	"list.sort": true, "list.extend": true, "list.remove": true,
}

// attribute looks up a Python attribute of an object.
func (in *interp) attribute(obj Value, name string) (Value, bool) {
	if strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") && len(name) > 4 {
		u, isUndef := obj.(*undefined)
		if isUndef && !objectHasDunder(name) {
			u.fail()
		}
		return unsafeAttr(obj, name), objectHasDunder(name)
	}
	switch o := obj.(type) {
	case *undefined:
		o.fail()
	case Str:
		if m := strMethodOf(name); m != nil {
			return &function{name: name, fn: func(in *interp, a args) Value { return m(in, o, a) }}, true
		}
	case *Dict:
		return dictAttr(o, name)
	case *List:
		return listAttr(o, name)
	case *Tuple:
		return tupleAttr(o, name)
	case Bool, Int, Big:
		return intAttr(o, name)
	case Float:
		return floatAttr(o, name)
	case *rangeValue:
		return rangeAttr(o, name)
	case *namespace:
		return o.attrs.Get(name)
	case *loopState:
		return o.attr(name)
	case *macro:
		return o.attr(name)
	case *cycler:
		return o.attr(name)
	case *joiner:
		return o.attr(name)
	case *selfRef:
		if b, ok := in.t.block[name]; ok {
			return &function{name: name, fn: func(in *interp, a args) Value { return in.runBlock(b, nil) }}, true
		}
	case *function:
		if o.name == "dict" && name == "fromkeys" {
			return &function{name: name, fn: dictFromKeys}, true
		}
	}
	return nil, false
}

// objectHasDunder names the double-underscore attributes that every Python
// object has; the sandbox hides them, which is not the same as their absence
// only in the message.
func objectHasDunder(name string) bool {
	switch name {
	case "__class__", "__dict__", "__doc__", "__init__", "__eq__", "__hash__", "__repr__", "__str__", "__dir__",
		"__getattribute__", "__setattr__", "__delattr__", "__reduce__", "__reduce_ex__", "__subclasshook__",
		"__init_subclass__", "__new__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__sizeof__", "__format__":
		return true
	}
	return false
}

// bound makes a method of an object.
func bound(name string, fn func(in *interp, a args) Value) (Value, bool) {
	return &function{name: name, fn: fn}, true
}

func dictAttr(d *Dict, name string) (Value, bool) {
	switch name {
	case "keys", "values", "items":
		return bound(name, func(_ *interp, a args) Value {
			a.positional(name, 0, 0)
			return &dictView{d, "dict_" + name}
		})
	case "get":
		return bound(name, func(_ *interp, a args) Value {
			p := a.positional(name, 1, 2)
			if v, ok := d.find(p[0]); ok {
				return v
			}
			if p[1] != nil {
				return p[1]
			}
			return None
		})
	case "copy":
		return bound(name, func(in *interp, a args) Value {
			a.positional(name, 0, 0)
			in.roomItems(d.Len())
			return d.copy()
		})
	case "fromkeys":
		return bound(name, dictFromKeys)
	}
	if mutators["dict."+name] {
		return unsafeAttr(d, name), true
	}
	return nil, false
}

func dictFromKeys(in *interp, a args) Value {
	p := a.positional("fromkeys", 1, 2)
	if p[1] == nil {
		p[1] = None
	}
	d := NewDict()
	for _, k := range in.collect(p[0]) {
		d.put(k, p[1])
	}
	return d
}

func listAttr(l *List, name string) (Value, bool) {
	if name == "copy" {
		return bound(name, func(in *interp, a args) Value {
			a.positional(name, 0, 0)
			return &List{in.collect(l)}
		})
	}
	if mutators["list."+name] {
		return unsafeAttr(l, name), true
	}
	return itemsAttr(l.items, "list", name)
}

func tupleAttr(t *Tuple, name string) (Value, bool) {
	for i, n := range t.names {
		if n == name {
			return t.items[i], true
		}
	}
	return itemsAttr(t.items, "tuple", name)
}

func itemsAttr(items []Value, typ, name string) (Value, bool) {
	switch name {
	case "count":
		return bound(name, func(in *interp, a args) Value {
			p, n := a.positional(name, 1, 1), 0
			for _, x := range items {
				in.step()
				if same(x, p[0]) || in.equal(x, p[0]) {
					n++
				}
			}
			return Int(n)
		})
	case "index":
		return bound(name, func(in *interp, a args) Value {
			p := a.positional(name, 1, 3)
			from, to := clampRange(wantInt(p[1], 0), wantInt(p[2], len(items)), len(items))
			for i := from; i < to; i++ {
				in.step()
				if same(items[i], p[0]) || in.equal(items[i], p[0]) {
					return Int(i)
				}
			}
			throwValue("%s is not in %s", reprText(p[0]), typ)
			return nil
		})
	}
	return nil, false
}

// clampRange resolves Python's start and stop arguments over n elements.
func clampRange(from, to, n int) (int, int) {
	if from < 0 {
		from = max(0, from+n)
	}
	if to < 0 {
		to = max(0, to+n)
	}
	return from, min(to, n)
}

func rangeAttr(r *rangeValue, name string) (Value, bool) {
	switch name {
	case "start":
		return Int(r.start), true
	case "stop":
		return Int(r.stop), true
	case "step":
		return Int(r.step), true
	}
	items := make([]Value, 0, r.n)
	for i := range r.n {
		items = append(items, r.at(i))
	}
	return itemsAttr(items, "range", name)
}

func intAttr(v Value, name string) (Value, bool) {
	b, _ := asInt(v)
	switch name {
	case "real", "numerator":
		return normBig(b), true
	case "imag":
		return Int(0), true
	case "denominator":
		return Int(1), true
	case "conjugate":
		return bound(name, func(*interp, args) Value { return normBig(b) })
	case "bit_length":
		return bound(name, func(*interp, args) Value { return Int(b.BitLen()) })
	case "bit_count":
		return bound(name, func(*interp, args) Value {
			n := 0
			for i := range b.BitLen() {
				n += int(b.Bit(i))
			}
			return Int(n)
		})
	case "as_integer_ratio":
		return bound(name, func(*interp, args) Value { return tuple(normBig(b), Int(1)) })
	}
	return nil, false
}

func floatAttr(f Float, name string) (Value, bool) {
	switch name {
	case "real":
		return f, true
	case "imag":
		return Float(0), true
	case "conjugate":
		return bound(name, func(*interp, args) Value { return f })
	case "is_integer":
		return bound(name, func(*interp, args) Value { return Bool(f == Float(float64(int64(f))) || f >= 1<<53 || f <= -1<<53) })
	}
	return nil, false
}
