package eager

import (
	"fmt"

	"malmoi/internal/nn"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/mem"
)

// slabPages is how many pages the cache asks of the system at a time. An
// anonymous mapping costs nothing until it is touched, so a generous slab only
// spends address space.
const slabPages = 64

// Cache holds the keys and values of all layers in pages of 32 positions. One
// page lies contiguous: layer by layer, key/value head by head. Its owner is
// the goroutine that steps the model.
type Cache struct {
	kv        kernel.KV
	layers    int
	heads     int // key/value heads
	headDim   int
	headBytes int // one page of one layer and head
	pageBytes int
	arena     mem.Arena
	slabs     [][]byte
	pages     int
}

// NewCache returns an empty cache for models of the given shape. exact keeps
// float32 instead of half floats.
func NewCache(layers, heads, headDim int, exact bool) *Cache {
	c := &Cache{kv: kernel.KV{F32: exact}, layers: layers, heads: heads, headDim: headDim}
	c.headBytes = c.kv.PageBytes(headDim)
	c.pageBytes = layers * heads * c.headBytes
	return c
}

// PageBytes is the memory that one page of 32 positions takes.
func (c *Cache) PageBytes() int { return c.pageBytes }

// Reserve makes pages 0 to n-1 usable. It only grows.
func (c *Cache) Reserve(n int) error {
	if err := c.grow(n); err != nil {
		return fmt.Errorf("kv cache of %d pages: %w", n, err)
	}
	c.pages = max(c.pages, n)
	return nil
}

func (c *Cache) grow(n int) (err error) {
	defer mem.Catch(&err)
	for len(c.slabs)*slabPages < n {
		c.slabs = append(c.slabs, c.arena.Alloc(slabPages*c.pageBytes))
	}
	return nil
}

// CopyPage copies page src over page dst, all layers.
func (c *Cache) CopyPage(dst, src int) { copy(c.page(dst), c.page(src)) }

func (c *Cache) page(i int) []byte {
	off := (i % slabPages) * c.pageBytes
	return c.slabs[i/slabPages][off : off+c.pageBytes]
}

// head is the part of page i that belongs to one layer and key/value head.
func (c *Cache) head(i int32, layer, head int) []byte {
	off := (int(i)%slabPages)*c.pageBytes + (layer*c.heads+head)*c.headBytes
	return c.slabs[int(i)/slabPages][off : off+c.headBytes : off+c.headBytes]
}

// check refuses a span whose pages are missing or out of range, so that a
// planner's mistake cannot write outside the cache.
func (c *Cache) check(s nn.Span) error {
	need := (s.Pos + s.Len + nn.PageTokens - 1) / nn.PageTokens
	if s.Pos < 0 || s.Len <= 0 || len(s.Pages) < need {
		return fmt.Errorf("eager: span at %d of %d rows has %d pages, needs %d", s.Pos, s.Len, len(s.Pages), need)
	}
	for _, p := range s.Pages[:need] {
		if p < 0 || int(p) >= c.pages {
			return fmt.Errorf("eager: page %d outside the %d reserved", p, c.pages)
		}
	}
	return nil
}

// Free gives the memory back.
func (c *Cache) Free() { c.arena.Free(); c.slabs, c.pages = nil, 0 }
