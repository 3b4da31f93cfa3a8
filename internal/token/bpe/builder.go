package bpe

import (
	"errors"
	"fmt"
	"sort"
	"unicode/utf8"

	"malmoi/internal/token/bytelevel"
	"malmoi/internal/token/vocab"
	"malmoi/internal/token/wordcache"
)

// Options say how words become symbols. The zero value is wrong for Unk: use
// NewBuilder's defaults and change fields.
type Options struct {
	ByteLevel    bool   // pieces are raw bytes and so are symbols
	ByteFallback bool   // code points without a piece become <0xXX> tokens
	Unk          int32  // id of what cannot be spelled, or -1
	FuseUnk      bool   // neighbouring unknowns are one token
	WholeWords   bool   // "ignore_merges": a word in the vocabulary is one token
	Prefix       string // continuing_subword_prefix
	Suffix       string // end_of_word_suffix
	// Hidden, if not nil, says which ids WholeWords must not find: control tokens.
	Hidden func(id int32) bool
}

// Builder collects merges.
type Builder struct {
	vocab *vocab.Vocab
	opt   Options
	pairs *pairs
	count int32
	buf   []byte
}

// NewBuilder begins a model over a vocabulary.
func NewBuilder(v *vocab.Vocab, opt Options) *Builder {
	return &Builder{vocab: v, opt: opt, pairs: newPairs(v.Size())}
}

const maxMerges = 1 << 24

var (
	errTooMany = fmt.Errorf("more than %d merges", maxMerges)
	errUnknown = errors.New("a piece is not in the vocabulary")
)

// Merge adds the next best merge, spelled as the file spells pieces. It fails if
// one of the three pieces is unknown; the caller decides whether that matters.
func (b *Builder) Merge(left, right string) error {
	rank := b.count
	if rank >= maxMerges {
		return errTooMany
	}
	b.count++
	buf, split := b.buf[:0], 0
	if b.opt.ByteLevel {
		ok1, ok2 := false, false
		buf, ok1 = bytelevel.AppendRaw(buf, left)
		split = len(buf)
		buf, ok2 = bytelevel.AppendRaw(buf, right)
		if !ok1 || !ok2 {
			return fmt.Errorf("merge %d (%q, %q): %w", rank, left, right, errUnknown)
		}
	} else {
		buf = append(append(buf, left...), right...)
		split = len(left)
	}
	b.buf = buf
	l, ok1 := b.vocab.IDBytes(buf[:split])
	r, ok2 := b.vocab.IDBytes(buf[split:])
	if n := len(b.opt.Prefix); n > 0 && len(right) >= n {
		buf = append(buf[:split], right[n:]...)
	}
	id, ok3 := b.vocab.IDBytes(buf)
	if !ok1 || !ok2 || !ok3 {
		return fmt.Errorf("merge %d (%q, %q): %w", rank, left, right, errUnknown)
	}
	b.pairs.put(l, r, rank, id)
	return nil
}

// Model finishes a model with merges.
func (b *Builder) Model() (*Model, error) { return newModel(b.vocab, b.opt, b.pairs, nil) }

// ByRank returns a model that merges by the rank of the text, lower first; rank
// has an entry for each id, NoRank for those that no merge makes.
func ByRank(v *vocab.Vocab, opt Options, rank []int32) (*Model, error) {
	if len(rank) != v.Size() {
		return nil, fmt.Errorf("%d ranks for %d pieces", len(rank), v.Size())
	}
	return newModel(v, opt, nil, rank)
}

// ByScore returns a model that merges by score, higher first. include says which
// ids take part.
func ByScore(v *vocab.Vocab, opt Options, score []float32, include func(id int32) bool) (*Model, error) {
	if len(score) != v.Size() {
		return nil, fmt.Errorf("%d scores for %d pieces", len(score), v.Size())
	}
	order := make([]int32, 0, len(score))
	rank := make([]int32, len(score))
	for id := range score {
		rank[id] = NoRank
		if include(int32(id)) && score[id] == score[id] { // a score that is no number takes no part
			order = append(order, int32(id))
		}
	}
	sort.Slice(order, func(a, b int) bool { return score[order[a]] > score[order[b]] })
	r := int32(0)
	for i, id := range order {
		if i > 0 && score[id] != score[order[i-1]] {
			r++
		}
		rank[id] = r
	}
	return newModel(v, opt, nil, rank)
}

func newModel(v *vocab.Vocab, opt Options, merges *pairs, rank []int32) (*Model, error) {
	m := &Model{
		vocab: v, byteLevel: opt.ByteLevel, unk: opt.Unk, fuseUnk: opt.FuseUnk, wholeWords: opt.WholeWords,
		prefix: opt.Prefix, suffix: opt.Suffix, hidden: opt.Hidden, merges: merges, rank: rank, cache: wordcache.New(),
	}
	if m.unk < 0 || int(m.unk) >= v.Size() {
		m.unk = none
	}
	if opt.ByteLevel {
		for b := range m.bytes {
			m.bytes[b] = none
			if id, ok := v.IDBytes([]byte{byte(b)}); ok && m.mergeable(id) {
				m.bytes[b] = id
			}
		}
		return m, nil
	}
	m.indexRunes()
	if opt.ByteFallback {
		m.fallback = byteTokens(v)
	}
	if _, ok := v.ID(spaceMark); ok && m.prefix == "" && m.suffix == "" && !m.wholeWords {
		m.cuts = newCuts(func(yield func(string) bool) {
			for id := range v.Size() {
				if m.mergeable(int32(id)) && !yield(v.Piece(int32(id))) {
					return
				}
			}
		})
	}
	return m, nil
}

// indexRunes finds the pieces of one code point.
func (m *Model) indexRunes() {
	m.runes = map[rune]int32{}
	for i := range m.low {
		m.low[i] = none
	}
	for i := range m.vocab.Size() {
		piece := m.vocab.Piece(int32(i))
		if piece == "" || len(piece) > utf8.UTFMax {
			continue
		}
		r, n := utf8.DecodeRuneInString(piece)
		if n != len(piece) {
			continue
		}
		id, ok := m.vocab.ID(piece)
		switch {
		case !ok || !m.mergeable(id):
		case r < lowRunes:
			m.low[r] = id
		default:
			m.runes[r] = id
		}
	}
}

// byteTokens returns the ids of <0x00>..<0xFF>, none for those that do not exist.
func byteTokens(v *vocab.Vocab) *[256]int32 {
	var out [256]int32
	for b := range out {
		out[b] = none
		if id, ok := v.ID(fmt.Sprintf("<0x%02X>", b)); ok {
			out[b] = id
		}
	}
	return &out
}
