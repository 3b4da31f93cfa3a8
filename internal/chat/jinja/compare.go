package jinja

import (
	"math"
	"math/big"
	"strings"
)

// truth is Python's bool().
func truth(v Value) bool {
	switch v := v.(type) {
	case noneType:
		return false
	case Bool:
		return bool(v)
	case Int:
		return v != 0
	case Float:
		return v != 0
	case Str:
		return v.s != ""
	case *List:
		return len(v.items) > 0
	case *Tuple:
		return len(v.items) > 0
	case *Dict:
		return len(v.keys) > 0
	case *dictView:
		return v.d.Len() > 0
	case *rangeValue:
		return v.n > 0
	case *undefined:
		return false
	}
	return true
}

// equal is Python's ==.
func (in *interp) equal(a, b Value) bool { return in.equalAt(a, b, 0) }

func (in *interp) equalAt(a, b Value, depth int) bool {
	in.step()
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded in comparison")
	}
	if isNumber(a) && isNumber(b) {
		c, ok := compareNumbers(a, b)
		return ok && c == 0
	}
	switch a := a.(type) {
	case Str:
		b, ok := b.(Str)
		return ok && a.s == b.s
	case *List:
		b, ok := b.(*List)
		return ok && in.equalItems(a.items, b.items, depth)
	case *Tuple:
		b, ok := b.(*Tuple)
		return ok && in.equalItems(a.items, b.items, depth)
	case *Dict:
		b, ok := b.(*Dict)
		return ok && in.equalDicts(a, b, depth)
	case *undefined:
		_, ok := b.(*undefined)
		return ok
	case *rangeValue:
		b, ok := b.(*rangeValue)
		return ok && a.n == b.n && (a.n == 0 || a.start == b.start && (a.n == 1 || a.step == b.step))
	case *dictView:
		b, ok := b.(*dictView)
		return ok && a.kind == b.kind && a.kind != "dict_values" && in.equalViews(a, b, depth)
	}
	return a == b
}

func (in *interp) equalItems(a, b []Value, depth int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(a[i], b[i]) && !in.equalAt(a[i], b[i], depth+1) {
			return false
		}
	}
	return true
}

func (in *interp) equalDicts(a, b *Dict, depth int) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, k := range a.keys {
		v, ok := b.find(k)
		if !ok || !same(a.vals[i], v) && !in.equalAt(a.vals[i], v, depth+1) {
			return false
		}
	}
	return true
}

func (in *interp) equalViews(a, b *dictView, depth int) bool {
	if a.kind == "dict_items" {
		return in.equalDicts(a.d, b.d, depth)
	}
	if a.d.Len() != b.d.Len() {
		return false
	}
	for _, k := range a.d.keys {
		if _, ok := b.d.find(k); !ok {
			return false
		}
	}
	return true
}

// same is Python's "is": identity for objects, equality of kind and value for
// the small immutable ones.
func same(a, b Value) bool {
	switch a := a.(type) {
	case noneType, Bool, Int:
		return a == b
	case Float:
		return false // two floats are one object only by accident
	case Str:
		b, ok := b.(Str)
		return ok && a.s == b.s && a.safe == b.safe
	case Big:
		b, ok := b.(Big)
		return ok && a.v == b.v
	}
	switch b.(type) {
	case Str, Float, Big:
		return false
	}
	return a == b
}

// compareNumbers orders two numbers exactly; ok is false if one is NaN.
func compareNumbers(a, b Value) (c int, ok bool) {
	x, okx := smallInt(a)
	y, oky := smallInt(b)
	if okx && oky {
		return cmpInt(x, y), true
	}
	fa, isA := a.(Float)
	fb, isB := b.(Float)
	if isA && math.IsNaN(float64(fa)) || isB && math.IsNaN(float64(fb)) {
		return 0, false
	}
	if isA && isB {
		switch {
		case fa < fb:
			return -1, true
		case fa > fb:
			return 1, true
		}
		return 0, true
	}
	return exactFloat(a).Cmp(exactFloat(b)), true
}

func cmpInt(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func exactFloat(v Value) *big.Float {
	if f, ok := v.(Float); ok {
		return new(big.Float).SetFloat64(float64(f))
	}
	b, _ := asInt(v)
	return new(big.Float).SetPrec(uint(max(64, b.BitLen()))).SetInt(b)
}

// order evaluates one of < <= > >=.
func (in *interp) order(op string, a, b Value) bool {
	c, ok := in.compareAt(op, a, b, 0)
	if !ok {
		return false
	}
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

func (in *interp) less(a, b Value) bool { return in.order("<", a, b) }

func (in *interp) compareAt(op string, a, b Value, depth int) (int, bool) {
	in.step()
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded in comparison")
	}
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b)
	}
	switch x := a.(type) {
	case Str:
		if y, ok := b.(Str); ok {
			return strings.Compare(x.s, y.s), true
		}
	case *List:
		if y, ok := b.(*List); ok {
			return in.compareItems(op, x.items, y.items, depth)
		}
	case *Tuple:
		if y, ok := b.(*Tuple); ok {
			return in.compareItems(op, x.items, y.items, depth)
		}
	case *undefined:
		x.fail()
	}
	if u, ok := b.(*undefined); ok {
		u.fail()
	}
	throwType("'%s' not supported between instances of '%s' and '%s'", op, typeName(a), typeName(b))
	return 0, false
}

func (in *interp) compareItems(op string, a, b []Value, depth int) (int, bool) {
	for i := range min(len(a), len(b)) {
		if !same(a[i], b[i]) && !in.equalAt(a[i], b[i], depth+1) {
			return in.compareAt(op, a[i], b[i], depth+1)
		}
	}
	return cmpInt(int64(len(a)), int64(len(b))), true
}

// contains is Python's "item in seq".
func (in *interp) contains(item, seq Value) bool {
	switch s := seq.(type) {
	case Str:
		if u, ok := item.(*undefined); ok {
			throwType("'in <string>' requires string as left operand, not %s", typeName(u))
		}
		sub, ok := item.(Str)
		if !ok {
			throwType("'in <string>' requires string as left operand, not %s", typeName(item))
		}
		in.charge(len(s.s))
		return strings.Contains(s.s, sub.s)
	case *Dict:
		_, ok := s.find(item)
		return ok
	case *dictView:
		return in.viewContains(s, item)
	case *List:
		return in.anyEqual(item, s.items)
	case *Tuple:
		return in.anyEqual(item, s.items)
	case *undefined, *rangeValue, *iterator:
		next := in.iterate(seq)
		for x, ok := next(); ok; x, ok = next() {
			if same(x, item) || in.equal(x, item) {
				return true
			}
		}
		return false
	}
	throwType("argument of type '%s' is not iterable", typeName(seq))
	return false
}

func (in *interp) anyEqual(item Value, items []Value) bool {
	for _, x := range items {
		in.step()
		if same(x, item) || in.equal(x, item) {
			return true
		}
	}
	return false
}

func (in *interp) viewContains(v *dictView, item Value) bool {
	switch v.kind {
	case "dict_keys":
		_, ok := v.d.find(item)
		return ok
	case "dict_values":
		return in.anyEqual(item, v.d.vals)
	}
	t, ok := item.(*Tuple)
	if !ok || len(t.items) != 2 {
		return false
	}
	x, ok := v.d.find(t.items[0])
	return ok && in.equal(x, t.items[1])
}
