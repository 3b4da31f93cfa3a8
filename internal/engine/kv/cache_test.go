package kv

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLimitSinksWhenTheModelCannotReserve(t *testing.T) {
	noMemory := errors.New("no memory")
	var asked []int
	c := New(1000, func(pages int) error {
		asked = append(asked, pages)
		if pages > 128 {
			return noMemory
		}
		return nil
	})
	var table Table
	if err := c.Grow(&table, 128*PageTokens); err != nil {
		t.Fatal(err)
	}
	err := c.Grow(&table, 128*PageTokens+1)
	if !errors.Is(err, ErrNoPages) || !errors.Is(err, noMemory) || c.Limit() != 128 || c.Available() != 0 {
		t.Errorf("got %v, limit %d, available %d; want no page because of no memory, 128, 0", err, c.Limit(), c.Available())
	}
	if !slices.Equal(asked, []int{64, 128, 256}) {
		t.Errorf("reserved %v, want doubling", asked)
	}
	if len(table.Pages) != 128 {
		t.Errorf("a failed Grow left %d pages, want the 128 from before", len(table.Pages))
	}
}

// Two contents with one hash: the lookup compares tokens and parent, so it
// misses, and never finds the wrong page.
func TestCollidingHashIsAMiss(t *testing.T) {
	c := New(8, func(int) error { return nil })
	ids := make([]int32, 2*PageTokens)
	var table Table
	if err := c.Grow(&table, len(ids)); err != nil {
		t.Fatal(err)
	}
	c.Commit(&table, ids)
	second := table.Pages[1]
	other := slices.Repeat([]int32{7}, PageTokens)
	c.full[hashOf(none, other)] = second              // other tokens, other parent
	c.full[hashOf(second, ids[:PageTokens])] = second // same tokens, other parent
	if id := c.findFull(none, other); id != none {
		t.Errorf("found page %d for tokens that it does not hold", id)
	}
	if id := c.findFull(second, ids[:PageTokens]); id != none {
		t.Errorf("found page %d behind a page that it does not follow", id)
	}
	if id := c.findFull(table.Pages[0], ids[PageTokens:]); id != second {
		t.Errorf("found page %d, want %d", id, second)
	}
}

// Random histories against a plain model of the cache: whatever Attach says is
// cached must be what was committed to that page, and the books must add up.
func TestRandomHistories(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for run := range 30 {
		history(t, rand.New(rand.NewPCG(seed, uint64(run))))
	}
}

func FuzzHistories(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { history(t, rand.New(rand.NewPCG(seed, 99))) })
}

// world is a cache with the contents that a model would hold: per page and
// position the tokens from the start up to there, as a hash.
type world struct {
	t      *testing.T
	r      *rand.Rand
	c      *Cache
	pages  [][PageTokens]uint64
	tables []*Table
	tokens [][]int32 // what each table holds
}

func history(t *testing.T, r *rand.Rand) {
	limit := 3 + r.IntN(60)
	w := &world{t: t, r: r, pages: make([][PageTokens]uint64, limit)}
	w.c = New(limit, func(int) error { return nil })
	for range 300 {
		switch n := len(w.tables); {
		case n == 0 || n < 6 && r.IntN(3) == 0:
			w.open()
		case r.IntN(4) == 0:
			w.close(r.IntN(n))
		default:
			w.write(r.IntN(n))
		}
		if err := w.c.Check(w.tables); err != nil {
			t.Fatal(err)
		}
		for i := range w.tables {
			w.read(i)
		}
	}
	for len(w.tables) > 0 {
		w.close(0)
	}
	if s := w.c.Stats(); s.Held != 0 || s.Free+s.Cached != limit {
		t.Fatalf("all released: %+v", s)
	}
}

// text returns tokens with few kinds, so that starts coincide.
func (w *world) text(n int) []int32 {
	ids := make([]int32, n)
	kind := int32(w.r.IntN(2))
	for i := range ids {
		if w.r.IntN(40) == 0 {
			kind = int32(w.r.IntN(2))
		}
		ids[i] = kind
	}
	return ids
}

func (w *world) open() {
	t := &Table{Private: w.r.IntN(8) == 0}
	ids := w.text(1 + w.r.IntN(100))
	if !t.Private {
		n, _ := w.c.Match(ids)
		cp := w.c.Attach(t, ids)
		// The copy needs a page besides its source.
		if t.Len() != n && (w.c.Available() > 1 || t.Len() != n/PageTokens*PageTokens) {
			w.t.Fatalf("Match found %d positions, Attach %d", n, t.Len())
		}
		if cp.Dst >= 0 {
			w.pages[cp.Dst] = w.pages[cp.Src]
		}
	}
	w.tables = append(w.tables, t)
	w.tokens = append(w.tokens, slices.Clone(ids[:t.Len()]))
}

func (w *world) write(i int) {
	t := w.tables[i]
	ids := w.text(1 + w.r.IntN(50))
	rows := len(ids) + w.r.IntN(3) // drafts that are rejected
	if w.c.Grow(t, t.Len()+rows) != nil {
		return
	}
	all := slices.Concat(w.tokens[i], ids, w.text(rows-len(ids)))
	sum := digest(0, all[:t.Len()])
	for pos := t.Len(); pos < len(all); pos++ {
		sum = digest(sum, all[pos:pos+1])
		w.pages[t.Pages[pos/PageTokens]][pos%PageTokens] = sum
	}
	w.c.Commit(t, ids)
	w.tokens[i] = append(w.tokens[i], ids...)
}

// read checks every position of a table as the model would see it.
func (w *world) read(i int) {
	t := w.tables[i]
	if t.Len() != len(w.tokens[i]) {
		w.t.Fatalf("table %d: %d positions, %d tokens", i, t.Len(), len(w.tokens[i]))
	}
	sum := uint64(0)
	for pos := range t.Len() {
		sum = digest(sum, w.tokens[i][pos:pos+1])
		if got := w.pages[t.Pages[pos/PageTokens]][pos%PageTokens]; got != sum {
			w.t.Fatalf("table %d, position %d: page %d holds something else", i, pos, t.Pages[pos/PageTokens])
		}
	}
}

func (w *world) close(i int) {
	if w.r.IntN(5) == 0 {
		w.c.Forget(w.tables[i])
	} else {
		w.c.Release(w.tables[i])
	}
	w.tables = slices.Delete(w.tables, i, i+1)
	w.tokens = slices.Delete(w.tokens, i, i+1)
}

// digest continues a sum over tokens that depends on all of them in order.
func digest(sum uint64, ids []int32) uint64 {
	for _, id := range ids {
		sum = (sum + uint64(id) + 1) * 0x9e3779b97f4a7c15
		sum ^= sum >> 29
	}
	return sum
}

// Neighbouring parents with tokens that differ in their lowest bits must not
// share a hash: small page numbers and small ids are what there is.
func TestHashKeepsNeighboursApart(t *testing.T) {
	seen := map[uint64][2]int32{}
	tokens := make([]int32, PageTokens)
	for parent := none; parent < 300; parent++ {
		for id := range int32(300) {
			tokens[0] = id
			h := hashOf(parent, tokens)
			if other, ok := seen[h]; ok {
				t.Fatalf("parent %d, token %d collides with %v", parent, id, other)
			}
			seen[h] = [2]int32{parent, id}
		}
	}
}
