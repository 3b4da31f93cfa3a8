package bpe

import "math/bits"

// pairs maps two neighbouring ids to the merge that joins them: open addressing,
// a power of two, at most half full.
type pairs struct {
	slots []pairSlot
	shift uint
	count int
}

type pairSlot struct {
	key  uint64 // pairKey + 1; 0 is free
	rank int32
	id   int32
}

func newPairs(count int) *pairs {
	size := 16
	for size < 2*count {
		size *= 2
	}
	return &pairs{slots: make([]pairSlot, size), shift: uint(64 - bits.Len(uint(size-1)))}
}

func pairKey(left, right int32) uint64 { return uint64(uint32(left))<<32 | uint64(uint32(right)) + 1 }

func (p *pairs) slot(key uint64) *pairSlot {
	for i := key * 0x9E3779B97F4A7C15 >> p.shift; ; i++ {
		s := &p.slots[i&uint64(len(p.slots)-1)]
		if s.key == key || s.key == 0 {
			return s
		}
	}
}

// put records a merge; a later one of the same pair replaces it, as in the
// reference's map.
func (p *pairs) put(left, right, rank, id int32) {
	if 2*p.count >= len(p.slots) {
		old := p.slots
		*p = *newPairs(len(old))
		for _, s := range old {
			if s.key != 0 {
				*p.slot(s.key) = s
				p.count++
			}
		}
	}
	s := p.slot(pairKey(left, right))
	if s.key == 0 {
		p.count++
	}
	*s = pairSlot{pairKey(left, right), rank, id}
}

// get returns the merge of two ids.
func (p *pairs) get(left, right int32) (rank, id int32, ok bool) {
	s := p.slot(pairKey(left, right))
	return s.rank, s.id, s.key != 0
}
