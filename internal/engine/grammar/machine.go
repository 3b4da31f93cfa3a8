package grammar

import (
	"fmt"
	"sync"
)

// Prepared is a grammar with a vocabulary and what all answers have found out
// about them: the second answer of a form finds the first one's masks. It is
// safe for concurrent use.
type Prepared struct {
	g *Grammar
	v *Vocab

	mu sync.Mutex
	t  *tables // the newest; a machine may still use older ones
}

// Prepare joins a grammar and a vocabulary.
func Prepare(g *Grammar, v *Vocab) *Prepared { return &Prepared{g: g, v: v, t: newTables(g, v)} }

// Machine walks a grammar along one answer. It implements the engine's
// Constraint and Guesser.
type Machine struct {
	p    *Prepared
	ends []int32 // ids that may follow where the text may end
	t    *tables // guarded by p.mu
	now  int32   // number of the current state in t
}

// NewMachine starts at the beginning of g. ends are the ids that end an answer.
func NewMachine(g *Grammar, v *Vocab, ends []int32) *Machine { return Prepare(g, v).Machine(ends) }

// Machine starts an answer. ends are the ids that end it.
func (p *Prepared) Machine(ends []int32) *Machine {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &Machine{p: p, ends: ends, t: p.t, now: p.t.start()}
}

// Mask sets the bits of the ids that may follow. It reports whether there is
// exactly one.
func (m *Machine) Mask(dst []uint64) (forced bool) {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.makeRoom()
	copy(dst, m.t.mask(m.now, len(dst)))
	if m.t.final(m.now) {
		for _, id := range m.ends {
			dst[id>>6] |= 1 << (id & 63)
		}
	}
	return one(dst)
}

// makeRoom leaves tables that have grown too large for the newest ones, and
// those for new ones.
func (m *Machine) makeRoom() {
	if !m.t.full() {
		return
	}
	if m.p.t.full() {
		m.p.t = newTables(m.p.g, m.p.v)
	}
	m.now = m.p.t.adopt(m.t, m.now)
	m.t = m.p.t
}

// Accept moves on by one token.
func (m *Machine) Accept(id int32) error {
	if id < 0 || int(id) >= m.p.v.size || m.p.v.bytes[id] == nil {
		return fmt.Errorf("grammar: token %d has no text and cannot be accepted", id)
	}
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.makeRoom()
	to, at := m.t.read(m.now, m.p.v.bytes[id])
	if to == dead {
		return fmt.Errorf("grammar: token %d does not match at its byte %d", id, at)
	}
	m.now = to
	return nil
}

// Extend cuts ids before the first that may not follow, an end included. If it
// cuts none it goes on, to at most most ids, with the longest tokens that the
// only possible text begins with.
func (m *Machine) Extend(ids []int32, most int) []int32 {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	m.makeRoom()
	now := m.now
	for i, id := range ids {
		if id < 0 || int(id) >= m.p.v.size || m.p.v.bytes[id] == nil {
			return ids[:i]
		}
		if now, _ = m.t.read(now, m.p.v.bytes[id]); now == dead {
			return ids[:i]
		}
	}
	for len(ids) < most {
		id, to := m.longest(now)
		if id < 0 {
			break
		}
		ids, now = append(ids, id), to
	}
	return ids
}

// longest returns the longest token of the text that must follow in a state,
// and the state after it; -1 if any text may follow. A tokenizer writes mostly
// longest tokens, so this is mostly what the model will draw.
func (m *Machine) longest(from int32) (id, to int32) {
	id, to = -1, from
	nodes, end := m.p.v.nodes, int32(len(m.p.v.nodes))
	for at := int32(0); ; {
		b, ok := m.t.onlyByte(from)
		if !ok {
			return id, to
		}
		for at < end && nodes[at].b < b {
			at = nodes[at].skip
		}
		if at >= end || nodes[at].b != b {
			return id, to
		}
		from = m.t.step(from, b)
		if nodes[at].token >= 0 {
			id, to = nodes[at].token, from
		}
		at, end = at+1, nodes[at].skip
	}
}

// Done says that the text is complete and nothing may follow.
func (m *Machine) Done() bool {
	m.p.mu.Lock()
	defer m.p.mu.Unlock()
	return m.t.done(m.now)
}

// Match reports whether the whole text matches g; for tests and small checks.
func (g *Grammar) Match(text string) bool {
	t := newTables(g, &Vocab{})
	now := t.start()
	for i := range len(text) {
		if now = t.step(now, text[i]); now == dead {
			return false
		}
		if t.full() {
			next := newTables(g, t.v)
			now, t = next.adopt(t, now), next
		}
	}
	return t.final(now)
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
