package grammar

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// GBNF compiles a grammar in the notation of llama.cpp (grammars/README.md
// there): rules "name ::= …", literals in double quotes, character classes in
// brackets, groups, | * + ? {m,n}, "." and comments after #. The rule root is
// the start.
func GBNF(source string) (*Grammar, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("gbnf: %d bytes of grammar, at most %d", len(source), maxSource)
	}
	p := &gbnfParser{b: &builder{}, src: source, rules: map[string]int32{}, defined: map[string]bool{}}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.b.finish(p.rules["root"])
}

type gbnfParser struct {
	b       *builder
	src     string
	pos     int
	rules   map[string]int32
	defined map[string]bool
	order   []string
}

// errorf reports a fault with its line.
func (p *gbnfParser) errorf(format string, args ...any) error {
	line := 1
	for _, c := range p.src[:min(p.pos, len(p.src))] {
		if c == '\n' {
			line++
		}
	}
	return fmt.Errorf("gbnf: line %d: "+format, append([]any{line}, args...)...)
}

func (p *gbnfParser) parse() error {
	for p.space(true); p.pos < len(p.src); p.space(true) {
		name := p.name()
		if name == "" {
			return p.errorf("expected a rule's name, found %q", p.peek())
		}
		p.space(false)
		if !p.take("::=") {
			return p.errorf("rule %q: expected ::=", name)
		}
		if p.defined[name] {
			return p.errorf("rule %q is defined twice", name)
		}
		p.defined[name] = true
		p.space(true)
		e, err := p.alternatives(false, 0)
		if err != nil {
			return err
		}
		p.b.define(p.rule(name), e)
		if p.b.err != nil {
			return p.b.err
		}
	}
	for _, name := range p.order {
		if !p.defined[name] {
			return fmt.Errorf("gbnf: rule %q is used but not defined", name)
		}
	}
	if !p.defined["root"] {
		return fmt.Errorf("gbnf: there is no rule named root")
	}
	return nil
}

func (p *gbnfParser) rule(name string) int32 {
	r, ok := p.rules[name]
	if !ok {
		r = p.b.declare()
		p.rules[name] = r
		p.order = append(p.order, name)
	}
	return r
}

// alternatives parses up to the end of a rule, or inside a group up to its
// parenthesis, where lines may break.
func (p *gbnfParser) alternatives(inGroup bool, depth int) (expr, error) {
	if depth > maxDepth {
		return nil, p.errorf("groups nested deeper than %d", maxDepth)
	}
	var out expr
	for {
		seq, err := p.sequence(inGroup, depth)
		if err != nil {
			return nil, err
		}
		out = either(out, seq)
		if !p.take("|") {
			return out, nil
		}
		p.space(true)
	}
}

func (p *gbnfParser) sequence(inGroup bool, depth int) (expr, error) {
	var parts []expr
	for {
		e, ok, err := p.element(inGroup, depth)
		if err != nil {
			return nil, err
		}
		if !ok {
			return p.b.seq(parts...), p.b.err
		}
		p.space(inGroup)
		if e, err = p.repetition(e); err != nil {
			return nil, err
		}
		p.space(inGroup)
		parts = append(parts, e)
	}
}

// element parses one element; ok is false where a sequence ends.
func (p *gbnfParser) element(inGroup bool, depth int) (e expr, ok bool, err error) {
	if p.pos >= len(p.src) {
		return nil, false, nil
	}
	switch c := p.src[p.pos]; {
	case c == '"':
		e, err = p.literal()
		return e, true, err
	case c == '[':
		e, err = p.class()
		return e, true, err
	case c == '.':
		p.pos++
		return runes{{0, utf8.MaxRune}}.expr(), true, nil
	case c == '(':
		p.pos++
		p.space(true)
		if e, err = p.alternatives(true, depth+1); err != nil {
			return nil, false, err
		}
		if !p.take(")") {
			return nil, false, p.errorf("a group is not closed")
		}
		return e, true, nil
	case nameByte(c):
		start := p.pos
		name := p.name()
		after := p.pos
		p.space(false)
		if !inGroup && p.take("::=") { // the next rule begins
			p.pos = start
			return nil, false, nil
		}
		p.pos = after
		return ref(p.rule(name)), true, nil
	}
	return nil, false, nil
}

func (p *gbnfParser) repetition(e expr) (expr, error) {
	repeat := func(lo, hi int) (expr, error) {
		r := &regexCompiler{b: p.b}
		return r.repeat(e, lo, hi), p.b.err
	}
	switch {
	case p.take("*"):
		return repeat(0, -1)
	case p.take("+"):
		return repeat(1, -1)
	case p.take("?"):
		return p.b.optional(e), nil
	case p.take("{"):
		lo, ok := p.number()
		if !ok {
			return nil, p.errorf("expected a count after {")
		}
		hi := lo
		if p.take(",") {
			if hi, ok = p.number(); !ok {
				hi = -1
			}
		}
		if !p.take("}") {
			return nil, p.errorf("expected } after the count")
		}
		return repeat(lo, hi)
	}
	return e, nil
}

func (p *gbnfParser) number() (int, bool) {
	p.space(false)
	start := p.pos
	for p.pos < len(p.src) && p.src[p.pos] >= '0' && p.src[p.pos] <= '9' {
		p.pos++
	}
	n, err := strconv.Atoi(p.src[start:p.pos])
	p.space(false)
	return n, err == nil
}

func (p *gbnfParser) literal() (expr, error) {
	p.pos++
	var text []byte
	for p.pos < len(p.src) {
		if p.src[p.pos] == '"' {
			p.pos++
			return literal(string(text)), nil
		}
		r, err := p.char()
		if err != nil {
			return nil, err
		}
		text = utf8.AppendRune(text, r)
	}
	return nil, p.errorf("a literal is not closed")
}

func (p *gbnfParser) class() (expr, error) {
	p.pos++
	negated := p.take("^")
	var set runes
	for p.pos < len(p.src) && p.src[p.pos] != ']' {
		lo, err := p.char()
		if err != nil {
			return nil, err
		}
		hi := lo
		if p.pos+1 < len(p.src) && p.src[p.pos] == '-' && p.src[p.pos+1] != ']' {
			p.pos++
			if hi, err = p.char(); err != nil {
				return nil, err
			}
		}
		if lo > hi {
			return nil, p.errorf("range %q-%q runs backwards", lo, hi)
		}
		set = append(set, runeRange{lo, hi})
	}
	if !p.take("]") {
		return nil, p.errorf("a character class is not closed")
	}
	if negated {
		set = set.not()
	}
	return set.expr(), nil
}

// char reads one code point, escaped or not.
func (p *gbnfParser) char() (rune, error) {
	r, n := utf8.DecodeRuneInString(p.src[p.pos:])
	if r == utf8.RuneError && n <= 1 {
		return 0, p.errorf("not UTF-8")
	}
	p.pos += n
	if r != '\\' {
		return r, nil
	}
	if p.pos >= len(p.src) {
		return 0, p.errorf("the grammar ends inside an escape")
	}
	c := p.src[p.pos]
	p.pos++
	switch c {
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case '\\', '"', '[', ']', '-', '^':
		return rune(c), nil
	case 'x', 'u', 'U':
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		if p.pos+digits > len(p.src) {
			return 0, p.errorf("\\%c needs %d digits", c, digits)
		}
		v, err := strconv.ParseUint(p.src[p.pos:p.pos+digits], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return 0, p.errorf("\\%c%s is no code point", c, p.src[p.pos:p.pos+digits])
		}
		p.pos += digits
		return rune(v), nil
	}
	return 0, p.errorf("unknown escape \\%c", c)
}

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

func (p *gbnfParser) name() string {
	start := p.pos
	for p.pos < len(p.src) && nameByte(p.src[p.pos]) {
		p.pos++
	}
	return p.src[start:p.pos]
}

func (p *gbnfParser) take(s string) bool {
	if len(p.src)-p.pos >= len(s) && p.src[p.pos:p.pos+len(s)] == s {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *gbnfParser) peek() string {
	if p.pos >= len(p.src) {
		return "the end"
	}
	r, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return string(r)
}

// space skips blanks and comments, and line breaks where they mean nothing.
func (p *gbnfParser) space(lines bool) {
	for p.pos < len(p.src) {
		switch c := p.src[p.pos]; {
		case c == ' ' || c == '\t':
			p.pos++
		case lines && (c == '\n' || c == '\r'):
			p.pos++
		case c == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		default:
			return
		}
	}
}
