package jinja

// testFunc is what stands behind "is".
type testFunc func(in *interp, v Value, a args) bool

// testOf returns a test of Jinja2, nil if there is none of that name.
func testOf(name string) testFunc {
	if t := typeTestOf(name); t != nil {
		return func(_ *interp, v Value, a args) bool {
			a.positional(name, 0, 0)
			return t(v)
		}
	}
	switch name {
	case "odd":
		return parity(1)
	case "even":
		return parity(0)
	case "divisibleby":
		return func(in *interp, v Value, a args) bool {
			return in.equal(in.binary("%", v, a.bind(name, 1, "num")[0]), Int(0))
		}
	case "filter":
		return func(_ *interp, v Value, a args) bool { return filterOf(keyText(v)) != nil }
	case "test":
		return func(_ *interp, v Value, a args) bool { return testOf(keyText(v)) != nil }
	case "sameas":
		return func(_ *interp, v Value, a args) bool { return same(v, a.bind(name, 1, "other")[0]) }
	case "in":
		return func(in *interp, v Value, a args) bool { return in.contains(v, a.bind(name, 1, "seq")[0]) }
	case "==", "eq", "equalto":
		return func(in *interp, v Value, a args) bool { return in.equal(v, a.positional(name, 1, 1)[0]) }
	case "!=", "ne":
		return func(in *interp, v Value, a args) bool { return !in.equal(v, a.positional(name, 1, 1)[0]) }
	case ">", "gt", "greaterthan":
		return ordering(">")
	case ">=", "ge":
		return ordering(">=")
	case "<", "lt", "lessthan":
		return ordering("<")
	case "<=", "le":
		return ordering("<=")
	}
	return nil
}

// typeTestOf returns the tests that look at the value alone.
func typeTestOf(name string) func(Value) bool {
	switch name {
	case "defined":
		return func(v Value) bool { _, ok := v.(*undefined); return !ok }
	case "undefined":
		return func(v Value) bool { _, ok := v.(*undefined); return ok }
	case "none":
		return func(v Value) bool { return v == None }
	case "boolean":
		return func(v Value) bool { _, ok := v.(Bool); return ok }
	case "true":
		return func(v Value) bool { return v == Bool(true) }
	case "false":
		return func(v Value) bool { return v == Bool(false) }
	case "integer":
		return func(v Value) bool {
			_, isBool := v.(Bool)
			_, ok := asInt(v)
			return ok && !isBool
		}
	case "float":
		return func(v Value) bool { _, ok := v.(Float); return ok }
	case "number":
		return isNumber
	case "string":
		return func(v Value) bool { _, ok := v.(Str); return ok }
	case "mapping":
		return func(v Value) bool { _, ok := v.(*Dict); return ok }
	case "sequence":
		return isSequence
	case "iterable":
		return iterable
	case "callable":
		return callable
	case "escaped":
		return func(v Value) bool { s, ok := v.(Str); return ok && s.safe }
	case "lower":
		return func(v Value) bool { return isCaseOnly(strOf(v).s, isLowerRune) }
	case "upper":
		return func(v Value) bool { return isCaseOnly(strOf(v).s, isUpperRune) }
	}
	return nil
}

func parity(want int64) testFunc {
	return func(in *interp, v Value, a args) bool {
		a.positional("odd/even", 0, 0)
		return in.equal(in.binary("%", v, Int(2)), Int(want))
	}
}

func ordering(op string) testFunc {
	return func(in *interp, v Value, a args) bool { return in.order(op, v, a.positional(op, 1, 1)[0]) }
}

// keyText is a dictionary key that may be any hashable value.
func keyText(v Value) string {
	if s, ok := hashKey(v).(string); ok {
		return s
	}
	return ""
}

// isSequence: has a length and elements by index. An undefined value counts.
func isSequence(v Value) bool {
	switch v.(type) {
	case Str, *List, *Tuple, *Dict, *rangeValue, *undefined:
		return true
	}
	return false
}
