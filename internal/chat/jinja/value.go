package jinja

import (
	"math/big"
)

// Value is a Python value as a template sees it: None, Bool, Int, Big, Float,
// Str, *List, *Tuple, *Dict or one of the package's own objects. A nil Value
// means "no value" and never reaches a template.
type Value any

type noneType struct{}

// None is Python's None.
var None Value = noneType{}

// Bool, Int and Float are Python's bool, int (when it fits) and float.
type (
	Bool  bool
	Int   int64
	Float float64
)

// Big is an int that does not fit in Int.
type Big struct{ v *big.Int }

// List is a Python list. Templates cannot change it.
type List struct{ items []Value }

// Tuple is a Python tuple; names, if any, are its fields (groupby).
type Tuple struct {
	items []Value
	names []string
}

// NewList makes a list of the given values.
func NewList(items ...Value) *List { return &List{items} }

// Len is the number of elements.
func (l *List) Len() int { return len(l.items) }

// At returns element i.
func (l *List) At(i int) Value { return l.items[i] }

func tuple(items ...Value) *Tuple { return &Tuple{items: items} }

// undefined is the result of looking up what is not there. It prints as
// nothing and is false; other uses fail with its message.
type undefined struct {
	hint string
	obj  Value // nil: a variable
	name Value
	kind string // exception, "" for UndefinedError
}

func (u *undefined) message() string {
	if u.hint != "" {
		return u.hint
	}
	if u.obj == nil {
		return reprText(u.name) + " is undefined"
	}
	if _, ok := u.name.(Str); !ok {
		return objectName(u.obj) + " has no element " + reprText(u.name)
	}
	return reprText(Text(objectName(u.obj))) + " has no attribute " + reprText(u.name)
}

func (u *undefined) fail() {
	kind := u.kind
	if kind == "" {
		kind = "UndefinedError"
	}
	throw(kind, "%s", u.message())
}

func missingVar(name string) *undefined { return &undefined{name: Text(name)} }

// function is a callable of this package: a global, or a method bound to its
// object.
type function struct {
	name string
	fn   func(in *interp, a args) Value
}

// namespace is the one object whose attributes a template may set.
type namespace struct{ attrs *Dict }

// rangeValue is Python's range.
type rangeValue struct{ start, stop, step, n int64 }

func (r *rangeValue) at(i int64) Value { return Int(r.start + i*r.step) }

// dictView is the result of keys(), values() or items().
type dictView struct {
	d    *Dict
	kind string
}

func (v *dictView) at(i int) Value {
	switch v.kind {
	case "dict_keys":
		return v.d.keys[i]
	case "dict_values":
		return v.d.vals[i]
	}
	return tuple(v.d.keys[i], v.d.vals[i])
}

// iterator is a value that can be iterated once: a generator or a reversed
// sequence.
type iterator struct {
	typ  string
	next func() (Value, bool)
}

// typeName is Python's type(v).__name__.
func typeName(v Value) string {
	switch v := v.(type) {
	case noneType:
		return "NoneType"
	case Bool:
		return "bool"
	case Int, Big:
		return "int"
	case Float:
		return "float"
	case Str:
		if v.safe {
			return "Markup"
		}
		return "str"
	case *List:
		return "list"
	case *Tuple:
		if v.names != nil {
			return "_GroupTuple"
		}
		return "tuple"
	case *Dict:
		return "dict"
	case *undefined:
		return "Undefined"
	case *rangeValue:
		return "range"
	case *dictView:
		return v.kind
	case *iterator:
		return v.typ
	case *namespace:
		return "TemplateNamespace"
	case *macro:
		return "Macro"
	case *loopState:
		return "LoopContext"
	case *cycler:
		return "Cycler"
	case *joiner:
		return "Joiner"
	case *selfRef:
		return "TemplateReference"
	case *function:
		return "function"
	}
	return "object"
}

// objectName is how messages call the object of a failed lookup.
func objectName(v Value) string {
	switch v := v.(type) {
	case noneType:
		return "None"
	case Str:
		if v.safe {
			return "markupsafe.Markup object"
		}
	case *Tuple:
		if v.names != nil {
			return "jinja2.filters._GroupTuple object"
		}
	case *namespace, *cycler, *joiner:
		return "jinja2.utils." + typeName(v) + " object"
	case *macro, *loopState, *undefined, *selfRef:
		return "jinja2.runtime." + typeName(v) + " object"
	}
	return typeName(v) + " object"
}
