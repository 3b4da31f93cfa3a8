// Package grammar says which tokens may follow, so that an answer has the form
// that was asked for: a JSON Schema, any JSON object, a regular expression or a
// grammar in GBNF. Each is compiled to one context-free grammar over bytes; a
// Machine walks it and masks a vocabulary.
//
// It does not know tokenizers: a Vocab is told the bytes of each token id. A
// Grammar and a Vocab are immutable, a Prepared joins them and keeps what was
// computed; all are safe for concurrent use. A Machine belongs to one request.
package grammar

import (
	"errors"
	"fmt"
	"math/bits"
)

// Grammar is a context-free grammar over bytes. Rule 0 is the start.
type Grammar struct {
	rules []rule
}

// rule is a list of alternatives, each a sequence of symbols.
type rule [][]symbol

// symbol is one byte of a set, or a reference to a rule.
type symbol struct {
	set  byteSet
	rule int32 // -1: set counts
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		s[b>>6] |= 1 << (b & 63)
	}
}

func (s *byteSet) has(b byte) bool { return s[b>>6]>>(b&63)&1 != 0 }

// single returns the byte of a set of one.
func (s *byteSet) single() (b byte, ok bool) {
	for i, w := range s {
		if w == 0 {
			continue
		}
		if ok || w&(w-1) != 0 {
			return 0, false
		}
		b, ok = byte(64*i+bits.TrailingZeros64(w)), true
	}
	return b, ok
}

// Limits of a compiled grammar: schemas and expressions come from clients.
const (
	maxRules   = 50_000
	maxSymbols = 500_000
	maxSource  = 1 << 20
	maxDepth   = 200
)

var errTooLarge = fmt.Errorf("grammar: more than %d rules or %d symbols; simplify it or lower its repetition counts", maxRules, maxSymbols)

// builder collects rules. The first error is kept.
type builder struct {
	g       Grammar
	symbols int
	err     error
}

// expr is a piece of grammar: alternatives that stand where it is used.
type expr [][]symbol

func (b *builder) fail(format string, args ...any) expr {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
	return empty()
}

// declare makes a rule to be defined later.
func (b *builder) declare() int32 {
	if len(b.g.rules) >= maxRules {
		if b.err == nil {
			b.err = errTooLarge
		}
		return 0
	}
	b.g.rules = append(b.g.rules, nil)
	return int32(len(b.g.rules) - 1)
}

// define sets a declared rule.
func (b *builder) define(r int32, e expr) {
	for _, seq := range e {
		b.symbols += len(seq) + 1
	}
	if b.symbols > maxSymbols && b.err == nil {
		b.err = errTooLarge
	}
	if b.err == nil {
		b.g.rules[r] = rule(e)
	}
}

// named makes a rule of e and returns a reference, so that e may be used twice.
func (b *builder) named(e expr) expr {
	if len(e) == 1 && len(e[0]) <= 1 {
		return e
	}
	r := b.declare()
	b.define(r, e)
	return ref(r)
}

func ref(r int32) expr { return expr{{{rule: r}}} }

func empty() expr { return expr{{}} }

// none matches nothing at all.
func none() expr { return expr{} }

func literal(s string) expr {
	seq := make([]symbol, len(s))
	for i := range len(s) {
		seq[i].rule = -1
		seq[i].set.add(s[i], s[i])
	}
	return expr{seq}
}

func bytesOf(pairs ...byte) expr {
	sym := symbol{rule: -1}
	for i := 0; i < len(pairs); i += 2 {
		sym.set.add(pairs[i], pairs[i+1])
	}
	return expr{{sym}}
}

// either joins alternatives.
func either(es ...expr) expr {
	var out expr
	for _, e := range es {
		out = append(out, e...)
	}
	return out
}

// seq concatenates. Parts with several alternatives become rules, so that
// nothing is multiplied out.
func (b *builder) seq(es ...expr) expr {
	var out []symbol
	for _, e := range es {
		if len(e) == 0 {
			return none()
		}
		if len(e) != 1 {
			e = b.named(e)
		}
		out = append(out, e[0]...)
	}
	return expr{out}
}

func (b *builder) optional(e expr) expr { return either(e, empty()) }

// star repeats e any number of times.
func (b *builder) star(e expr) expr {
	r := b.declare()
	b.define(r, either(b.seq(e, ref(r)), empty()))
	return ref(r)
}

// maxRepeat bounds counted repetition.
const maxRepeat = 10_000

// repeat repeats e at least lo and at most hi times; hi < 0 is without bound.
func (b *builder) repeat(e expr, lo, hi int) expr {
	if lo > maxRepeat || hi > maxRepeat {
		return b.fail("grammar: a repetition of %d is more than %d", max(lo, hi), maxRepeat)
	}
	if hi >= 0 && lo > hi {
		return b.fail("grammar: at least %d and at most %d times cannot both hold", lo, hi)
	}
	e = b.named(e)
	tail := empty()
	if hi < 0 {
		tail = b.star(e)
	}
	for range hi - lo {
		tail = b.named(b.optional(b.seq(e, tail)))
		if b.err != nil {
			return empty()
		}
	}
	parts := make([]expr, 0, lo+1)
	for range lo {
		parts = append(parts, e)
	}
	return b.seq(append(parts, tail)...)
}

// finish checks the grammar and makes start its rule 0.
func (b *builder) finish(start int32) (*Grammar, error) {
	if b.err != nil {
		return nil, b.err
	}
	g := &Grammar{rules: append([]rule{{{{rule: start + 1}}}}, shifted(b.g.rules)...)}
	if err := g.check(); err != nil {
		return nil, err
	}
	return g, nil
}

// shifted moves every reference up by one, to make room for the start rule.
func shifted(rules []rule) []rule {
	out := make([]rule, len(rules))
	for i, r := range rules {
		out[i] = make(rule, len(r))
		for j, seq := range r {
			out[i][j] = make([]symbol, len(seq))
			for k, s := range seq {
				if s.rule >= 0 {
					s.rule++
				}
				out[i][j][k] = s
			}
		}
	}
	return out
}

// ErrLeftRecursive is returned for grammars in which a rule begins with itself.
var ErrLeftRecursive = errors.New("grammar: a rule begins with itself (left recursion); write the repetition on the right")

// check refuses left recursion, which would never end, and grammars that match
// no text.
func (g *Grammar) check() error {
	nullable := g.nullable()
	state := make([]byte, len(g.rules)) // 1: on the path, 2: done
	type frame struct{ rule, alt, sym int }
	for start := range g.rules {
		if state[start] != 0 {
			continue
		}
		state[start] = 1
		path := []frame{{rule: start}}
		for len(path) > 0 {
			f := &path[len(path)-1]
			r := g.rules[f.rule]
			if f.alt >= len(r) {
				state[f.rule] = 2
				path = path[:len(path)-1]
				continue
			}
			if f.sym >= len(r[f.alt]) {
				f.alt, f.sym = f.alt+1, 0
				continue
			}
			s := r[f.alt][f.sym]
			if s.rule < 0 || !nullable[s.rule] {
				f.alt, f.sym = f.alt+1, 0
			} else {
				f.sym++
			}
			if s.rule < 0 {
				continue
			}
			switch state[s.rule] {
			case 1:
				return ErrLeftRecursive
			case 0:
				state[s.rule] = 1
				path = append(path, frame{rule: int(s.rule)})
			}
		}
	}
	if !g.productive()[0] {
		return errors.New("grammar: no text can match it")
	}
	return nil
}

// nullable says which rules match the empty text.
func (g *Grammar) nullable() []bool {
	return g.fixpoint(func(s symbol, known []bool) bool { return s.rule >= 0 && known[s.rule] })
}

// productive says which rules match any text at all.
func (g *Grammar) productive() []bool {
	return g.fixpoint(func(s symbol, known []bool) bool {
		if s.rule < 0 {
			return s.set != byteSet{}
		}
		return known[s.rule]
	})
}

// fixpoint finds the rules of which some alternative has only good symbols.
func (g *Grammar) fixpoint(good func(symbol, []bool) bool) []bool {
	known := make([]bool, len(g.rules))
	for changed := true; changed; {
		changed = false
		for i := len(g.rules) - 1; i >= 0; i-- {
			if known[i] {
				continue
			}
			for _, seq := range g.rules[i] {
				ok := true
				for _, s := range seq {
					ok = ok && good(s, known)
				}
				if ok {
					known[i], changed = true, true
					break
				}
			}
		}
	}
	return known
}
