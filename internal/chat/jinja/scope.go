package jinja

// The scoping rules of Jinja2 are those of the Python code it generates: a
// template, a macro body and a recursive loop are functions; the other blocks
// are frames inside a function. A frame that sets a name has its own variable
// of that name, which starts as a copy of the outer one each time the frame is
// entered. This file decides, before rendering, which variable every name
// means. Variables are slots of a function's frame; an inner function reaches
// the slots of outer ones through a static chain.

// fnInfo is a function: it owns slots.
type fnInfo struct {
	parent *fnInfo
	slots  int
	byName map[slotKey]int
	loops  int // loops around the current place, for break and continue
}

type slotKey struct {
	level int
	name  string
}

func newFn(parent *fnInfo) *fnInfo {
	return &fnInfo{parent: parent, byName: map[slotKey]int{}}
}

func (f *fnInfo) slot(level int, name string) int {
	k := slotKey{level, name}
	if s, ok := f.byName[k]; ok {
		return s
	}
	f.byName[k] = f.slots
	f.slots++
	return f.slots - 1
}

// variable is a slot of a function.
type variable struct {
	fn   *fnInfo
	slot int
}

// ref is a variable as seen from a place: so many functions up, that slot.
type ref struct{ hops, slot int }

type loadKind uint8

const (
	loadParam   loadKind = iota // set by whoever enters the frame
	loadResolve                 // from the render variables and globals
	loadAlias                   // copy of an outer variable
	loadNothing                 // unset
)

type load struct {
	kind loadKind
	name string
	from variable
}

// symbols are the names of one frame.
type symbols struct {
	parent *symbols
	level  int
	fn     *fnInfo
	refs   map[string]variable
	loads  map[variable]load
	stores map[string]bool
}

func newSymbols(parent *symbols, fn *fnInfo) *symbols {
	s := &symbols{parent: parent, fn: fn, refs: map[string]variable{}, loads: map[variable]load{}, stores: map[string]bool{}}
	if parent != nil {
		s.level = parent.level + 1
	}
	return s
}

func (s *symbols) copy() *symbols {
	c := *s
	c.refs, c.loads, c.stores = map[string]variable{}, map[variable]load{}, map[string]bool{}
	c.absorb(s)
	return &c
}

func (s *symbols) absorb(o *symbols) {
	for k, v := range o.refs {
		s.refs[k] = v
	}
	for k, v := range o.loads {
		s.loads[k] = v
	}
	for k := range o.stores {
		s.stores[k] = true
	}
}

func (s *symbols) find(name string) (variable, bool) {
	for ; s != nil; s = s.parent {
		if v, ok := s.refs[name]; ok {
			return v, true
		}
	}
	return variable{}, false
}

func (s *symbols) define(name string, l load) variable {
	v := variable{s.fn, s.fn.slot(s.level, name)}
	s.refs[name] = v
	s.loads[v] = l
	return v
}

func (s *symbols) param(name string) variable {
	s.stores[name] = true
	return s.define(name, load{kind: loadParam})
}

func (s *symbols) store(name string) {
	s.stores[name] = true
	if _, ok := s.refs[name]; ok {
		return
	}
	if outer, ok := s.parent.find(name); ok {
		s.define(name, load{kind: loadAlias, from: outer})
		return
	}
	s.define(name, load{kind: loadNothing})
}

func (s *symbols) load(name string) {
	if _, ok := s.find(name); !ok {
		s.define(name, load{kind: loadResolve, name: name})
	}
}

// merge joins the branches of an if: a name that only some of them set starts
// with its outer value.
func (s *symbols) merge(branches ...*symbols) {
	stored := map[string]bool{}
	for _, b := range branches {
		for n := range b.stores {
			if !s.stores[n] {
				stored[n] = true
			}
		}
	}
	for _, b := range branches {
		s.absorb(b)
	}
	for n := range stored {
		v, _ := s.find(n)
		if outer, ok := s.parent.find(n); ok {
			s.loads[v] = load{kind: loadAlias, from: outer}
		} else {
			s.loads[v] = load{kind: loadResolve, name: n}
		}
	}
}

// visit collects the names that a node uses in this frame. It stops where an
// inner frame begins.
func (s *symbols) visit(n any) {
	switch n := n.(type) {
	case *nameExpr:
		if n.store {
			s.store(n.name)
		} else {
			s.load(n.name)
		}
	case *nsRef:
		s.load(n.ns.name)
	case *ifStmt:
		s.visitIf(n)
	case *macroStmt:
		s.store(n.def.name)
	case *setStmt:
		s.visit(n.val)
		s.visit(n.target)
	case *setBlock:
		s.visit(n.target)
	case *forStmt:
		s.visit(n.iter)
	case *callStmt:
		s.visit(n.call)
	case *filterStmt:
		s.visit(n.filter)
	case *withStmt:
		for _, v := range n.vals {
			s.visit(v)
		}
	case *autoStmt, *blockStmt:
	default:
		for _, c := range children(n) {
			s.visit(c)
		}
	}
}

func (s *symbols) visitAll(nodes []stmt) {
	for _, n := range nodes {
		s.visit(n)
	}
}

func (s *symbols) visitIf(n *ifStmt) {
	s.visit(n.tests[0])
	body, elif, other := s.copy(), s.copy(), s.copy()
	body.visitAll(n.bodies[0])
	for i := 1; i < len(n.tests); i++ {
		elif.visit(n.tests[i])
		b := elif.copy()
		b.visitAll(n.bodies[i])
		elif.merge(b, elif.copy(), elif.copy())
	}
	other.visitAll(n.other)
	s.merge(body, elif, other)
}

// params declares the names of a loop or macro target.
func (s *symbols) params(target expr) {
	switch t := target.(type) {
	case *nameExpr:
		s.param(t.name)
	case *tupleExpr:
		for _, x := range t.items {
			s.params(x)
		}
	}
}

// frameInfo is what entering a frame does to the slots.
type frameInfo struct{ loads []frameLoad }

type frameLoad struct {
	slot int
	kind loadKind
	name string
	from ref
}

func (s *symbols) info() *frameInfo {
	f := &frameInfo{}
	for v, l := range s.loads {
		fl := frameLoad{slot: v.slot, kind: l.kind, name: l.name}
		if l.kind == loadAlias {
			fl.from = s.fn.ref(l.from)
		}
		f.loads = append(f.loads, fl)
	}
	return f
}

// ref is how code inside f reaches a variable.
func (f *fnInfo) ref(v variable) ref {
	hops := 0
	for g := f; g != v.fn; g = g.parent {
		if g == nil {
			throw("AssertionError", "variable of an unrelated function")
		}
		hops++
	}
	return ref{hops, v.slot}
}
