package jinja

// children returns the parts of a node in the order in which the reference
// implementation visits them; the order decides whether a name counts as read
// before it is set.
func children(n any) []any {
	var out []any
	add := func(xs ...any) {
		for _, x := range xs {
			if x != nil {
				out = append(out, x)
			}
		}
	}
	exprs := func(xs []expr) {
		for _, x := range xs {
			add(x)
		}
	}
	stmts := func(xs []stmt) {
		for _, x := range xs {
			add(x)
		}
	}
	call := func(a *callArgs) {
		exprs(a.pos)
		for _, k := range a.kw {
			add(k.val)
		}
		add(a.dyn, a.dynKw)
	}
	macro := func(d *macroDef) {
		for _, p := range d.params {
			add(p)
		}
		exprs(d.defaults)
		stmts(d.body)
	}
	switch n := n.(type) {
	case *listExpr:
		exprs(n.items)
	case *tupleExpr:
		exprs(n.items)
	case *dictExpr:
		for i := range n.keys {
			add(n.keys[i], n.vals[i])
		}
	case *attrExpr:
		add(n.obj)
	case *itemExpr:
		add(n.obj, n.key)
	case *sliceKey:
		add(n.start, n.stop, n.step)
	case *callExpr:
		add(n.fn)
		call(&n.args)
	case *filterExpr:
		add(n.arg)
		call(&n.args)
	case *testExpr:
		add(n.arg)
		call(&n.args)
	case *notExpr:
		add(n.x)
	case *unaryExpr:
		add(n.x)
	case *binExpr:
		add(n.l, n.r)
	case *andExpr:
		add(n.l, n.r)
	case *orExpr:
		add(n.l, n.r)
	case *concatExpr:
		exprs(n.parts)
	case *compareExpr:
		add(n.first)
		exprs(n.rest)
	case *condExpr:
		add(n.test, n.yes, n.no)
	case *outputStmt:
		add(n.x)
	case *ifStmt:
		for i, t := range n.tests {
			add(t)
			stmts(n.bodies[i])
		}
		stmts(n.other)
	case *forStmt:
		add(n.target, n.iter)
		stmts(n.body)
		stmts(n.other)
		add(n.test)
	case *setStmt:
		add(n.target, n.val)
	case *setBlock:
		add(n.target)
		if n.filter != nil {
			add(n.filter)
		}
		stmts(n.body)
	case *withStmt:
		exprs(n.targets)
		exprs(n.vals)
		stmts(n.body)
	case *macroStmt:
		macro(n.def)
	case *callStmt:
		add(n.call)
		macro(n.def)
	case *filterStmt:
		stmts(n.body)
		add(n.filter)
	case *autoStmt:
		add(n.val)
		stmts(n.body)
	case *blockStmt:
		stmts(n.body)
	}
	return out
}

// readsFree reports which of the names are read somewhere below the nodes
// before they are set there. Blocks are not entered.
func readsFree(nodes []stmt, names ...string) map[string]bool {
	open := map[string]bool{}
	for _, n := range names {
		open[n] = true
	}
	found := map[string]bool{}
	var visit func(n any)
	visit = func(n any) {
		switch n := n.(type) {
		case *nameExpr:
			if n.store {
				delete(open, n.name)
			} else if open[n.name] {
				found[n.name] = true
			}
			return
		case *blockStmt:
			return
		}
		for _, c := range children(n) {
			visit(c)
		}
	}
	for _, n := range nodes {
		visit(n)
	}
	return found
}

// findAll reports whether f holds for a node below (or at) n.
func findAny(n any, f func(any) bool) bool {
	if f(n) {
		return true
	}
	for _, c := range children(n) {
		if findAny(c, f) {
			return true
		}
	}
	return false
}
