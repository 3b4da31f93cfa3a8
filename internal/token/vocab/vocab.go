// Package vocab is the table between the pieces of a vocabulary and their ids.
//
// It knows nothing of what pieces mean. A Vocab is immutable after New and safe
// for concurrent use; lookups by bytes or by string do not allocate.
package vocab

import (
	"hash/maphash"
	"strings"
)

// Vocab maps piece to id and back. Ids are indexes into the pieces; an empty
// piece is a hole that no lookup finds. It holds no pointer a piece, which with
// a quarter of a million of them is memory and work for the collector.
type Vocab struct {
	text    string   // all pieces, one after the other
	ends    []uint32 // where each ends in text
	slots   []slot   // open addressing, a power of two, at most half full
	seed    maphash.Seed
	count   int
	longest int
}

type slot struct {
	hash uint32
	id   int32 // id + 1; 0 is free
}

// New indexes pieces. Of equal pieces the first has the entry. hidden, if not
// nil, keeps ids out of the index, but Piece still answers for them.
// All pieces together have less than 4 GiB.
func New(pieces []string, hidden func(id int) bool) *Vocab {
	ends, end := make([]uint32, len(pieces)), 0
	for id, piece := range pieces {
		end += len(piece)
		ends[id] = uint32(end)
	}
	return FromText(strings.Join(pieces, ""), ends, hidden)
}

// FromText is New of pieces that lie one after the other in text, each up to
// its end. It keeps ends.
func FromText(text string, ends []uint32, hidden func(id int) bool) *Vocab {
	size := 16
	for size < 2*len(ends) {
		size *= 2
	}
	v := &Vocab{text: text, ends: ends, slots: make([]slot, size), seed: maphash.MakeSeed()}
	for id := range ends {
		piece := v.piece(int32(id))
		if piece == "" || hidden != nil && hidden(id) {
			continue
		}
		v.insert(piece, int32(id))
	}
	return v
}

// piece is Piece of an id that exists.
func (v *Vocab) piece(id int32) string {
	start := uint32(0)
	if id > 0 {
		start = v.ends[id-1]
	}
	return v.text[start:v.ends[id]]
}

func (v *Vocab) insert(piece string, id int32) {
	h := maphash.String(v.seed, piece)
	for i := h; ; i++ {
		s := &v.slots[i&uint64(len(v.slots)-1)]
		if s.id == 0 {
			*s = slot{uint32(h >> 32), id + 1}
			v.count++
			v.longest = max(v.longest, len(piece))
			return
		}
		if s.hash == uint32(h>>32) && v.piece(s.id-1) == piece {
			return
		}
	}
}

// Size is the number of ids, holes included.
func (v *Vocab) Size() int { return len(v.ends) }

// Count is the number of pieces that lookups find.
func (v *Vocab) Count() int { return v.count }

// Piece returns the piece of an id, "" if it has none.
func (v *Vocab) Piece(id int32) string {
	if id < 0 || int(id) >= len(v.ends) {
		return ""
	}
	return v.piece(id)
}

// ID returns the id of a piece.
func (v *Vocab) ID(piece string) (int32, bool) {
	if len(piece) > v.longest {
		return 0, false
	}
	h := maphash.String(v.seed, piece)
	for i := h; ; i++ {
		s := v.slots[i&uint64(len(v.slots)-1)]
		if s.id == 0 {
			return 0, false
		}
		if s.hash == uint32(h>>32) && v.piece(s.id-1) == piece {
			return s.id - 1, true
		}
	}
}

// IDBytes returns the id of the piece that b spells.
func (v *Vocab) IDBytes(b []byte) (int32, bool) {
	if len(b) > v.longest {
		return 0, false
	}
	h := maphash.Bytes(v.seed, b)
	for i := h; ; i++ {
		s := v.slots[i&uint64(len(v.slots)-1)]
		if s.id == 0 {
			return 0, false
		}
		if s.hash == uint32(h>>32) && v.piece(s.id-1) == string(b) {
			return s.id - 1, true
		}
	}
}
