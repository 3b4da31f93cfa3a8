package grammar

import (
	"encoding/binary"
	"slices"
)

// A stack is where a derivation stands: the symbol to match next and what
// follows when its rule ends. Stacks are interned, so that equal ones are one
// number and a set of them is a short list.
type stack struct {
	rule, alt, sym int32
	parent         int32 // stack to go on with after the rule, -1 at the end
}

// finished is the stack number of a complete derivation.
const finished = -1

// state is a set of stacks whose next symbols are bytes: what has been read so
// far, up to equivalence. Transitions are computed when first needed.
type state struct {
	stacks []int32 // sorted; finished first if the text may end here
	to     [256]int32
	only   int16    // the one byte that may follow, or unknown, dead: several or none
	mask   []uint64 // allowed ids, nil until first needed
}

// Values of state.to and state.only besides numbers.
const (
	unknown = -1
	dead    = -2
)

// Limits of the tables' memory. When one is reached the tables are replaced by
// new ones that begin with the current state.
const (
	maxStates    = 4096
	maxStacks    = 1 << 18
	maxMaskBytes = 8 << 20
)

// tables hold the states of a grammar met so far and the masks of a vocabulary.
// Whoever calls holds the lock of the Prepared.
type tables struct {
	g *Grammar
	v *Vocab

	stacks    []stack
	stackNum  map[stack]int32
	states    []*state
	stateNum  map[string]int32
	visited   map[int32]bool
	path      []int32 // states along the trie's current branch
	maskBytes int
}

func newTables(g *Grammar, v *Vocab) *tables {
	return &tables{g: g, v: v, path: make([]int32, maxTokenBytes+1), stackNum: map[stack]int32{}, stateNum: map[string]int32{}, visited: map[int32]bool{}}
}

// start is the state before the first byte.
func (t *tables) start() int32 {
	t.forget()
	var set []int32
	for alt := range t.g.rules[0] {
		set = t.visit(set, stack{0, int32(alt), 0, finished})
	}
	return t.intern(set)
}

// forget empties visited. A map that was large once stays slow to clear.
func (t *tables) forget() {
	if len(t.visited) > 64 {
		t.visited = map[int32]bool{}
		return
	}
	clear(t.visited)
}

// full says that the tables should not grow any more.
func (t *tables) full() bool {
	return len(t.states) >= maxStates || len(t.stacks) >= maxStacks || t.maskBytes >= maxMaskBytes
}

// visit adds to set all stacks with a byte on top that s leads to without
// reading. Left recursion is excluded by the grammar's check, so it ends.
func (t *tables) visit(set []int32, s stack) []int32 {
	seq := t.g.rules[s.rule][s.alt]
	if int(s.sym) == len(seq) {
		if s.parent == finished {
			return append(set, finished)
		}
		return t.visit(set, t.stacks[s.parent])
	}
	n := t.number(s)
	if t.visited[n] {
		return set
	}
	t.visited[n] = true
	sym := seq[s.sym]
	if sym.rule < 0 {
		return append(set, n)
	}
	parent := s.parent // where nothing follows in this rule there is no need to come back
	if after := (stack{s.rule, s.alt, s.sym + 1, s.parent}); int(after.sym) < len(seq) {
		parent = t.number(after)
	}
	for alt := range t.g.rules[sym.rule] {
		set = t.visit(set, stack{sym.rule, int32(alt), 0, parent})
	}
	return set
}

func (t *tables) number(s stack) int32 {
	n, ok := t.stackNum[s]
	if !ok {
		n = int32(len(t.stacks))
		t.stacks = append(t.stacks, s)
		t.stackNum[s] = n
	}
	return n
}

// intern returns the number of the state with these stacks, dead if none.
func (t *tables) intern(set []int32) int32 {
	if len(set) == 0 {
		return dead
	}
	slices.Sort(set)
	set = slices.Compact(set)
	key := make([]byte, 0, 4*len(set))
	for _, n := range set {
		key = binary.LittleEndian.AppendUint32(key, uint32(n))
	}
	n, ok := t.stateNum[string(key)]
	if !ok {
		n = int32(len(t.states))
		s := &state{stacks: slices.Clone(set), only: unknown}
		for i := range s.to {
			s.to[i] = unknown
		}
		t.states = append(t.states, s)
		t.stateNum[string(key)] = n
	}
	return n
}

// step is the state after reading b.
func (t *tables) step(from int32, b byte) int32 {
	s := t.states[from]
	if s.to[b] != unknown {
		return s.to[b]
	}
	t.forget()
	var set []int32
	for _, n := range s.stacks {
		if n == finished {
			continue
		}
		top := t.stacks[n]
		if sym := &t.g.rules[top.rule][top.alt][top.sym]; sym.set.has(b) {
			top.sym++
			set = t.visit(set, top)
		}
	}
	to := t.intern(set)
	s.to[b] = to
	return to
}

// read is the state after reading a token, dead with the number of the byte
// that does not match.
func (t *tables) read(from int32, token []byte) (to int32, at int) {
	for i, b := range token {
		if from = t.step(from, b); from == dead {
			return dead, i
		}
	}
	return from, len(token)
}

// onlyByte returns the one byte that may follow, false if several may, or none,
// or the text may end.
func (t *tables) onlyByte(n int32) (byte, bool) {
	s := t.states[n]
	if s.only == unknown {
		s.only = t.findOnly(s)
	}
	return byte(s.only), s.only >= 0
}

func (t *tables) findOnly(s *state) int16 {
	only := int16(dead)
	for _, n := range s.stacks {
		if n == finished {
			return dead
		}
		top := t.stacks[n]
		b, ok := t.g.rules[top.rule][top.alt][top.sym].set.single()
		if !ok || only >= 0 && only != int16(b) {
			return dead
		}
		only = int16(b)
	}
	return only
}

// mask returns the ids that may follow in a state.
func (t *tables) mask(n int32, words int) []uint64 {
	s := t.states[n]
	if s.mask == nil {
		s.mask = t.compute(n, words)
		t.maskBytes += 8 * words
	}
	return s.mask
}

// compute walks the vocabulary's trie from a state.
func (t *tables) compute(from int32, words int) []uint64 {
	mask := make([]uint64, words)
	nodes := t.v.nodes
	t.path[0] = from
	for i := 0; i < len(nodes); {
		n := &nodes[i]
		to := t.step(t.path[n.depth], n.b)
		if to == dead {
			i = int(n.skip)
			continue
		}
		t.path[n.depth+1] = to
		for id := n.token; id >= 0; id = t.v.next[id] {
			mask[id>>6] |= 1 << (id & 63)
		}
		i++
	}
	return mask
}

// adopt returns the number here of a state of other tables of the same grammar.
func (t *tables) adopt(from *tables, n int32) int32 {
	var set []int32
	for _, s := range from.states[n].stacks {
		if s == finished {
			set = append(set, finished)
			continue
		}
		set = append(set, t.copyStack(from.stacks, s))
	}
	return t.intern(set)
}

func (t *tables) copyStack(old []stack, n int32) int32 {
	var chain []stack
	for ; n != finished; n = old[n].parent {
		chain = append(chain, old[n])
	}
	parent := int32(finished)
	for i := len(chain) - 1; i >= 0; i-- {
		chain[i].parent = parent
		parent = t.number(chain[i])
	}
	return parent
}

// done says that the text is complete in a state and nothing may follow.
func (t *tables) done(n int32) bool {
	s := t.states[n]
	return len(s.stacks) == 1 && s.stacks[0] == finished
}

// final says that the text may end in a state.
func (t *tables) final(n int32) bool { return t.states[n].stacks[0] == finished }
