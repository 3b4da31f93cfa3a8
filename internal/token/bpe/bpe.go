// Package bpe merges the symbols of a word into tokens, best merge first.
//
// Two rules decide which merge is best: a list of pairs of ids (GPT-2, and
// SentencePiece vocabularies in tokenizer.json), or the rank of the text that the
// pair spells (tiktoken files, SentencePiece vocabularies in GGUF). Symbols are
// bytes, or code points with bytes as a last resort. The package knows nothing of
// special tokens, normal forms or where words end.
//
// Build with a Builder, encode with Model.Append, which is safe for concurrent
// use. Words of any length take O(n log n).
package bpe

import (
	"sync"

	"malmoi/internal/token/vocab"
	"malmoi/internal/token/wordcache"
)

// NoRank marks a piece that no merge may make.
const NoRank = int32(1<<31 - 1)

const (
	none    = int32(-1)
	maxWord = 1 << 26 // bytes merged at once; a longer word is cut there
)

// Model encodes words.
type Model struct {
	vocab      *vocab.Vocab
	byteLevel  bool
	bytes      [256]int32 // byteLevel: the id of each byte, or none
	runes      map[rune]int32
	low        [lowRunes]int32 // the beginning of runes, as an array
	fallback   *[256]int32     // ids of <0x00>..<0xFF>
	unk        int32           // or none
	fuseUnk    bool
	wholeWords bool // a word that is a piece is that piece, whatever the merges say
	prefix     string
	suffix     string
	merges     *pairs  // merges by ids, or nil
	rank       []int32 // merges by text: rank of each id
	cuts       *cuts
	cache      *wordcache.Cache
	hidden     func(id int32) bool
	scratch    sync.Pool
}

const lowRunes = 0x10000

// symbol is a stretch of a word: text[start:end], with its id or none.
type symbol struct{ id, start, end int32 }

// Append appends the tokens of one word.
func (m *Model) Append(dst []int32, word string) []int32 {
	if m.cuts == nil {
		return m.appendWord(dst, word)
	}
	for word != "" {
		n := m.cuts.next(word)
		dst = m.appendWord(dst, word[:n])
		word = word[n:]
	}
	return dst
}

func (m *Model) appendWord(dst []int32, word string) []int32 {
	if word == "" {
		return dst
	}
	if out, ok := m.cache.Append(dst, word); ok {
		return out
	}
	start := len(dst)
	dst = m.encode(dst, word)
	m.cache.Put(word, dst[start:])
	return dst
}

func (m *Model) encode(dst []int32, word string) []int32 {
	if m.wholeWords {
		if id, ok := m.vocab.ID(word); ok && m.mergeable(id) && (m.hidden == nil || !m.hidden(id)) {
			return append(dst, id)
		}
	}
	w, _ := m.scratch.Get().(*work)
	if w == nil {
		w = &work{}
	}
	defer func() {
		if cap(w.symbols) <= keepSymbols {
			m.scratch.Put(w)
		}
	}()
	for len(word) > maxWord {
		dst = m.merge(dst, word[:maxWord], w)
		word = word[maxWord:]
	}
	return m.merge(dst, word, w)
}

// mergeable says whether a whole word may become the piece; a control token's
// spelling never does.
func (m *Model) mergeable(id int32) bool { return m.rank == nil || m.rank[id] != NoRank }

func (m *Model) merge(dst []int32, word string, w *work) []int32 {
	w.symbols = m.split(w.symbols[:0], word)
	switch n := len(w.symbols); {
	case n < 2:
	case n <= shortWord:
		w.symbols = m.mergeShort(w.symbols, word)
	default:
		w.symbols = m.mergeLong(w, word)
	}
	for _, s := range w.symbols {
		dst = m.emit(dst, s, word)
	}
	return dst
}

// emit appends a symbol's id, or what stands for text without one.
func (m *Model) emit(dst []int32, s symbol, word string) []int32 {
	if s.id != none {
		return append(dst, s.id)
	}
	if text := word[s.start:s.end]; m.spells(text) {
		for i := 0; i < len(text); i++ {
			dst = append(dst, m.fallback[text[i]])
		}
		return dst
	}
	if m.unk != none {
		return append(dst, m.unk)
	}
	return dst
}

// join returns the rank and the id of the merge of two neighbours.
func (m *Model) join(a, b symbol, word string) (rank, id int32, ok bool) {
	if m.merges != nil {
		if a.id == none || b.id == none {
			return 0, 0, false
		}
		return m.merges.get(a.id, b.id)
	}
	id, ok = m.vocab.ID(word[a.start:b.end])
	if !ok || m.rank[id] == NoRank {
		return 0, 0, false
	}
	return m.rank[id], id, true
}
