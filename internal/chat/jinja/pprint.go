package jinja

import "sort"

// filterPprint is Python's pprint.pformat for values that fit on one line: the
// repr with sorted keys. Longer values are broken after every element.
func filterPprint(in *interp, v Value, a args) Value {
	a.positional("pprint", 0, 0)
	return in.pretty(v, 0, 0, 0)
}

const prettyWidth = 80

func (in *interp) pretty(v Value, indent, allowance, depth int) Str {
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded")
	}
	flat := repr(in.sortKeys(v, depth))
	if flat.runes() <= prettyWidth-indent-allowance {
		return flat
	}
	switch x := v.(type) {
	case *List:
		return in.prettyItems("[", "]", x.items, indent, allowance, depth)
	case *Tuple:
		end := ")"
		if len(x.items) == 1 {
			end = ",)"
		}
		return in.prettyItems("(", end, x.items, indent, allowance, depth)
	case *Dict:
		return in.prettyDict(x, indent, allowance, depth)
	}
	return flat
}

func (in *interp) prettyItems(open, end string, items []Value, indent, allowance, depth int) Str {
	var b builder
	b.text(open)
	for i, x := range items {
		room := 1
		if i == len(items)-1 {
			room = allowance + len(end)
		}
		if i > 0 {
			b.text(",\n" + spaces(indent+1))
		}
		b.str(in.pretty(x, indent+1, room, depth+1))
	}
	b.text(end)
	return b.done()
}

func (in *interp) prettyDict(d *Dict, indent, allowance, depth int) Str {
	d = in.sortKeys(d, depth).(*Dict)
	var b builder
	b.text("{")
	for i, k := range d.keys {
		room := 1
		if i == d.Len()-1 {
			room = allowance + 1
		}
		if i > 0 {
			b.text(",\n" + spaces(indent+1))
		}
		key := repr(k)
		b.str(key)
		b.text(": ")
		b.str(in.pretty(d.vals[i], indent+key.runes()+3, room, depth+1))
	}
	b.text("}")
	return b.done()
}

func spaces(n int) string { return string(make0(n)) }

func make0(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = ' '
	}
	return b
}

// sortKeys copies a value with the keys of its dicts in order.
func (in *interp) sortKeys(v Value, depth int) Value {
	in.step()
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded")
	}
	switch x := v.(type) {
	case *List:
		l := &List{make([]Value, len(x.items))}
		for i, y := range x.items {
			l.items[i] = in.sortKeys(y, depth+1)
		}
		return l
	case *Tuple:
		t := &Tuple{items: make([]Value, len(x.items))}
		for i, y := range x.items {
			t.items[i] = in.sortKeys(y, depth+1)
		}
		return t
	case *Dict:
		idx := make([]int, x.Len())
		for i := range idx {
			idx[i] = i
		}
		sort.SliceStable(idx, func(i, j int) bool { return in.keyLess(x.keys[idx[i]], x.keys[idx[j]]) })
		d := NewDict()
		for _, i := range idx {
			d.put(x.keys[i], in.sortKeys(x.vals[i], depth+1))
		}
		return d
	}
	return v
}

// keyLess orders keys of one kind by value and mixed ones by type name.
func (in *interp) keyLess(a, b Value) bool {
	if _, ok := a.(Str); ok || isNumber(a) {
		if typeName(a) == typeName(b) || isNumber(a) && isNumber(b) {
			return in.less(a, b)
		}
	}
	return typeName(a) < typeName(b)
}
