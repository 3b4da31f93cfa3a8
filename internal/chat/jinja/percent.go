package jinja

import (
	"strings"
	"unicode/utf8"
)

// percent is Python's string % arguments.
func (in *interp) percent(s Str, arg Value) Value {
	p := &percentArgs{in: in, safe: s.safe}
	switch a := arg.(type) {
	case *Tuple:
		p.items = a.items
	default:
		p.items = []Value{arg}
		p.single = true
		p.dict, _ = arg.(*Dict)
	}
	var b builder
	pos := 0
	for {
		i := strings.IndexByte(s.s[pos:], '%')
		if i < 0 {
			break
		}
		b.str(s.sub(pos, pos+i))
		pos = p.conversion(&b, s, pos+i+1)
		in.room(b.len())
	}
	b.str(s.sub(pos, len(s.s)))
	if p.used < len(p.items) && !(p.single && p.mappingLike()) {
		throwType("not all arguments converted during string formatting")
	}
	r := b.done()
	r.safe = s.safe
	return r
}

type percentArgs struct {
	in     *interp
	items  []Value
	used   int
	single bool
	dict   *Dict
	safe   bool // escape what is put in
}

// mappingLike: Python does not complain about an unused argument that can be
// subscripted.
func (p *percentArgs) mappingLike() bool {
	switch p.items[0].(type) {
	case *Dict, *List, *rangeValue, *undefined:
		return true
	}
	return false
}

func (p *percentArgs) next() Value {
	if p.used >= len(p.items) {
		throwType("not enough arguments for format string")
	}
	p.used++
	return p.items[p.used-1]
}

// conversion handles one % conversion whose flags start at pos and returns the
// position behind it.
func (p *percentArgs) conversion(b *builder, s Str, pos int) int {
	rest := s.s[pos:]
	var named Value
	if strings.HasPrefix(rest, "(") {
		end := closeParen(rest)
		if p.dict == nil {
			throwType("format requires a mapping")
		}
		v, ok := p.dict.find(Text(rest[1:end]))
		if !ok {
			throw("KeyError", "%s", reprText(Text(rest[1:end])))
		}
		named, rest = v, rest[end+1:]
	}
	sp := fmtSpec{fill: " ", align: '>', prec: -1}
	rest = p.flags(&sp, rest)
	rest = strings.TrimLeft(rest, "hlL")
	if rest == "" {
		throwValue("incomplete format")
	}
	c, w := utf8.DecodeRuneInString(rest)
	pos = len(s.s) - len(rest) + w
	if c == '%' {
		b.text("%")
		return pos
	}
	if named == nil {
		named = p.next()
	} else {
		p.used = len(p.items)
	}
	b.str(p.convert(c, named, sp))
	return pos
}

func closeParen(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	throwValue("incomplete format key")
	return 0
}

func (p *percentArgs) flags(sp *fmtSpec, rest string) string {
	left, zero := false, false
	for rest != "" && strings.IndexByte("#0- +", rest[0]) >= 0 {
		switch rest[0] {
		case '#':
			sp.alt = true
		case '0':
			zero = true
		case '-':
			left = true
		case '+':
			sp.sign = '+'
		case ' ':
			if sp.sign == 0 {
				sp.sign = ' '
			}
		}
		rest = rest[1:]
	}
	number := func(def int) int {
		if strings.HasPrefix(rest, "*") {
			rest = rest[1:]
			n := wantInt(p.next(), 0)
			if n > maxPad || n < -maxPad {
				throwValue("width too big")
			}
			return n
		}
		var n int
		n, rest = leadingInt(rest, def)
		return n
	}
	sp.width = number(0)
	if sp.width < 0 {
		left, sp.width = true, -sp.width
	}
	if strings.HasPrefix(rest, ".") {
		rest = rest[1:]
		sp.prec = max(0, number(0))
	}
	switch {
	case left:
		sp.align = '<'
	case zero:
		sp.fill, sp.align = "0", '='
	}
	return rest
}

func (p *percentArgs) convert(c rune, v Value, sp fmtSpec) Str {
	text := func(s Str) Str {
		if sp.align == '=' {
			sp.fill, sp.align = " ", '>'
		}
		if sp.prec >= 0 {
			s = s.sub(0, s.offset(sp.prec))
		}
		return padSpec("", s.plain(), sp)
	}
	switch c {
	case 's':
		if p.safe {
			return text(p.in.escapeValue(v))
		}
		return text(p.in.str(v))
	case 'r', 'a':
		r := repr(v)
		if c == 'a' {
			r = asciiOnly(r)
		}
		if p.safe {
			r = escapeStr(r)
		}
		return text(r)
	case 'c':
		if s, ok := v.(Str); ok && s.runes() == 1 {
			return text(s)
		}
		sp.typ, sp.prec = 'c', -1
		return formatInt(percentInt(c, v), sp)
	case 'd', 'i', 'u', 'o', 'x', 'X':
		return percentInteger(c, v, sp)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		if !isNumber(v) {
			throwType("must be real number, not %s", typeName(v))
		}
		sp.typ = byte(c)
		return formatFloat(asFloat(v), sp)
	}
	throwValue("unsupported format character '%c' (0x%x)", c, c)
	return Str{}
}
