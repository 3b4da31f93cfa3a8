package bpe

const (
	shortWord   = 40      // symbols up to which scanning beats a heap
	keepSymbols = 1 << 14 // scratch larger than this is not kept
)

// mergeShort looks at every pair before each merge; for short words that is
// faster than keeping them in order.
func (m *Model) mergeShort(s []symbol, word string) []symbol {
	var rank, made [shortWord]int32
	look := func(i int) {
		r, id, ok := m.join(s[i], s[i+1], word)
		if !ok {
			r = NoRank
		}
		rank[i], made[i] = r, id
	}
	for i := 0; i+1 < len(s); i++ {
		look(i)
	}
	for {
		best, at := NoRank, -1
		for i := 0; i+1 < len(s); i++ {
			if rank[i] < best {
				best, at = rank[i], i
			}
		}
		if at < 0 {
			return s
		}
		s[at] = symbol{made[at], s[at].start, s[at+1].end}
		copy(s[at+1:], s[at+2:])
		s = s[:len(s)-1]
		for i := at + 1; i+1 < len(s); i++ {
			rank[i], made[i] = rank[i+1], made[i+1]
		}
		if at > 0 {
			look(at - 1)
		}
		if at+1 < len(s) {
			look(at)
		}
	}
}

// work is the scratch of one word.
type work struct {
	symbols    []symbol
	prev, next []int32
	heap       []candidate
}

// candidate is a possible merge of the symbol at pos with its right neighbour,
// which ended at end when the candidate was made. Rank and pos are one number, so
// that the smallest is the best and among equals the leftmost.
type candidate struct {
	order uint64
	end   int32
	id    int32
}

func (c candidate) pos() int32 { return int32(uint32(c.order)) }

// mergeLong keeps the pairs in a heap and the symbols in a linked list. A
// candidate is stale if its left symbol is gone or its right one ends elsewhere
// by now: symbols only grow, so no other check is needed.
func (m *Model) mergeLong(w *work, word string) []symbol {
	s := w.symbols
	n := int32(len(s))
	w.prev, w.next, w.heap = w.prev[:0], w.next[:0], w.heap[:0]
	for i := range n {
		w.prev, w.next = append(w.prev, i-1), append(w.next, i+1)
	}
	for i := range n - 1 {
		if rank, id, ok := m.join(s[i], s[i+1], word); ok {
			w.heap = append(w.heap, candidate{uint64(uint32(rank))<<32 | uint64(i), s[i+1].end, id})
		}
	}
	w.heapify()
	push := func(i, j int32) {
		if rank, id, ok := m.join(s[i], s[j], word); ok {
			w.push(candidate{uint64(uint32(rank))<<32 | uint64(i), s[j].end, id})
		}
	}
	for len(w.heap) > 0 {
		c := w.pop()
		i := c.pos()
		j := w.next[i]
		if j < 0 || j >= n || s[j].end != c.end { // next[i] < 0: merged away
			continue
		}
		s[i] = symbol{c.id, s[i].start, s[j].end}
		after := w.next[j]
		w.next[i], w.next[j] = after, -1
		if after < n {
			w.prev[after] = i
			push(i, after)
		}
		if before := w.prev[i]; before >= 0 {
			push(before, i)
		}
	}
	out := s[:0]
	for i := int32(0); i < n; i = w.next[i] {
		out = append(out, s[i])
	}
	return out
}

func (w *work) heapify() {
	for i := len(w.heap)/2 - 1; i >= 0; i-- {
		w.down(i)
	}
}

func (w *work) down(i int) {
	h := w.heap
	c := h[i]
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].order < h[child].order {
			child++
		}
		if c.order <= h[child].order {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = c
}

func (w *work) push(c candidate) {
	w.heap = append(w.heap, c)
	h := w.heap
	i := len(h) - 1
	for i > 0 && c.order < h[(i-1)/2].order {
		h[i] = h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[i] = c
}

func (w *work) pop() candidate {
	top := w.heap[0]
	last := len(w.heap) - 1
	w.heap[0] = w.heap[last]
	w.heap = w.heap[:last]
	if last > 0 {
		w.down(0)
	}
	return top
}
