package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxNesting bounds recursion over nested values.
const maxNesting = 400

// maxReprBytes bounds the text of one list or dict.
const maxReprBytes = 64 << 20

// maxDigits is Python's limit for printing an int.
const maxDigits = 4300

// strOf is Python's str().
func strOf(v Value) Str {
	switch v := v.(type) {
	case Str:
		return v.plain()
	case *undefined:
		return Str{}
	case *selfRef:
		return Text("<TemplateReference None>")
	}
	return repr(v)
}

// str is strOf with its cost accounted for.
func (in *interp) str(v Value) Str {
	if s, ok := v.(Str); ok {
		return s.plain()
	}
	s := strOf(v)
	in.charge(len(s.s))
	return s
}

// soft is str that leaves strings, also Markup, as they are.
func (in *interp) soft(v Value) Str {
	if s, ok := v.(Str); ok {
		return s
	}
	return in.str(v)
}

// repr is Python's repr().
func repr(v Value) Str {
	var b builder
	writeRepr(&b, v, 0)
	return b.done()
}

func reprText(v Value) string { return repr(v).s }

func writeRepr(b *builder, v Value, depth int) {
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded while getting the repr of an object")
	}
	if b.len() > maxReprBytes {
		throwLimit("text of more than %d bytes", maxReprBytes)
	}
	switch v := v.(type) {
	case noneType:
		b.text("None")
	case Bool:
		if v {
			b.text("True")
		} else {
			b.text("False")
		}
	case Int:
		b.text(strconv.FormatInt(int64(v), 10))
	case Big:
		s := v.v.String()
		if len(s) > maxDigits+1 {
			throwValue("Exceeds the limit (%d digits) for integer string conversion", maxDigits)
		}
		b.text(s)
	case Float:
		b.text(floatRepr(float64(v)))
	case Str:
		writeStrRepr(b, v)
	case *List:
		b.text("[")
		writeItems(b, v.items, depth)
		b.text("]")
	case *Tuple:
		b.text("(")
		writeItems(b, v.items, depth)
		if len(v.items) == 1 {
			b.text(",")
		}
		b.text(")")
	case *Dict:
		writeDictRepr(b, v, depth)
	case *dictView:
		b.text(v.kind + "([")
		for i := range v.d.Len() {
			if i > 0 {
				b.text(", ")
			}
			writeRepr(b, v.at(i), depth+1)
		}
		b.text("])")
	case *namespace:
		b.text("<Namespace ")
		writeDictRepr(b, v.attrs, depth)
		b.text(">")
	default:
		b.text(objectRepr(v))
	}
}

func writeItems(b *builder, items []Value, depth int) {
	for i, x := range items {
		if i > 0 {
			b.text(", ")
		}
		writeRepr(b, x, depth+1)
	}
}

func writeDictRepr(b *builder, d *Dict, depth int) {
	b.text("{")
	for i, k := range d.keys {
		if i > 0 {
			b.text(", ")
		}
		writeRepr(b, k, depth+1)
		b.text(": ")
		writeRepr(b, d.vals[i], depth+1)
	}
	b.text("}")
}

// objectRepr covers the objects without a textual value. Python prints some of
// them with an address, which no template can depend on.
func objectRepr(v Value) string {
	switch v := v.(type) {
	case *undefined:
		return "Undefined"
	case *rangeValue:
		if v.step == 1 {
			return fmt.Sprintf("range(%d, %d)", v.start, v.stop)
		}
		return fmt.Sprintf("range(%d, %d, %d)", v.start, v.stop, v.step)
	case *macro:
		if v.def.name == "" {
			return "<Macro anonymous>"
		}
		return "<Macro " + reprText(Text(v.def.name)) + ">"
	case *loopState:
		return fmt.Sprintf("<LoopContext %d/%d>", v.index0+1, v.length())
	case *function:
		return "<function " + v.name + ">"
	}
	return "<" + typeName(v) + " object>"
}

func writeStrRepr(b *builder, s Str) {
	quote := byte('\'')
	if strings.Contains(s.s, "'") && !strings.Contains(s.s, `"`) {
		quote = '"'
	}
	if s.safe {
		b.text("Markup(")
	}
	b.text(string(quote))
	b.str(s.plain().mapRunes(func(i int, r rune) string {
		switch {
		case r == '\\' || r == rune(quote):
			return `\` + string(r)
		case r == '\n':
			return `\n`
		case r == '\r':
			return `\r`
		case r == '\t':
			return `\t`
		case r < 0x20 || r == 0x7f:
			return fmt.Sprintf(`\x%02x`, r)
		case r < 0x7f:
			return s.s[i : i+1]
		case unicode.IsPrint(r):
			return string(r)
		case r <= 0xff:
			return fmt.Sprintf(`\x%02x`, r)
		case r <= 0xffff:
			return fmt.Sprintf(`\u%04x`, r)
		}
		return fmt.Sprintf(`\U%08x`, r)
	}))
	b.text(string(quote))
	if s.safe {
		b.text(")")
	}
}

// floatRepr prints the shortest decimal that gives back f, in Python's form.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	e := strconv.FormatFloat(f, 'e', -1, 64)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if exp < -4 || exp >= 16 {
		return e
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// validUTF8 replaces what is not UTF-8, so that code point arithmetic holds.
func validUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
