package kv

// Table is one sequence's part of the cache: the pages that hold its positions
// in order. The zero value is an empty table whose pages enter the index.
type Table struct {
	Pages   []int32 // page i holds positions 32i..32i+31
	Private bool    // keep the pages out of the index
	length  int     // positions whose tokens are known
}

// Len returns how many positions are written and recorded.
func (t *Table) Len() int { return t.length }

// Copy is an order to the model: copy page Src to page Dst before the next
// step. Dst < 0 means none.
type Copy struct{ Dst, Src int32 }

// Match returns how many positions of tokens Attach would find, and how many
// of the full pages among them are held by somebody, so that taking them uses
// up none of what is available. It changes nothing.
func (c *Cache) Match(tokens []int32) (positions, held int) {
	parent := none
	for len(tokens)-positions >= PageTokens {
		id := c.findFull(parent, tokens[positions:positions+PageTokens])
		if id == none {
			break
		}
		if c.pages[id].refs > 0 {
			held++
		}
		parent = id
		positions += PageTokens
	}
	_, more := c.findStart(parent, tokens[positions:])
	return positions + more, held
}

// Attach gives an empty table the cached pages that hold the longest known
// start of tokens; t.Len() says how long it is. The caller leaves out the
// tokens that it wants computed in any case. The model must carry out the copy
// before the table is used.
func (c *Cache) Attach(t *Table, tokens []int32) Copy {
	parent := none
	for len(tokens)-t.length >= PageTokens {
		id := c.findFull(parent, tokens[t.length:t.length+PageTokens])
		if id == none {
			break
		}
		c.hold(id)
		t.Pages = append(t.Pages, id)
		t.length += PageTokens
		parent = id
	}
	return c.attachStart(t, parent, tokens[t.length:])
}

// attachStart gives t the first positions of one further page.
func (c *Cache) attachStart(t *Table, parent int32, tokens []int32) Copy {
	nothing := Copy{none, none}
	src, n := c.findStart(parent, tokens)
	if src == none {
		return nothing
	}
	adopt := c.adoptable(src, n)
	c.hold(src) // so that take does not evict it
	if adopt {
		t.Pages = append(t.Pages, src)
		t.length += n
		return nothing
	}
	dst, err := c.take()
	if err == nil {
		p := &c.pages[dst]
		copy(p.tokens[:n], tokens)
		p.fill = int32(n)
		c.index(dst, parent)
		t.Pages = append(t.Pages, dst)
		t.length += n
	}
	c.drop(src)
	if err != nil {
		return nothing
	}
	return Copy{dst, src}
}

// Grow gives t pages for the given number of positions in total. On error it
// has all or none of the new pages: none.
func (c *Cache) Grow(t *Table, positions int) error {
	had := len(t.Pages)
	for len(t.Pages) < Pages(positions) {
		id, err := c.take()
		if err != nil {
			for _, id := range t.Pages[had:] {
				c.drop(id)
			}
			t.Pages = t.Pages[:had]
			return err
		}
		t.Pages = append(t.Pages, id)
	}
	return nil
}

// Commit records that the next positions of t were written for these tokens.
// Positions written but not committed (a rejected draft) count as unwritten. A
// page that is full now and equals one in the index is exchanged for it.
func (c *Cache) Commit(t *Table, tokens []int32) {
	for len(tokens) > 0 {
		i, at := t.length/PageTokens, t.length%PageTokens
		p := &c.pages[t.Pages[i]]
		n := copy(p.tokens[at:], tokens)
		tokens = tokens[n:]
		t.length += n
		p.fill = int32(at + n)
		if !t.Private {
			c.publish(t, i)
		}
	}
}

// publish puts page i of t into the index, or brings its entry up to date.
func (c *Cache) publish(t *Table, i int) {
	id := t.Pages[i]
	p := &c.pages[id]
	parent := none
	if i > 0 {
		parent = t.Pages[i-1]
	}
	if !p.indexed {
		c.index(id, parent)
	}
	if p.fill < PageTokens {
		return
	}
	key := hashOf(parent, p.tokens[:])
	twin := c.findFull(parent, p.tokens[:])
	if twin == none {
		c.full[key] = id
		return
	}
	if twin != id {
		c.hold(twin)
		t.Pages[i] = twin
		c.unindex(id)
		c.drop(id)
	}
}

// Release gives back all pages of t and empties it. What the index knows stays
// cached, the start of the sequence longest.
func (c *Cache) Release(t *Table) {
	for i := len(t.Pages) - 1; i >= 0; i-- {
		c.drop(t.Pages[i])
	}
	t.Pages, t.length = t.Pages[:0], 0
}

// Forget is Release for a sequence whose contents are in doubt: pages that
// nobody else holds or continues leave the index too.
func (c *Cache) Forget(t *Table) {
	for i := len(t.Pages) - 1; i >= 0; i-- {
		if p := &c.pages[t.Pages[i]]; p.indexed && p.refs == 1 && p.child == none {
			c.unindex(t.Pages[i])
		}
		c.drop(t.Pages[i])
	}
	t.Pages, t.length = t.Pages[:0], 0
}
