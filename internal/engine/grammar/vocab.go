package grammar

import (
	"bytes"
	"sort"
)

// Vocab is a vocabulary as a trie of bytes in depth-first order, so that a mask
// is one pass that jumps over every branch that cannot match.
type Vocab struct {
	size  int
	nodes []trieNode
	next  []int32 // next id with the same bytes, -1 at the end
	bytes [][]byte
}

// trieNode is one byte of one or more tokens. skip is the index after its
// subtree.
type trieNode struct {
	skip  int32
	token int32 // first id that ends here, -1 if none
	depth uint16
	b     byte
}

// maxTokenBytes bounds a token's length; longer ones are never allowed.
const maxTokenBytes = 512

// NewVocab builds the trie of size tokens. bytesOf returns a token's bytes, nil
// for those that a constrained text never contains.
func NewVocab(size int, bytesOf func(id int32) []byte) *Vocab {
	v := &Vocab{size: size, next: make([]int32, size), bytes: make([][]byte, size)}
	var ids []int32
	for id := range int32(size) {
		v.next[id] = -1
		if b := bytesOf(id); len(b) > 0 && len(b) <= maxTokenBytes {
			v.bytes[id] = b
			ids = append(ids, id)
		}
	}
	sort.Slice(ids, func(i, j int) bool {
		if c := bytes.Compare(v.bytes[ids[i]], v.bytes[ids[j]]); c != 0 {
			return c < 0
		}
		return ids[i] < ids[j]
	})
	v.build(ids)
	return v
}

// build adds the tokens in byte order; open are the nodes of the last one.
func (v *Vocab) build(ids []int32) {
	var open []int32
	var last []byte
	closeTo := func(depth int) {
		for len(open) > depth {
			v.nodes[open[len(open)-1]].skip = int32(len(v.nodes))
			open = open[:len(open)-1]
		}
	}
	for _, id := range ids {
		b := v.bytes[id]
		n := 0
		for n < len(b) && n < len(last) && b[n] == last[n] {
			n++
		}
		closeTo(n)
		for i := n; i < len(b); i++ {
			open = append(open, int32(len(v.nodes)))
			v.nodes = append(v.nodes, trieNode{token: -1, depth: uint16(i), b: b[i]})
		}
		node := &v.nodes[open[len(open)-1]]
		if node.token >= 0 {
			v.next[id] = node.token
		}
		node.token = id
		last = b
	}
	closeTo(0)
}
