// Package trie finds which of many byte strings begin at a place in a text.
//
// Nodes lie in breadth-first order, so that the children of a node are
// neighbours and a step is a search among at most 256 sorted bytes. A Trie is
// immutable and safe for concurrent use.
package trie

import "sort"

// Trie is a set of keys with a value each.
type Trie struct {
	label []byte   // byte that leads to the node
	child []uint32 // index of the first child; the children end where the next node's begin
	value []int32  // value + 1 of the key that ends here, or 0
	root  [256]uint32
}

// New builds the trie. values[i] belongs to keys[i]; of equal keys the first in
// the list counts, and empty keys are left out.
func New(keys []string, values []int32) *Trie {
	order := make([]int32, 0, len(keys))
	for i, key := range keys {
		if key != "" {
			order = append(order, int32(i))
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return keys[order[a]] < keys[order[b]] })
	t := &Trie{label: []byte{0}, value: []int32{0}}
	type span struct{ lo, hi, depth int }
	queue := []span{{0, len(order), 0}}
	for n := 0; n < len(queue); n++ {
		q := queue[n]
		t.child = append(t.child, uint32(len(t.label)))
		for q.lo < q.hi && len(keys[order[q.lo]]) == q.depth {
			if t.value[n] == 0 {
				t.value[n] = values[order[q.lo]] + 1
			}
			q.lo++
		}
		for q.lo < q.hi {
			b, from := keys[order[q.lo]][q.depth], q.lo
			for q.lo < q.hi && keys[order[q.lo]][q.depth] == b {
				q.lo++
			}
			t.label, t.value = append(t.label, b), append(t.value, 0)
			queue = append(queue, span{from, q.lo, q.depth + 1})
		}
	}
	t.child = append(t.child, uint32(len(t.label)))
	for i := t.child[0]; i < t.child[1]; i++ {
		t.root[t.label[i]] = i
	}
	return t
}

// Root is the node of the empty string.
const Root = uint32(0)

// Starts says whether any key begins with b.
func (t *Trie) Starts(b byte) bool { return t.root[b] != 0 }

// Step follows one byte. ok is false if no key goes on that way.
func (t *Trie) Step(node uint32, b byte) (next uint32, ok bool) {
	if node == Root {
		next = t.root[b]
		return next, next != 0
	}
	lo, hi := t.child[node], t.child[node+1]
	for lo < hi {
		mid := (lo + hi) / 2
		switch l := t.label[mid]; {
		case l == b:
			return mid, true
		case l < b:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0, false
}

// Value returns the value of the key that ends at a node.
func (t *Trie) Value(node uint32) (int32, bool) { return t.value[node] - 1, t.value[node] != 0 }

// Longest returns the value and length of the longest key that begins text.
func (t *Trie) Longest(text string) (value int32, length int) {
	node, ok := Root, true
	for i := 0; i < len(text); i++ {
		if node, ok = t.Step(node, text[i]); !ok {
			break
		}
		if v, ok := t.Value(node); ok {
			value, length = v, i+1
		}
	}
	return value, length
}
