// Package unigram finds the most probable way to cut a word into pieces
// (Kudo 2018; SentencePiece's unigram model).
//
// It knows nothing of special tokens, normal forms or where words end. A Model
// is immutable but for its bounded cache, and safe for concurrent use. A word of
// n bytes takes O(n * longest piece).
package unigram

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"unicode/utf8"

	"malmoi/internal/token/trie"
	"malmoi/internal/token/wordcache"
)

// unkPenalty is how much worse than the worst piece an unknown code point is.
const unkPenalty = 10

// Config is a vocabulary with log probabilities.
type Config struct {
	Pieces       []string
	Scores       []float64
	Unk          int32 // or -1
	ByteFallback bool
	Include      func(id int32) bool // which ids may be cut out of text; nil is all
}

// Model encodes words.
type Model struct {
	trie     *trie.Trie
	scores   []float64
	unkScore float64
	unk      int32
	bytes    *[256]int32
	cache    *wordcache.Cache
	scratch  sync.Pool
}

// New builds a model.
func New(c Config) (*Model, error) {
	if len(c.Pieces) != len(c.Scores) {
		return nil, fmt.Errorf("%d pieces and %d scores", len(c.Pieces), len(c.Scores))
	}
	m := &Model{scores: c.Scores, unk: c.Unk, cache: wordcache.New()}
	if m.unk < 0 || int(m.unk) >= len(c.Pieces) {
		return nil, errors.New("the vocabulary has no unknown token")
	}
	var keys []string
	var ids []int32
	worst := math.Inf(1)
	for id, piece := range c.Pieces {
		if math.IsNaN(c.Scores[id]) || math.IsInf(c.Scores[id], 0) {
			return nil, fmt.Errorf("score of piece %d is not a finite number", id)
		}
		worst = min(worst, c.Scores[id])
		if c.Include == nil || c.Include(int32(id)) {
			keys, ids = append(keys, piece), append(ids, int32(id))
		}
	}
	m.trie, m.unkScore = trie.New(keys, ids), worst-unkPenalty
	if c.ByteFallback {
		m.bytes = byteTokens(c.Pieces)
	}
	return m, nil
}

func byteTokens(pieces []string) *[256]int32 {
	var out [256]int32
	found := 0
	for id, piece := range pieces {
		var b byte
		if len(piece) != 6 {
			continue
		}
		if _, err := fmt.Sscanf(piece, "<0x%02X>", &b); err == nil && piece == fmt.Sprintf("<0x%02X>", b) {
			out[b] = int32(id)
			found++
		}
	}
	if found != 256 {
		return nil
	}
	return &out
}

// node is the best way to reach a byte offset.
type node struct {
	score float64
	from  int32 // offset where the last piece begins, or -1: not reached
	id    int32
}

const (
	keepNodes = 1 << 14
	maxWord   = 1 << 26
)

// Append appends the tokens of one word.
func (m *Model) Append(dst []int32, word string) []int32 {
	if word == "" {
		return dst
	}
	if out, ok := m.cache.Append(dst, word); ok {
		return out
	}
	start := len(dst)
	for rest := word; rest != ""; {
		n := min(len(rest), maxWord)
		dst = m.encode(dst, rest[:n])
		rest = rest[n:]
	}
	m.cache.Put(word, dst[start:])
	return dst
}

func (m *Model) encode(dst []int32, word string) []int32 {
	nodes, _ := m.scratch.Get().(*[]node)
	if nodes == nil {
		nodes = new([]node)
	}
	best := (*nodes)[:0]
	for range len(word) + 1 {
		best = append(best, node{from: -1})
	}
	m.forward(best, word)
	dst = m.backward(dst, best, word)
	if cap(best) <= keepNodes {
		*nodes = best
		m.scratch.Put(nodes)
	}
	return dst
}

// forward fills best from left to right. Of equal scores the first found, that is
// the shorter last piece from the earlier place, stays.
func (m *Model) forward(best []node, word string) {
	reach := func(from, to int, score float64, id int32) {
		if n := &best[to]; n.from < 0 || score > n.score {
			*n = node{score, int32(from), id}
		}
	}
	for at := 0; at < len(word); {
		_, size := utf8.DecodeRuneInString(word[at:])
		here, single := best[at].score, false
		cursor, ok := trie.Root, true
		for end := at; end < len(word); {
			if cursor, ok = m.trie.Step(cursor, word[end]); !ok {
				break
			}
			end++
			if id, ok := m.trie.Value(cursor); ok {
				reach(at, end, here+m.scores[id], id)
				single = single || end == at+size
			}
		}
		if !single {
			reach(at, at+size, here+m.unkScore, m.unk)
		}
		at += size
	}
}

// backward walks from the end; neighbouring unknowns become one token, or bytes.
func (m *Model) backward(dst []int32, best []node, word string) []int32 {
	start := len(dst)
	lastUnk := false
	for end := len(word); end > 0; {
		n := best[end]
		switch {
		case n.id != m.unk:
			dst = append(dst, n.id)
		case m.bytes != nil:
			for i := end - 1; i >= int(n.from); i-- {
				dst = append(dst, m.bytes[word[i]])
			}
		case !lastUnk:
			dst = append(dst, m.unk)
		}
		lastUnk = n.id == m.unk
		end = int(n.from)
	}
	for i, j := start, len(dst)-1; i < j; i, j = i+1, j-1 {
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst
}
