package kv

// The index is a tree of pages. A page's parent is the full page before it, or
// none at the start of a sequence. Full pages are also found by hash; pages
// that are still being filled, only among their parent's children.

// hashOf mixes a parent and a full page's tokens (the mixing step of
// splitmix64). A collision costs a miss, never a wrong page.
func hashOf(parent int32, tokens []int32) uint64 {
	// The parent is mixed on its own first: if it only met the first token in an
	// exclusive or, neighbouring parents and tokens would collide.
	h := (uint64(uint32(parent)) + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	h ^= h >> 29
	for _, id := range tokens {
		h = (h ^ uint64(uint32(id))) * 0xbf58476d1ce4e5b9
		h ^= h >> 29
	}
	return h
}

// findFull returns the full page that holds exactly tokens after parent.
func (c *Cache) findFull(parent int32, tokens []int32) int32 {
	id, ok := c.full[hashOf(parent, tokens)]
	if !ok {
		return none
	}
	p := &c.pages[id]
	if p.parent != parent || CommonStart(p.tokens[:], tokens) != PageTokens {
		return none
	}
	return id
}

// findStart returns the page after parent that begins with the most of tokens,
// and how many. Among equals it prefers one that needs no copy.
func (c *Cache) findStart(parent int32, tokens []int32) (best int32, most int) {
	best = none
	for id := c.firstChild(parent); id != none; id = c.pages[id].next {
		p := &c.pages[id]
		n := CommonStart(p.tokens[:p.fill], tokens)
		if n > most || n == most && n > 0 && c.adoptable(id, n) {
			best, most = id, n
		}
	}
	return best, most
}

// adoptable says that a sequence may write on behind the first n tokens of a
// page as it is: nobody holds it and nothing follows those tokens.
func (c *Cache) adoptable(id int32, n int) bool {
	p := &c.pages[id]
	return p.refs == 0 && int(p.fill) == n && n < PageTokens
}

// CommonStart returns how many tokens a and b have in common at their start.
func CommonStart(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func (c *Cache) firstChild(parent int32) int32 {
	if parent == none {
		return c.roots
	}
	return c.pages[parent].child
}

func (c *Cache) setFirstChild(parent, id int32) {
	if parent == none {
		c.roots = id
	} else {
		c.pages[parent].child = id
	}
}

// index links a page below parent.
func (c *Cache) index(id, parent int32) {
	p := &c.pages[id]
	p.indexed, p.parent, p.prev, p.next = true, parent, none, c.firstChild(parent)
	if p.next != none {
		c.pages[p.next].prev = id
	}
	c.setFirstChild(parent, id)
}

// unindex makes a page unfindable. It must have no children.
func (c *Cache) unindex(id int32) {
	p := &c.pages[id]
	if p.prev == none {
		c.setFirstChild(p.parent, p.next)
	} else {
		c.pages[p.prev].next = p.next
	}
	if p.next != none {
		c.pages[p.next].prev = p.prev
	}
	if p.fill == PageTokens {
		if key := hashOf(p.parent, p.tokens[:]); c.full[key] == id {
			delete(c.full, key)
		}
	}
	p.indexed, p.parent, p.prev, p.next = false, none, none, none
}

// redundant says that a partly filled page holds nothing that a sibling does
// not hold too.
func (c *Cache) redundant(id int32) bool {
	p := &c.pages[id]
	if p.fill == PageTokens {
		return false
	}
	for other := c.firstChild(p.parent); other != none; other = c.pages[other].next {
		q := &c.pages[other]
		if other != id && q.fill >= p.fill && CommonStart(q.tokens[:p.fill], p.tokens[:p.fill]) == int(p.fill) {
			return true
		}
	}
	return false
}
