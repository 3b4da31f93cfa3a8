// Package wordpiece cuts words into the longest pieces that the vocabulary has,
// from the left (BERT), or looks whole words up.
//
// It knows nothing of special tokens, normal forms or where words end. Models
// are safe for concurrent use.
package wordpiece

import (
	"unicode/utf8"

	"malmoi/internal/token/vocab"
	"malmoi/internal/token/wordcache"
)

// Config is a vocabulary with the spelling of its pieces.
type Config struct {
	Vocab  *vocab.Vocab
	Unk    int32  // or -1
	Prefix string // of pieces that continue a word, "##"
	First  string // of pieces that begin a word, "" but in GGUF files
	Max    int    // code points from which a word is unknown as a whole
}

// Model encodes words.
type Model struct {
	Config
	cache *wordcache.Cache
}

// New returns a model.
func New(c Config) *Model { return &Model{c, wordcache.New()} }

// Append appends the tokens of one word.
func (m *Model) Append(dst []int32, word string) []int32 {
	if out, ok := m.cache.Append(dst, word); ok {
		return out
	}
	start := len(dst)
	dst, ok := m.encode(dst, word)
	if !ok {
		dst = dst[:start]
		if m.Unk >= 0 {
			dst = append(dst, m.Unk)
		}
	}
	m.cache.Put(word, dst[start:])
	return dst
}

// encode is false if some part of the word is in no piece: then all of it is
// unknown.
func (m *Model) encode(dst []int32, word string) ([]int32, bool) {
	if utf8.RuneCountInString(word) > m.Max {
		return dst, false
	}
	var key []byte
	for start := 0; start < len(word); {
		prefix := m.Prefix
		if start == 0 {
			prefix = m.First
		}
		key = append(append(key[:0], prefix...), word[start:]...)
		end := len(word)
		for {
			id, ok := m.Vocab.IDBytes(key)
			if ok {
				dst = append(dst, id)
				break
			}
			_, n := utf8.DecodeLastRune(key[len(prefix):])
			key, end = key[:len(key)-n], end-n
			if end <= start {
				return dst, false
			}
		}
		start = end
	}
	return dst, true
}

// Words looks whole words up.
type Words struct {
	Vocab *vocab.Vocab
	Unk   int32 // or -1
}

// Append appends the token of one word.
func (m Words) Append(dst []int32, word string) []int32 {
	if id, ok := m.Vocab.ID(word); ok {
		return append(dst, id)
	}
	if m.Unk >= 0 {
		return append(dst, m.Unk)
	}
	return dst
}
