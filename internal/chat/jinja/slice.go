package jinja

// slice is obj[start:stop:step].
func (in *interp) slice(obj, start, stop, step Value) Value {
	switch o := obj.(type) {
	case Str:
		return in.sliceStr(o, start, stop, step)
	case *List:
		return &List{in.sliceItems(o.items, start, stop, step)}
	case *Tuple:
		return &Tuple{items: in.sliceItems(o.items, start, stop, step)}
	case *rangeValue:
		return sliceRange(o, start, stop, step)
	case *undefined:
		o.fail()
	case *Dict:
		throwType("unhashable type: 'slice'")
	}
	throwType("'%s' object is not subscriptable", typeName(obj))
	return nil
}

// sliceBounds resolves a slice over n elements: the first index, the step and
// how many elements it gives.
func sliceBounds(n int, start, stop, step Value) (first, by, count int) {
	part := func(v Value, def int) int {
		if isNone(v) {
			return def
		}
		if u, ok := v.(*undefined); ok {
			throwType("slice indices must be integers or None or have an __index__ method, not %s", typeName(u))
		}
		if _, ok := asInt(v); !ok {
			throwType("slice indices must be integers or None or have an __index__ method")
		}
		return wantInt(v, def)
	}
	by = part(step, 1)
	if by == 0 {
		throwValue("slice step cannot be zero")
	}
	lo, hi := 0, n // bounds that indices are clamped to
	if by < 0 {
		lo, hi = -1, n-1
	}
	clamp := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, lo), hi)
	}
	from, to := lo, hi
	if by < 0 {
		from, to = hi, lo
	}
	if !isNone(start) {
		from = clamp(part(start, 0))
	}
	if !isNone(stop) {
		to = clamp(part(stop, 0))
	}
	switch {
	case by > 0 && from < to:
		count = (to-from-1)/by + 1
	case by < 0 && from > to:
		count = (from-to-1)/-max(by, -(1<<40)) + 1
	}
	return from, by, count
}

func (in *interp) sliceItems(items []Value, start, stop, step Value) []Value {
	first, by, count := sliceBounds(len(items), start, stop, step)
	in.roomItems(count)
	out := make([]Value, count)
	for i := range out {
		out[i] = items[first+i*by]
	}
	return out
}

func (in *interp) sliceStr(s Str, start, stop, step Value) Value {
	n := s.runes()
	first, by, count := sliceBounds(n, start, stop, step)
	in.charge(len(s.s))
	if count == 0 {
		return Str{safe: s.safe}
	}
	if by == 1 {
		i := s.offset(first)
		tail := s.sub(i, len(s.s))
		return s.sub(i, i+tail.offset(count))
	}
	at := make([]int, 0, n+1) // byte offset of every code point
	for i := range s.s {
		at = append(at, i)
	}
	at = append(at, len(s.s))
	var b builder
	for i := range count {
		k := first + i*by
		b.as(s.s[at[k]:at[k+1]], s.marked(at[k]))
	}
	r := b.done()
	r.safe = s.safe
	return r
}

func sliceRange(r *rangeValue, start, stop, step Value) Value {
	first, by, count := sliceBounds(int(r.n), start, stop, step)
	out := &rangeValue{start: r.start + int64(first)*r.step, step: r.step * int64(by), n: int64(count)}
	out.stop = out.start + out.n*out.step
	if isNone(stop) && by == 1 {
		out.stop = r.stop
	}
	return out
}
