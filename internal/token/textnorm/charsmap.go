package textnorm

import (
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Charsmap is a "precompiled_charsmap" of SentencePiece: a double-array trie over
// UTF-8 that maps the longest known sequence at each place to a replacement.
//
// Source: Darts-clone by S. Yata (layout of the units) and SentencePiece's
// normalizer: uint32 size of the trie in bytes, the trie, then the replacements
// as strings that end with a zero byte.
type Charsmap struct {
	units        []uint32
	replacements string
}

const maxCharsmap = 64 << 20

var errCharsmap = errors.New("precompiled_charsmap: not a compiled character map")

// NewCharsmap reads a compiled map.
func NewCharsmap(data []byte) (*Charsmap, error) {
	if len(data) < 4 || len(data) > maxCharsmap {
		return nil, errCharsmap
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size%4 != 0 || size == 0 || size > int64(len(data)-4) {
		return nil, errCharsmap
	}
	c := &Charsmap{units: make([]uint32, size/4), replacements: string(data[4+size:])}
	for i := range c.units {
		c.units[i] = binary.LittleEndian.Uint32(data[4+4*i:])
	}
	return c, nil
}

// A unit has a label (or, in a leaf, a value) and the distance to its children.
func unitOffset(u uint32) uint32 { return u >> 10 << (u & (1 << 9) >> 6) }

// first returns the replacement of the shortest key that begins text. The
// reference takes the shortest, and for a whole grapheme drops what follows it.
func (c *Charsmap) first(text string) (replacement string, ok bool) {
	pos := unitOffset(c.units[0])
	for i := 0; i < len(text) && text[i] != 0; i++ {
		pos ^= uint32(text[i])
		if int64(pos) >= int64(len(c.units)) {
			return "", false
		}
		u := c.units[pos]
		if u&(1<<31|0xFF) != uint32(text[i]) {
			return "", false
		}
		pos ^= unitOffset(u)
		if u>>8&1 == 1 && int64(pos) < int64(len(c.units)) {
			return c.value(c.units[pos] &^ (1 << 31))
		}
	}
	return "", false
}

// value returns the replacement that begins at an offset.
func (c *Charsmap) value(at uint32) (string, bool) {
	if int64(at) >= int64(len(c.replacements)) {
		return "", false
	}
	text, _, _ := strings.Cut(c.replacements[at:], "\x00")
	return text, true
}

// graphemeLimit is the size in bytes from which a grapheme cluster is looked up
// code point by code point only.
const graphemeLimit = 6

// Normalize implements Normalizer.
func (c *Charsmap) Normalize(text string) string {
	if c.unchanged(text) {
		return text
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	state := -1
	for text != "" {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		if len(cluster) < graphemeLimit {
			if r, ok := c.first(cluster); ok {
				out = append(out, r...)
				continue
			}
		}
		for i := 0; i < len(cluster); {
			_, n := utf8.DecodeRuneInString(cluster[i:])
			if r, ok := c.first(cluster[i : i+n]); ok {
				out = append(out, r...)
			} else {
				out = append(out, cluster[i:i+n]...)
			}
			i += n
		}
	}
	return string(out)
}

// unchanged says that no key begins anywhere in text.
func (c *Charsmap) unchanged(text string) bool {
	for i := 0; i < len(text); {
		if _, ok := c.first(text[i:]); ok {
			return false
		}
		_, n := utf8.DecodeRuneInString(text[i:])
		i += n
	}
	return true
}
