// Package wordcache remembers the tokens of words seen before. It is bounded,
// direct-mapped and lock-free: two words that share a place evict each other.
package wordcache

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

const (
	places  = 1 << 15
	maxWord = 64 // bytes; longer words are rare and not kept
)

type entry struct {
	word string
	ids  []int32
}

// Cache maps words to ids. Use New; it is safe for concurrent use.
type Cache struct {
	seed  maphash.Seed
	place [places]atomic.Pointer[entry]
}

// New returns an empty cache.
func New() *Cache { return &Cache{seed: maphash.MakeSeed()} }

// Append appends the ids of a word that is remembered.
func (c *Cache) Append(dst []int32, word string) ([]int32, bool) {
	if len(word) > maxWord {
		return dst, false
	}
	e := c.place[maphash.String(c.seed, word)%places].Load()
	if e == nil || e.word != word {
		return dst, false
	}
	return append(dst, e.ids...), true
}

// Put remembers a word; it copies both arguments.
func (c *Cache) Put(word string, ids []int32) {
	if len(word) > maxWord {
		return
	}
	e := &entry{strings.Clone(word), append([]int32(nil), ids...)}
	c.place[maphash.String(c.seed, word)%places].Store(e)
}
