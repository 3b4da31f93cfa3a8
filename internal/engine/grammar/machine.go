package grammar

import (
	"encoding/binary"
	"fmt"
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
	mask   []uint64 // allowed ids, nil until first needed
}

// Values of state.to besides state numbers.
const (
	unknown = -1
	dead    = -2
)

// Limits of a machine's memory. When one is reached the tables are dropped and
// rebuilt from the current state.
const (
	maxStates = 4096
	maxStacks = 1 << 20
	maxMasks  = 64
)

// Machine walks a grammar along one answer. It implements the engine's
// Constraint.
type Machine struct {
	g     *Grammar
	v     *Vocab
	ends  []int32 // ids that may follow where the text may end
	now   int32   // number of the current state
	masks int

	stacks   []stack
	stackNum map[stack]int32
	states   []*state
	stateNum map[string]int32
	visited  map[int32]bool
	path     []int32 // states along the trie's current branch
}

// NewMachine starts at the beginning of g. ends are the ids that end an answer.
func NewMachine(g *Grammar, v *Vocab, ends []int32) *Machine {
	m := &Machine{g: g, v: v, ends: ends, path: make([]int32, maxTokenBytes+1)}
	m.reset()
	var set []int32
	for alt := range g.rules[0] {
		set = m.expand(set, stack{0, int32(alt), 0, finished})
	}
	m.now = m.intern(set)
	return m
}

func (m *Machine) reset() {
	m.stacks, m.states = m.stacks[:0], m.states[:0]
	m.stackNum, m.stateNum = map[stack]int32{}, map[string]int32{}
	m.masks = 0
}

// expand adds to set all stacks with a byte on top that s leads to without
// reading. Left recursion is excluded by the grammar's check, so it ends.
func (m *Machine) expand(set []int32, s stack) []int32 {
	m.visited = map[int32]bool{}
	return m.visit(set, s)
}

func (m *Machine) visit(set []int32, s stack) []int32 {
	seq := m.g.rules[s.rule][s.alt]
	if int(s.sym) == len(seq) {
		if s.parent == finished {
			return append(set, finished)
		}
		return m.visit(set, m.stacks[s.parent])
	}
	n := m.number(s)
	if m.visited[n] {
		return set
	}
	m.visited[n] = true
	sym := seq[s.sym]
	if sym.rule < 0 {
		return append(set, n)
	}
	parent := int32(finished)
	if after := (stack{s.rule, s.alt, s.sym + 1, s.parent}); int(after.sym) < len(seq) {
		parent = m.number(after)
	} else {
		parent = s.parent // nothing follows in this rule: no need to come back
	}
	for alt := range m.g.rules[sym.rule] {
		set = m.visit(set, stack{sym.rule, int32(alt), 0, parent})
	}
	return set
}

func (m *Machine) number(s stack) int32 {
	n, ok := m.stackNum[s]
	if !ok {
		n = int32(len(m.stacks))
		m.stacks = append(m.stacks, s)
		m.stackNum[s] = n
	}
	return n
}

// intern returns the number of the state with these stacks, dead if none.
func (m *Machine) intern(set []int32) int32 {
	if len(set) == 0 {
		return dead
	}
	slices.Sort(set)
	set = slices.Compact(set)
	key := make([]byte, 0, 4*len(set))
	for _, n := range set {
		key = binary.LittleEndian.AppendUint32(key, uint32(n))
	}
	n, ok := m.stateNum[string(key)]
	if !ok {
		n = int32(len(m.states))
		s := &state{stacks: slices.Clone(set)}
		for i := range s.to {
			s.to[i] = unknown
		}
		m.states = append(m.states, s)
		m.stateNum[string(key)] = n
	}
	return n
}

// step is the state after reading b.
func (m *Machine) step(from int32, b byte) int32 {
	s := m.states[from]
	if s.to[b] != unknown {
		return s.to[b]
	}
	m.visited = map[int32]bool{}
	var set []int32
	for _, n := range s.stacks {
		if n == finished {
			continue
		}
		top := m.stacks[n]
		if sym := &m.g.rules[top.rule][top.alt][top.sym]; sym.set.has(b) {
			top.sym++
			set = m.visit(set, top)
		}
	}
	to := m.intern(set)
	s.to[b] = to
	return to
}

// Mask sets the bits of the ids that may follow. It reports whether there is
// exactly one.
func (m *Machine) Mask(dst []uint64) (forced bool) {
	m.makeRoom()
	s := m.states[m.now]
	if s.mask == nil {
		s.mask = m.compute(len(dst))
		m.masks++
	}
	copy(dst, s.mask)
	if m.final() {
		for _, id := range m.ends {
			dst[id>>6] |= 1 << (id & 63)
		}
	}
	return one(dst)
}

// compute walks the vocabulary's trie from the current state.
func (m *Machine) compute(words int) []uint64 {
	mask := make([]uint64, words)
	nodes := m.v.nodes
	m.path[0] = m.now
	for i := 0; i < len(nodes); {
		n := &nodes[i]
		to := m.step(m.path[n.depth], n.b)
		if to == dead {
			i = int(n.skip)
			continue
		}
		m.path[n.depth+1] = to
		for id := n.token; id >= 0; id = m.v.next[id] {
			mask[id>>6] |= 1 << (id & 63)
		}
		i++
	}
	return mask
}

// makeRoom drops the tables when they have grown too large, and begins anew
// with the current state.
func (m *Machine) makeRoom() {
	if len(m.states) < maxStates && len(m.stacks) < maxStacks && m.masks < maxMasks {
		return
	}
	old := slices.Clone(m.stacks)
	now := m.states[m.now].stacks
	m.reset()
	var set []int32
	for _, n := range now {
		if n == finished {
			set = append(set, finished)
			continue
		}
		set = append(set, m.copyStack(old, n))
	}
	m.now = m.intern(set)
}

func (m *Machine) copyStack(old []stack, n int32) int32 {
	var chain []stack
	for ; n != finished; n = old[n].parent {
		chain = append(chain, old[n])
	}
	parent := int32(finished)
	for i := len(chain) - 1; i >= 0; i-- {
		chain[i].parent = parent
		parent = m.number(chain[i])
	}
	return parent
}

// Accept moves on by one token.
func (m *Machine) Accept(id int32) error {
	if id < 0 || int(id) >= m.v.size || m.v.bytes[id] == nil {
		return fmt.Errorf("grammar: token %d has no text and cannot be accepted", id)
	}
	now := m.now
	for i, b := range m.v.bytes[id] {
		if now = m.step(now, b); now == dead {
			return fmt.Errorf("grammar: token %d does not match at its byte %d", id, i)
		}
	}
	m.now = now
	return nil
}

// Done says that the text is complete and nothing may follow.
func (m *Machine) Done() bool {
	s := m.states[m.now]
	return len(s.stacks) == 1 && s.stacks[0] == finished
}

// final says that the text may end here.
func (m *Machine) final() bool { return m.states[m.now].stacks[0] == finished }

// Match reports whether the whole text matches g; for tests and small checks.
func (g *Grammar) Match(text string) bool {
	m := NewMachine(g, &Vocab{}, nil)
	for i := range len(text) {
		if m.now = m.step(m.now, text[i]); m.now == dead {
			return false
		}
		m.makeRoom()
	}
	return m.final()
}

func one(words []uint64) bool {
	n := 0
	for _, w := range words {
		for ; w != 0; w &= w - 1 {
			if n++; n > 1 {
				return false
			}
		}
	}
	return n == 1
}
