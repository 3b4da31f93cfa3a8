package kv

import "fmt"

// Check compares the books with the tables that exist and with themselves, and
// returns the first invariant of the package comment that does not hold.
func (c *Cache) Check(tables []*Table) error {
	refs := make([]int32, len(c.pages))
	for n, t := range tables {
		if len(t.Pages) < Pages(t.length) {
			return fmt.Errorf("kv: table %d: %d pages for %d positions", n, len(t.Pages), t.length)
		}
		for i, id := range t.Pages {
			refs[id]++
			if err := c.checkHeld(t, i); err != nil {
				return fmt.Errorf("kv: table %d: page %d (place %d): %w", n, id, i, err)
			}
		}
	}
	free := make([]bool, len(c.pages))
	for _, id := range c.free {
		if free[id] {
			return fmt.Errorf("kv: page %d is on the free list twice", id)
		}
		free[id] = true
	}
	cached, err := c.checkLRU()
	if err != nil {
		return err
	}
	for id := range c.pages {
		p := &c.pages[id]
		switch {
		case p.refs != refs[id] && !free[id]:
			return fmt.Errorf("kv: page %d: %d references, held by %d tables", id, p.refs, refs[id])
		case free[id] && (refs[id] > 0 || cached[id] || p.indexed):
			return fmt.Errorf("kv: page %d is free and also held by %d, cached %v, indexed %v", id, refs[id], cached[id], p.indexed)
		case cached[id] && refs[id] > 0:
			return fmt.Errorf("kv: page %d is cached and held by %d", id, refs[id])
		case !free[id] && !cached[id] && refs[id] == 0:
			return fmt.Errorf("kv: page %d is lost: not free, not held, not cached", id)
		}
	}
	return c.checkIndex()
}

// checkHeld checks page i of a table against its place in the index.
func (c *Cache) checkHeld(t *Table, i int) error {
	p := &c.pages[t.Pages[i]]
	if !p.indexed {
		if !t.Private && i < Pages(t.length) && p.fill > 0 {
			// After Forget of another table a page may be out of the index, but
			// only the last holder forgets.
			return fmt.Errorf("written but not in the index")
		}
		return nil
	}
	parent := none
	if i > 0 {
		parent = t.Pages[i-1]
	}
	if p.parent != parent {
		return fmt.Errorf("its parent in the index is %d, in the table %d", p.parent, parent)
	}
	return nil
}

// checkLRU walks the cached pages from the oldest.
func (c *Cache) checkLRU() ([]bool, error) {
	cached := make([]bool, len(c.pages))
	n := 0
	for id := c.oldest; id != none; id = c.pages[id].newer {
		p := &c.pages[id]
		if cached[id] || !p.indexed {
			return nil, fmt.Errorf("kv: cached page %d: twice in the list or not in the index", id)
		}
		for child := p.child; child != none; child = c.pages[child].next {
			if !cached[child] {
				return nil, fmt.Errorf("kv: cached page %d would be evicted before its child %d", id, child)
			}
		}
		cached[id] = true
		n++
	}
	if n != c.cached {
		return nil, fmt.Errorf("kv: %d pages cached, %d counted", n, c.cached)
	}
	return cached, nil
}

// checkIndex checks that every indexed page hangs below a full indexed page and
// is linked there, and that the hash table holds only such pages.
func (c *Cache) checkIndex() error {
	indexed, linked := 0, c.countLinked(none)
	for id := range c.pages {
		p := &c.pages[id]
		if !p.indexed {
			continue
		}
		indexed++
		linked += c.countLinked(int32(id))
		if p.parent != none && (!c.pages[p.parent].indexed || c.pages[p.parent].fill != PageTokens) {
			return fmt.Errorf("kv: page %d hangs below page %d, which is not a full page of the index", id, p.parent)
		}
	}
	if indexed != linked {
		return fmt.Errorf("kv: %d pages in the index, %d linked below their parents", indexed, linked)
	}
	for key, id := range c.full {
		if p := &c.pages[id]; !p.indexed || p.fill != PageTokens || hashOf(p.parent, p.tokens[:]) != key {
			return fmt.Errorf("kv: the hash table holds page %d, which is not a full page of the index", id)
		}
	}
	return nil
}

func (c *Cache) countLinked(parent int32) int {
	n := 0
	for id := c.firstChild(parent); id != none; id = c.pages[id].next {
		if c.pages[id].parent == parent {
			n++
		}
	}
	return n
}
