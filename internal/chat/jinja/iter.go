package jinja

import "unicode/utf8"

// iterable reports whether Python could iterate over v.
func iterable(v Value) bool {
	switch v.(type) {
	case Str, *List, *Tuple, *Dict, *dictView, *rangeValue, *iterator, *undefined, *loopState:
		return true
	}
	return false
}

// iterate returns a function that gives the elements one after the other.
func (in *interp) iterate(v Value) func() (Value, bool) {
	switch v := v.(type) {
	case *List:
		return sliceIter(v.items)
	case *Tuple:
		return sliceIter(v.items)
	case *Dict:
		return sliceIter(v.keys)
	case *dictView:
		return countIter(v.d.Len(), v.at)
	case *rangeValue:
		return countIter(int(v.n), func(i int) Value { return v.at(int64(i)) })
	case Str:
		return runeIter(v)
	case *iterator:
		return v.next
	case *undefined:
		return sliceIter(nil)
	case *loopState:
		return func() (Value, bool) {
			x, ok := v.advance()
			if !ok {
				return nil, false
			}
			return tuple(x, v), true
		}
	}
	throwType("'%s' object is not iterable", typeName(v))
	return nil
}

func sliceIter(items []Value) func() (Value, bool) {
	i := 0
	return func() (Value, bool) {
		if i >= len(items) {
			return nil, false
		}
		i++
		return items[i-1], true
	}
}

func countIter(n int, at func(int) Value) func() (Value, bool) {
	i := 0
	return func() (Value, bool) {
		if i >= n {
			return nil, false
		}
		i++
		return at(i - 1), true
	}
}

func runeIter(s Str) func() (Value, bool) {
	i := 0
	return func() (Value, bool) {
		if i >= len(s.s) {
			return nil, false
		}
		_, w := utf8.DecodeRuneInString(s.s[i:])
		i += w
		return s.sub(i-w, i).plain(), true
	}
}

// collect is Python's list(v).
func (in *interp) collect(v Value) []Value {
	switch v := v.(type) {
	case *List:
		in.roomItems(len(v.items))
		return append([]Value(nil), v.items...)
	case *Tuple:
		in.roomItems(len(v.items))
		return append([]Value(nil), v.items...)
	}
	var out []Value
	next := in.iterate(v)
	for x, ok := next(); ok; x, ok = next() {
		in.step()
		if len(out) >= maxItems {
			throwLimit("list of more than %d elements", maxItems)
		}
		out = append(out, x)
	}
	return out
}

// generator makes an iterator that computes its elements when asked. Once it
// ended it stays ended.
func (in *interp) generator(next func() (Value, bool)) *iterator {
	done := false
	return &iterator{typ: "generator", next: func() (Value, bool) {
		if done {
			return nil, false
		}
		in.deeper()
		v, ok := next()
		in.evals--
		done = !ok
		return v, ok
	}}
}

// lazy makes a generator whose source is looked at when it is first asked.
func (in *interp) lazy(start func() func() (Value, bool)) *iterator {
	var next func() (Value, bool)
	return in.generator(func() (Value, bool) {
		if next == nil {
			next = start()
		}
		return next()
	})
}

// length is Python's len(), false where there is none.
func length(v Value) (int64, bool) {
	switch v := v.(type) {
	case Str:
		return int64(v.runes()), true
	case *List:
		return int64(len(v.items)), true
	case *Tuple:
		return int64(len(v.items)), true
	case *Dict:
		return int64(v.Len()), true
	case *dictView:
		return int64(v.d.Len()), true
	case *rangeValue:
		return v.n, true
	case *undefined:
		return 0, true
	case *loopState:
		return v.length(), true
	}
	return 0, false
}
