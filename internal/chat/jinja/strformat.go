package jinja

import (
	"fmt"
	"math/big"
	"strings"
	"unicode"
)

// percentInt is the int behind an integer conversion.
func percentInt(c rune, v Value) *big.Int {
	switch x := v.(type) {
	case Float:
		if strings.ContainsRune("diu", c) {
			b, _ := asInt(floatToInt(float64(x)))
			return b
		}
	case *undefined:
		x.fail()
	}
	b, ok := asInt(v)
	if !ok {
		throwType("%%%c format: a number is required, not %s", c, typeName(v))
	}
	return b
}

// percentInteger prints %d and its like; the precision is a minimum of digits.
func percentInteger(c rune, v Value, sp fmtSpec) Str {
	b := percentInt(c, v)
	min := sp.prec
	sp.prec = -1
	if !strings.ContainsRune("diu", c) {
		sp.typ = byte(c)
	}
	if min > 0 {
		bare := fmtSpec{fill: "0", align: '=', sign: sp.sign, alt: sp.alt, typ: sp.typ, width: min, prec: -1}
		if b.Sign() < 0 || sp.sign != 0 {
			bare.width++
		}
		if sp.alt && sp.typ != 0 {
			bare.width += 2
		}
		return padSpec("", formatInt(b, bare), fmtSpec{fill: " ", align: alignOr(sp.align), width: sp.width})
	}
	return formatInt(b, sp)
}

func alignOr(a byte) byte {
	if a == '=' {
		return '>'
	}
	return a
}

// asciiOnly replaces what is not ASCII by escapes, as Python's ascii() does.
func asciiOnly(s Str) Str {
	return s.mapRunes(func(_ int, r rune) string {
		switch {
		case r < 0x80:
			return string(r)
		case r <= 0xff:
			return fmt.Sprintf(`\x%02x`, r)
		case r <= 0xffff:
			return fmt.Sprintf(`\u%04x`, r)
		}
		return fmt.Sprintf(`\U%08x`, r)
	})
}

// formatter renders a str.format template.
type formatter struct {
	in   *interp
	args args
	dict *Dict // keyword values of format_map
	auto int   // next automatic number, -1 after a manual one
	safe bool
}

func methodFormat(in *interp, s Str, a args) Value {
	f := &formatter{in: in, args: a, safe: s.safe}
	r := f.run(s, 2)
	r.safe = s.safe
	return r
}

func methodFormatMap(in *interp, s Str, a args) Value {
	d, ok := a.positional("format_map", 1, 1)[0].(*Dict)
	if !ok {
		throwType("format_map() argument must be a mapping")
	}
	f := &formatter{in: in, dict: d, safe: s.safe}
	r := f.run(s, 2)
	r.safe = s.safe
	return r
}

func (f *formatter) run(s Str, depth int) Str {
	if depth < 0 {
		throwValue("Max string recursion exceeded")
	}
	var b builder
	pos := 0
	for pos < len(s.s) {
		i := strings.IndexAny(s.s[pos:], "{}")
		if i < 0 {
			break
		}
		b.str(s.sub(pos, pos+i))
		pos += i
		c := s.s[pos]
		if pos+1 < len(s.s) && s.s[pos+1] == c {
			b.str(s.sub(pos, pos+1))
			pos += 2
			continue
		}
		if c == '}' {
			throwValue("Single '}' encountered in format string")
		}
		end := fieldEnd(s.s, pos)
		b.str(f.field(s.sub(pos+1, end), depth))
		f.in.room(b.len())
		pos = end + 1
	}
	b.str(s.sub(pos, len(s.s)))
	return b.done()
}

func fieldEnd(s string, pos int) int {
	depth := 0
	for i := pos; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		case '[':
			if j := strings.IndexByte(s[i:], ']'); j > 0 && depth == 1 && !strings.ContainsRune(s[pos:i], ':') {
				i += j
			}
		}
	}
	if pos+1 == len(s) {
		throwValue("Single '{' encountered in format string")
	}
	throwValue("expected '}' before end of string")
	return 0
}

// field renders one replacement field: name!conversion:spec.
func (f *formatter) field(s Str, depth int) Str {
	name, spec := s, Str{}
	conv := byte(0)
	if i := nameEnd(s.s); i < len(s.s) {
		name = s.sub(0, i)
		rest := s.sub(i, len(s.s))
		if rest.s[0] == '!' {
			if len(rest.s) < 2 || len(rest.s) > 2 && rest.s[2] != ':' {
				throwValue("expected ':' after conversion specifier")
			}
			conv = rest.s[1]
			rest = rest.sub(2, len(rest.s))
		}
		if rest.s != "" {
			spec = rest.sub(1, len(rest.s))
		}
	}
	v := f.lookup(name.s)
	switch conv {
	case 0:
	case 's':
		v = f.in.str(v)
	case 'r':
		v = repr(v)
	case 'a':
		v = asciiOnly(repr(v))
	default:
		throwValue("Unknown conversion specifier %c", conv)
	}
	sp := f.run(spec, depth-1).s
	if f.safe {
		if m, ok := v.(Str); ok && m.safe {
			if sp != "" {
				throwValue("Unsupported format specification for Markup.")
			}
			return m
		}
		return escapeStr(formatValue(v, sp))
	}
	return formatValue(v, sp)
}

func nameEnd(s string) int {
	inBracket := false
	for i := range len(s) {
		switch s[i] {
		case '[':
			inBracket = true
		case ']':
			inBracket = false
		case '!', ':':
			if !inBracket {
				return i
			}
		}
	}
	return len(s)
}

// lookup finds the value of a field name such as 0.a[b].
func (f *formatter) lookup(name string) Value {
	i := strings.IndexAny(name, ".[")
	if i < 0 {
		i = len(name)
	}
	v := f.first(name[:i])
	for rest := name[i:]; rest != ""; {
		if rest[0] == '.' {
			rest = rest[1:]
			n := strings.IndexAny(rest, ".[")
			if n < 0 {
				n = len(rest)
			}
			if n == 0 {
				throwValue("Empty attribute in format string")
			}
			v, rest = f.in.getAttr(v, rest[:n]), rest[n:]
			continue
		}
		n := strings.IndexByte(rest, ']')
		if rest[0] != '[' || n < 2 {
			throwValue("Empty attribute in format string")
		}
		key := Value(Text(rest[1:n]))
		if isDigits(rest[1:n]) {
			key = parseInt(Text(rest[1:n]), 10)
		}
		v, rest = f.in.getItem(v, key), rest[n+1:]
	}
	return v
}

func (f *formatter) first(name string) Value {
	if name == "" {
		if f.auto < 0 {
			throwValue("cannot switch from manual field specification to automatic field numbering")
		}
		f.auto++
		return f.at(f.auto - 1)
	}
	if strings.IndexFunc(name, func(r rune) bool { return !unicode.IsDigit(r) }) < 0 {
		if f.auto > 0 {
			throwValue("cannot switch from automatic field numbering to manual field specification")
		}
		f.auto = -1
		n, _ := smallInt(parseInt(Text(name), 10))
		return f.at(int(n))
	}
	if f.dict != nil {
		if v, ok := f.dict.find(Text(name)); ok {
			return v
		}
	}
	for _, k := range f.args.kw {
		if k.name == name {
			return k.val
		}
	}
	throw("KeyError", "%s", reprText(Text(name)))
	return nil
}

func (f *formatter) at(i int) Value {
	if i < 0 || i >= len(f.args.pos) {
		throw("IndexError", "Replacement index %d out of range for positional args tuple", i)
	}
	return f.args.pos[i]
}
