package grammar

import "unicode"

// jsonRules are the rules of JSON text (RFC 8259) that schemas share. White
// space is bounded, so that a model cannot write blanks for ever.
type jsonRules struct {
	b                            *builder
	ws, str, integer, num, value expr
	object, array                expr
	char                         expr
}

func newJSONRules(b *builder) *jsonRules {
	j := &jsonRules{b: b}
	indent := b.repeat(bytesOf(' ', ' ', '\t', '\t'), 0, 32)
	j.ws = b.named(either(empty(), literal(" "), b.seq(literal("\n"), indent)))
	j.char = b.named(jsonForm(b, runes{{0, unicode.MaxRune}}))
	j.str = b.named(b.seq(literal(`"`), b.star(j.char), literal(`"`)))
	digits := func(lo, hi int) expr { return b.repeat(bytesOf('0', '9'), lo, hi) }
	j.integer = b.named(b.seq(b.optional(literal("-")), either(literal("0"), b.seq(bytesOf('1', '9'), digits(0, 17)))))
	exponent := b.seq(bytesOf('e', 'e', 'E', 'E'), b.optional(bytesOf('+', '+', '-', '-')), digits(1, 2))
	j.num = b.named(b.seq(j.integer, b.optional(b.seq(literal("."), digits(1, 17))), b.optional(exponent)))
	value := b.declare()
	j.value = ref(value)
	j.object = b.named(j.objectOf(j.value))
	j.array = b.named(j.arrayOf(j.value, 0, -1))
	b.define(value, either(j.object, j.array, j.str, j.num, literal("true"), literal("false"), literal("null")))
	return j
}

// objectOf is an object with any keys, all values of one form.
func (j *jsonRules) objectOf(value expr) expr {
	member := j.b.named(j.b.seq(j.str, literal(":"), j.ws, value))
	more := j.b.star(j.b.seq(literal(","), j.ws, member))
	return j.b.seq(literal("{"), j.ws, j.b.optional(j.b.seq(member, more, j.ws)), literal("}"))
}

// arrayOf is an array of lo to hi values of one form; hi < 0 is without bound.
func (j *jsonRules) arrayOf(value expr, lo, hi int) expr {
	b := j.b
	value = b.named(value)
	nothing := b.seq(literal("["), j.ws, literal("]"))
	if hi == 0 {
		return nothing
	}
	rest := b.repeat(b.seq(literal(","), j.ws, value), max(0, lo-1), max(-1, hi-1))
	some := b.seq(literal("["), j.ws, value, rest, j.ws, literal("]"))
	if lo > 0 {
		return some
	}
	return either(nothing, some)
}

// jsonForm writes code points inside a JSON string: as themselves where the
// format allows, else escaped. Forms that mean the same are not all offered;
// one is enough.
func jsonForm(b *builder, set runes) expr {
	plain := set.and(runes{{0x20, '!'}, {'#', '['}, {']', unicode.MaxRune}})
	out := plain.expr()
	for _, e := range []struct {
		r    rune
		text string
	}{{'"', `\"`}, {'\\', `\\`}, {'\b', `\b`}, {'\f', `\f`}, {'\n', `\n`}, {'\r', `\r`}, {'\t', `\t`}} {
		if len(set.and(runes{{e.r, e.r}})) > 0 {
			out = either(out, literal(e.text))
		}
	}
	if len(set.and(runes{{0, 0x1F}})) == 1 && set.and(runes{{0, 0x1F}})[0] == (runeRange{0, 0x1F}) {
		hex := bytesOf('0', '9', 'a', 'f')
		out = either(out, b.seq(literal(`\u00`), bytesOf('0', '1'), hex))
	}
	return out
}

// JSONObject compiles the grammar of any JSON object.
func JSONObject() (*Grammar, error) {
	b := &builder{}
	start := b.declare()
	b.define(start, newJSONRules(b).object)
	return b.finish(start)
}
