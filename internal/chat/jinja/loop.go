package jinja

// loopState is the variable "loop".
type loopState struct {
	in      *interp
	src     Value // the iterable, nil once it was drained
	next    func() (Value, bool)
	index0  int64
	depth0  int
	n       int64 // length, -1 while unknown
	after   Value // looked ahead
	hasNext bool
	ended   bool
	prev    Value
	current Value
	changed []Value
	recurse func(iterable Value, depth int) Str
}

func (in *interp) newLoop(src Value, depth int) *loopState {
	return &loopState{in: in, src: src, next: in.iterate(src), index0: -1, depth0: depth, n: -1}
}

// peek looks at the next element without moving.
func (l *loopState) peek() (Value, bool) {
	if !l.hasNext && !l.ended {
		l.after, l.hasNext = l.next()
		l.ended = !l.hasNext
	}
	return l.after, l.hasNext
}

func (l *loopState) advance() (Value, bool) {
	v, ok := l.peek()
	if !ok {
		return nil, false
	}
	l.after, l.hasNext = nil, false
	l.index0++
	l.prev, l.current = l.current, v
	return v, true
}

// length drains an iterable that does not know its own.
func (l *loopState) length() int64 {
	if l.n >= 0 {
		return l.n
	}
	if n, ok := length(l.src); ok {
		l.n = n
		return n
	}
	var rest []Value
	if !l.ended {
		for v, ok := l.next(); ok; v, ok = l.next() {
			l.in.roomItems(1)
			rest = append(rest, v)
		}
	}
	l.next = sliceIter(rest)
	l.n = int64(len(rest)) + l.index0 + 1
	if l.hasNext {
		l.n++
	}
	return l.n
}

func (l *loopState) attr(name string) (Value, bool) {
	switch name {
	case "index":
		return Int(l.index0 + 1), true
	case "index0":
		return Int(l.index0), true
	case "revindex":
		return Int(l.length() - l.index0), true
	case "revindex0":
		return Int(l.length() - l.index0 - 1), true
	case "length":
		return Int(l.length()), true
	case "first":
		return Bool(l.index0 == 0), true
	case "last":
		_, more := l.peek()
		return Bool(!more), true
	case "depth":
		return Int(l.depth0 + 1), true
	case "depth0":
		return Int(l.depth0), true
	case "previtem":
		if l.index0 == 0 {
			return &undefined{hint: "there is no previous item"}, true
		}
		return l.prev, true
	case "nextitem":
		if v, ok := l.peek(); ok {
			return v, true
		}
		return &undefined{hint: "there is no next item"}, true
	case "cycle":
		return &function{name: "cycle", fn: func(_ *interp, a args) Value {
			a.noKeywords("cycle")
			if len(a.pos) == 0 {
				throwType("no items for cycling given")
			}
			return a.pos[l.index0%int64(len(a.pos))]
		}}, true
	case "changed":
		return &function{name: "changed", fn: func(_ *interp, a args) Value {
			a.noKeywords("changed")
			if l.changed != nil && l.in.equalItems(l.changed, a.pos, 0) {
				return Bool(false)
			}
			l.changed = append([]Value{}, a.pos...)
			return Bool(true)
		}}, true
	}
	return nil, false
}

// call renders a recursive loop again, for an inner list.
func (l *loopState) call(in *interp, a args) Value {
	if l.recurse == nil {
		throwType("The loop must have the 'recursive' marker to be called recursively.")
	}
	p := a.bind("loop", 1, "iterable")
	return l.recurse(p[0], l.depth0+1)
}

// recursiveLoop runs the loop as a function of its own.
func (in *interp) recursiveLoop(s *forStmt, outer *frame, src Value, depth int) Str {
	in.enterCall()
	defer in.leaveCall()
	f := newFrame(s.bodyFn, outer)
	var b builder
	again := func(v Value, depth int) Str { return in.recursiveLoop(s, outer, v, depth) }
	in.runLoop(s, outer, f, src, again, depth, &b)
	r := b.done()
	r.safe = in.auto
	return r
}

// runLoop runs the body, in frame f, for every element of src. outer is the
// frame around the loop, in which the filter lives.
func (in *interp) runLoop(s *forStmt, outer, f *frame, src Value, again func(Value, int) Str, depth int, out *builder) flow {
	defer atLine(s.line)
	if s.test != nil {
		src = in.filtered(s, outer, src)
	}
	var next func() (Value, bool)
	var l *loopState
	if s.loopRef != nil {
		l = in.newLoop(src, depth)
		l.recurse = again
		next = l.advance
	} else {
		next = in.iterate(src)
	}
	empty := true
	for v, ok := next(); ok; v, ok = next() {
		in.step()
		in.assign(s.target, v, f)
		if l != nil {
			f.set(*s.loopRef, l)
		}
		in.enterFrame(f, s.frame)
		fl := in.exec(s.body, f, out)
		if fl == flowBreak {
			break
		}
		if fl == flowNext { // a broken or continued round does not count
			empty = false
		}
	}
	if !s.recursive || s.elseFrame != nil {
		in.leaveFrame(f, s.frame)
	}
	if empty && s.elseFrame != nil {
		in.enterFrame(f, s.elseFrame)
		fl := in.exec(s.other, f, out)
		in.leaveFrame(f, s.elseFrame)
		return fl
	}
	return flowNext
}

// filtered is the generator behind "for x in src if test".
func (in *interp) filtered(s *forStmt, outer *frame, src Value) Value {
	f := newFrame(s.testFn, outer)
	next := in.iterate(src)
	started := false
	return in.generator(func() (Value, bool) {
		if !started {
			started = true
			in.enterFrame(f, s.testFrame)
		}
		for v, ok := next(); ok; v, ok = next() {
			in.step()
			in.assign(s.testTarget, v, f)
			if truth(in.eval(s.test, f)) {
				return v, true
			}
		}
		return nil, false
	})
}
