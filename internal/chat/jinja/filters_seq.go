package jinja

import "sort"

func filterLength(_ *interp, v Value, a args) Value {
	a.positional("length", 0, 0)
	n, ok := length(v)
	if !ok {
		throwType("object of type '%s' has no len()", typeName(v))
	}
	return Int(n)
}

func filterDefault(_ *interp, v Value, a args) Value {
	p := a.bind("default", 0, "default_value", "boolean")
	_, undef := v.(*undefined)
	if undef || wantBool(p[1], false) && !truth(v) {
		if p[0] == nil {
			return Str{}
		}
		return p[0]
	}
	return v
}

func filterAttr(in *interp, v Value, a args) Value {
	p := a.bind("attr", 1, "name")
	name := in.str(p[0])
	if x, ok := in.attribute(v, name.s); ok {
		return x
	}
	return &undefined{obj: v, name: name}
}

// path follows the parts of an attribute path. def, if not nil, replaces what
// is missing on the way.
func (in *interp) path(v Value, parts []Value, def Value) Value {
	for _, p := range parts {
		v = in.getItem(v, p)
		if _, ok := v.(*undefined); ok && !isNone(def) {
			v = def
		}
	}
	return v
}

// keyOf makes a sort or grouping key.
func (in *interp) keyOf(v Value, parts []Value, def Value, caseSensitive bool) Value {
	v = in.path(v, parts, def)
	if s, ok := v.(Str); ok && !caseSensitive {
		in.charge(len(s.s))
		return s.lower()
	}
	return v
}

func filterFirst(in *interp, v Value, a args) Value {
	a.positional("first", 0, 0)
	if x, ok := in.iterate(v)(); ok {
		return x
	}
	return &undefined{hint: "No first item, sequence was empty."}
}

func filterLast(in *interp, v Value, a args) Value {
	a.positional("last", 0, 0)
	if x, ok := in.reverseIter(v)(); ok {
		return x
	}
	return &undefined{hint: "No last item, sequence was empty."}
}

// reverseIter is Python's reversed(); it fails for what has no order.
func (in *interp) reverseIter(v Value) func() (Value, bool) {
	switch x := v.(type) {
	case Str, *List, *Tuple, *Dict, *rangeValue:
		return sliceIter(reversed(in.collect(v)))
	case *dictView:
		return sliceIter(reversed(in.collect(x)))
	case *undefined:
		return sliceIter(nil)
	}
	throwType("'%s' object is not reversible", typeName(v))
	return nil
}

func filterReverse(in *interp, v Value, a args) Value {
	a.positional("reverse", 0, 0)
	switch x := v.(type) {
	case Str:
		return in.sliceStr(x, None, None, Int(-1))
	case *iterator:
		return &List{reversed(in.collect(x))}
	case *loopState:
		return &List{}
	}
	if !iterable(v) {
		throw("FilterArgumentError", "argument must be iterable")
	}
	typ := map[string]string{"list": "list_reverseiterator", "dict": "dict_reversekeyiterator", "range": "range_iterator"}[typeName(v)]
	if typ == "" {
		typ = "reversed"
	}
	return &iterator{typ: typ, next: in.reverseIter(v)}
}

func filterList(in *interp, v Value, a args) Value {
	a.positional("list", 0, 0)
	return &List{in.collect(v)}
}

func filterItems(in *interp, v Value, a args) Value {
	a.positional("items", 0, 0)
	return in.lazy(func() func() (Value, bool) {
		switch d := v.(type) {
		case *undefined:
			return sliceIter(nil)
		case *Dict:
			return in.iterate(&dictView{d, "dict_items"})
		}
		throwType("Can only get item pairs from a mapping.")
		return nil
	})
}

func filterDictsort(in *interp, v Value, a args) Value {
	p := a.bind("dictsort", 0, "case_sensitive", "by", "reverse")
	pos := 0
	if p[1] != nil {
		switch in.str(p[1]).s {
		case "key":
		case "value":
			pos = 1
		default:
			throw("FilterArgumentError", `You can only sort by either "key" or "value"`)
		}
	}
	d, ok := v.(*Dict)
	if !ok {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		throw("AttributeError", "'%s' object has no attribute 'items'", typeName(v))
	}
	items := in.collect(&dictView{d, "dict_items"})
	return &List{in.sorted(items, wantBool(p[2], false), func(x Value) Value {
		return in.keyOf(x, []Value{Int(pos)}, nil, wantBool(p[0], false))
	})}
}

// sorted is Python's sorted with a key; equal elements keep their order, also
// when reversed.
func (in *interp) sorted(items []Value, reverse bool, key func(Value) Value) []Value {
	type pair struct{ key, v Value }
	pairs := make([]pair, len(items))
	for i, x := range items {
		in.step()
		pairs[i] = pair{key(x), x}
	}
	sort.SliceStable(pairs, func(i, j int) bool {
		in.step()
		if reverse {
			i, j = j, i
		}
		return in.less(pairs[i].key, pairs[j].key)
	})
	out := make([]Value, len(items))
	for i, p := range pairs {
		out[i] = p.v
	}
	return out
}

func filterSort(in *interp, v Value, a args) Value {
	p := a.bind("sort", 0, "reverse", "case_sensitive", "attribute")
	var paths [][]Value
	if s, ok := p[2].(Str); ok {
		for _, part := range in.call(bindMethod(s, methodSplit), args{pos: []Value{Text(",")}}).(*List).items {
			paths = append(paths, fields(part))
		}
	} else {
		paths = [][]Value{fields(p[2])}
	}
	return &List{in.sorted(in.collect(v), wantBool(p[0], false), func(x Value) Value {
		key := &List{make([]Value, len(paths))}
		for i, path := range paths {
			key.items[i] = in.keyOf(x, path, nil, wantBool(p[1], false))
		}
		return key
	})}
}

func bindMethod(s Str, m strMethod) *function {
	return &function{fn: func(in *interp, a args) Value { return m(in, s, a) }}
}

func filterUnique(in *interp, v Value, a args) Value {
	p := a.bind("unique", 0, "case_sensitive", "attribute")
	path := fields(p[1])
	return in.lazy(func() func() (Value, bool) {
		next, seen := in.iterate(v), NewDict()
		return func() (Value, bool) {
			for x, ok := next(); ok; x, ok = next() {
				key := in.keyOf(x, path, nil, wantBool(p[0], false))
				if _, dup := seen.find(key); !dup {
					seen.put(key, None)
					return x, true
				}
			}
			return nil, false
		}
	})
}

func extreme(name, better string) filterFunc {
	return func(in *interp, v Value, a args) Value {
		p := a.bind(name, 0, "case_sensitive", "attribute")
		path := fields(p[1])
		next := in.iterate(v)
		best, ok := next()
		if !ok {
			return &undefined{hint: "No aggregated item, sequence was empty."}
		}
		bestKey := in.keyOf(best, path, nil, wantBool(p[0], false))
		for x, ok := next(); ok; x, ok = next() {
			in.step()
			if k := in.keyOf(x, path, nil, wantBool(p[0], false)); in.order(better, k, bestKey) {
				best, bestKey = x, k
			}
		}
		return best
	}
}

func filterSum(in *interp, v Value, a args) Value {
	p := a.bind("sum", 0, "attribute", "start")
	total := p[1]
	if total == nil {
		total = Int(0)
	}
	if _, ok := total.(Str); ok {
		throwType("sum() can't sum strings [use ''.join(seq) instead]")
	}
	path := fields(p[0])
	next := in.iterate(v)
	for x, ok := next(); ok; x, ok = next() {
		in.step()
		if !isNone(p[0]) {
			x = in.path(x, path, nil)
		}
		total = in.binary("+", total, x)
	}
	return total
}

func filterGroupby(in *interp, v Value, a args) Value {
	p := a.bind("groupby", 1, "attribute", "default", "case_sensitive")
	path, caseful := fields(p[0]), wantBool(p[2], false)
	key := func(x Value) Value { return in.keyOf(x, path, p[1], caseful) }
	out := &List{}
	var last Value
	for _, x := range in.sorted(in.collect(v), false, key) {
		k := key(x)
		if n := len(out.items); n > 0 && in.equal(k, last) {
			g := out.items[n-1].(*Tuple).items[1].(*List)
			g.items = append(g.items, x)
			continue
		}
		last = k
		shown := in.path(x, path, p[1])
		out.items = append(out.items, &Tuple{items: []Value{shown, &List{[]Value{x}}}, names: []string{"grouper", "list"}})
	}
	return out
}

func filterBatch(in *interp, v Value, a args) Value {
	p := a.bind("batch", 1, "linecount", "fill_with")
	n := wantInt(p[0], 0)
	return in.lazy(func() func() (Value, bool) {
		next, done := in.iterate(v), false
		var row []Value
		return func() (Value, bool) {
			for !done {
				x, ok := next()
				if !ok {
					done = true
					break
				}
				in.step()
				if len(row) == n { // a count of 0 gives one empty row first
					full := row
					row = []Value{x}
					return &List{full}, true
				}
				row = append(row, x)
			}
			if len(row) == 0 {
				return nil, false
			}
			last := row
			row = nil
			if !isNone(p[1]) && len(last) < n {
				in.roomItems(n)
				for len(last) < n {
					last = append(last, p[1])
				}
			}
			return &List{last}, true
		}
	})
}

func filterSlice(in *interp, v Value, a args) Value {
	p := a.bind("slice", 1, "slices", "fill_with")
	return in.lazy(func() func() (Value, bool) {
		items, n := in.collect(v), wantInt(p[0], 0)
		if n == 0 {
			throw("ZeroDivisionError", "integer division or modulo by zero")
		}
		i, at := 0, 0
		return func() (Value, bool) {
			if i >= n {
				return nil, false
			}
			size := len(items) / n
			extra := i < len(items)%n
			if extra {
				size++
			}
			part := append([]Value(nil), items[at:at+size]...)
			at += size
			i++
			if !isNone(p[1]) && !extra {
				part = append(part, p[1])
			}
			return &List{part}, true
		}
	})
}

func filterRandom(*interp, Value, args) Value {
	throw("SecurityError", "the filter 'random' is not available: a prompt must not depend on chance")
	return nil
}
