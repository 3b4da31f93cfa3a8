package kv

import (
	"errors"
	"fmt"
)

// PageTokens is the number of positions that one page holds.
const PageTokens = 32

// none stands for "no page" in links, and for the root as a parent.
const none = int32(-1)

// ErrNoPages is returned when a table cannot grow: no page is free, cached
// without a holder, or still to be reserved.
var ErrNoPages = errors.New("kv: no page left")

// Pages returns how many pages hold the given number of positions.
func Pages(positions int) int { return (positions + PageTokens - 1) / PageTokens }

// page is one page's entry in the books.
type page struct {
	refs    int32
	fill    int32 // positions whose tokens are known
	indexed bool  // linked below parent, found by others
	parent  int32
	child   int32 // first of the children; none if it has none
	prev    int32 // sibling links while indexed
	next    int32
	older   int32 // neighbours in the LRU list while indexed and unreferenced
	newer   int32
	tokens  [PageTokens]int32
}

// Cache is the book-keeping of all pages of one model. Make it with New.
type Cache struct {
	pages   []page // those reserved so far
	limit   int    // pages there may ever be
	grow    func(pages int) error
	growErr error // why limit sank

	free   []int32
	roots  int32            // first page without a parent
	full   map[uint64]int32 // hash of (parent, tokens) -> page, for full indexed pages
	oldest int32            // LRU list of cached pages
	newest int32
	cached int

	evicted int64
}

// New returns an empty cache of at most limit pages. grow is called before
// pages 0..n-1 are used for the first time; if it fails, the cache stays at the
// size it has.
func New(limit int, grow func(pages int) error) *Cache {
	return &Cache{limit: limit, grow: grow, full: make(map[uint64]int32), roots: none, oldest: none, newest: none}
}

// Limit returns how many pages the cache may have. It sinks to the present
// size when the model cannot reserve more.
func (c *Cache) Limit() int { return c.limit }

// Available returns how many pages tables could still take.
func (c *Cache) Available() int { return len(c.free) + c.cached + c.limit - len(c.pages) }

// Stats counts pages.
type Stats struct {
	Limit   int   // there may be
	Held    int   // by at least one table
	Cached  int   // by none, kept for reuse
	Free    int   // reserved or not yet
	Evicted int64 // cached pages given up since New
}

// Stats returns the present counts.
func (c *Cache) Stats() Stats {
	held := len(c.pages) - len(c.free) - c.cached
	return Stats{Limit: c.limit, Held: held, Cached: c.cached, Free: c.limit - held - c.cached, Evicted: c.evicted}
}

// take returns a page with one reference, unindexed and empty: a free one, a
// newly reserved one, or the least recently used of the cached.
func (c *Cache) take() (int32, error) {
	if len(c.free) == 0 && len(c.pages) < c.limit {
		c.reserve()
	}
	if len(c.free) == 0 {
		if c.oldest == none {
			if c.growErr != nil {
				return none, fmt.Errorf("%w: %d in use: %w", ErrNoPages, len(c.pages), c.growErr)
			}
			return none, fmt.Errorf("%w: all %d are in use", ErrNoPages, len(c.pages))
		}
		c.evict(c.oldest)
	}
	id := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	c.pages[id] = page{refs: 1, parent: none, child: none, prev: none, next: none, older: none, newer: none}
	return id, nil
}

// firstReserve is how many pages are reserved at first; later the number
// doubles.
const firstReserve = 64

// reserve asks the model for more pages and puts them on the free list, lowest
// number on top.
func (c *Cache) reserve() {
	have := len(c.pages)
	want := min(c.limit, max(firstReserve, 2*have))
	if err := c.grow(want); err != nil {
		c.limit, c.growErr = have, err
		return
	}
	c.pages = append(c.pages, make([]page, want-have)...)
	for id := want - 1; id >= have; id-- {
		c.free = append(c.free, int32(id))
	}
}

// evict frees a cached page.
func (c *Cache) evict(id int32) {
	c.unlinkLRU(id)
	c.unindex(id)
	c.free = append(c.free, id)
	c.evicted++
}

// hold adds a reference to an indexed page.
func (c *Cache) hold(id int32) {
	p := &c.pages[id]
	if p.refs == 0 {
		c.unlinkLRU(id)
	}
	p.refs++
}

// drop takes a reference away; the last one sends the page to the LRU list or,
// if the index has no use for it, to the free list.
func (c *Cache) drop(id int32) {
	p := &c.pages[id]
	p.refs--
	switch {
	case p.refs > 0:
	case p.indexed && !c.redundant(id):
		c.linkLRU(id)
	default:
		if p.indexed {
			c.unindex(id)
		}
		c.free = append(c.free, id)
	}
}

// linkLRU appends a page to the newest end.
func (c *Cache) linkLRU(id int32) {
	p := &c.pages[id]
	p.older, p.newer = c.newest, none
	if c.newest == none {
		c.oldest = id
	} else {
		c.pages[c.newest].newer = id
	}
	c.newest = id
	c.cached++
}

func (c *Cache) unlinkLRU(id int32) {
	p := &c.pages[id]
	if p.older == none {
		c.oldest = p.newer
	} else {
		c.pages[p.older].newer = p.newer
	}
	if p.newer == none {
		c.newest = p.older
	} else {
		c.pages[p.newer].older = p.older
	}
	c.cached--
}
