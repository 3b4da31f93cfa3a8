package grammar

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"unicode"
)

// formats are the string formats that are enforced, as patterns (RFC 3339 for
// times, RFC 9562 for UUIDs). Others are annotations, as the specification
// allows.
var formats = map[string]string{
	"date":      `\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`,
	"time":      `([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`,
	"date-time": `\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`,
	"uuid":      `[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`,
	"ipv4":      `((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`,
	"email":     `[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+`,
}

// text compiles a string with its length, pattern or format.
func (c *schemaCompiler) text(s *ordered, at string) expr {
	lo, hi, ok := c.bounds(s, "minLength", "maxLength", at)
	if !ok {
		return empty()
	}
	counted := s.has("minLength") || s.has("maxLength")
	pattern, hasPattern := s.get("pattern").(string)
	format, _ := s.get("format").(string)
	var content expr
	switch {
	case s.has("pattern") && !hasPattern:
		return c.fail(at, "pattern is not text")
	case hasPattern && counted:
		return c.fail(at, "pattern together with minLength or maxLength is not supported; put the length into the pattern")
	case hasPattern:
		content = c.b.regex(pattern, jsonForm, false)
	case formats[format] != "":
		if counted {
			return c.fail(at, "format %q together with minLength or maxLength is not supported", format)
		}
		content = c.b.regex(formats[format], jsonForm, true)
	case counted:
		content = c.b.repeat(c.b.named(jsonForm(c.b, runes{{0, unicode.MaxRune}})), lo, hi)
	default:
		return c.j.str
	}
	return c.b.seq(literal(`"`), content, literal(`"`))
}

// limits reads minimum, maximum and their exclusive forms as whole numbers,
// rounded inwards; nil is without bound.
func (c *schemaCompiler) limits(s *ordered, at string) (lo, hi *big.Int, ok bool) {
	read := func(key string, up bool, exclusive bool) *big.Int {
		v, isNum := s.get(key).(json.Number)
		if !isNum {
			if s.has(key) {
				c.fail(at, "%s %v is not a number", key, s.get(key))
			}
			return nil
		}
		f, good := new(big.Rat).SetString(v.String())
		if !good || len(v.String()) > 40 {
			c.fail(at, "%s %v is not a number of ordinary size", key, v)
			return nil
		}
		n := new(big.Int).Div(f.Num(), f.Denom()) // floor: the denominator is positive
		whole := f.IsInt()
		switch {
		case up && (!whole || exclusive):
			n.Add(n, big.NewInt(1))
		case !up && whole && exclusive:
			n.Sub(n, big.NewInt(1))
		}
		return n
	}
	pick := func(a, b *big.Int, larger bool) *big.Int {
		if a == nil || b != nil && (b.Cmp(a) > 0) == larger {
			return b
		}
		return a
	}
	lo = pick(read("minimum", true, false), read("exclusiveMinimum", true, true), true)
	hi = pick(read("maximum", false, false), read("exclusiveMaximum", false, true), false)
	return lo, hi, c.b.err == nil
}

func (c *schemaCompiler) integer(s *ordered, at string) expr {
	lo, hi, ok := c.limits(s, at)
	if !ok || lo == nil && hi == nil {
		return c.j.integer
	}
	if lo != nil && hi != nil && lo.Cmp(hi) > 0 {
		return c.fail(at, "no whole number lies between the bounds")
	}
	return c.between(lo, hi)
}

// number enforces bounds only where they are whole: the integer part decides,
// and a fraction moves away from the bound.
func (c *schemaCompiler) number(s *ordered, at string) expr {
	for _, key := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if v, ok := s.get(key).(json.Number); ok {
			if f, err := v.Float64(); err != nil || f != math.Trunc(f) {
				return c.fail(at, "%s %v: bounds of a number must be whole here", key, v)
			}
		}
	}
	lo, hi, ok := c.limits(s, at)
	if !ok || lo == nil && hi == nil {
		return c.j.num
	}
	if lo != nil && hi != nil && lo.Cmp(hi) > 0 {
		return c.fail(at, "no number lies between the bounds that could be written")
	}
	fraction := c.b.seq(literal("."), c.b.repeat(bytesOf('0', '9'), 1, 16))
	whole := c.between(lo, hi)
	// With a fraction: positive integer parts below hi, negative ones above lo.
	var out expr = whole
	one := big.NewInt(1)
	zero := new(big.Int)
	top := hi
	if hi != nil {
		top = new(big.Int).Sub(hi, one)
	}
	if bottom := maxInt(lo, zero); top == nil || top.Cmp(bottom) >= 0 {
		out = either(out, c.b.seq(c.between(bottom, top), fraction))
	}
	if lo == nil || lo.Sign() < 0 {
		var most, least *big.Int // absolute integer parts
		if lo != nil {
			most = new(big.Int).Sub(new(big.Int).Neg(lo), one)
		}
		least = zero
		if hi != nil && hi.Sign() < 0 {
			least = new(big.Int).Neg(hi)
		}
		if most == nil || most.Cmp(least) >= 0 {
			out = either(out, c.b.seq(literal("-"), c.between(least, most), fraction))
		}
	}
	return out
}

func maxInt(a, b *big.Int) *big.Int {
	if a == nil || a.Cmp(b) < 0 {
		return b
	}
	return a
}

// maxDigits bounds numbers without an upper limit.
const maxDigits = 18

// between is a decimal integer from lo to hi, without leading zeros; nil is
// without bound (up to maxDigits).
func (c *schemaCompiler) between(lo, hi *big.Int) expr {
	limit := new(big.Int).Sub(new(big.Int).Exp(big.NewInt(10), big.NewInt(maxDigits), nil), big.NewInt(1))
	if lo == nil {
		lo = new(big.Int).Neg(limit)
		if hi.Cmp(lo) < 0 {
			lo = hi
		}
	}
	if hi == nil {
		hi = limit
		if lo.Cmp(hi) > 0 {
			hi = lo
		}
	}
	var out expr
	if lo.Sign() < 0 {
		from, to := new(big.Int).Neg(hi), new(big.Int).Neg(lo)
		if from.Sign() <= 0 {
			from = big.NewInt(1)
		}
		out = either(out, c.b.seq(literal("-"), c.natural(from, to)))
	}
	if hi.Sign() >= 0 {
		from := lo
		if from.Sign() < 0 {
			from = new(big.Int)
		}
		out = either(out, c.natural(from, hi))
	}
	return out
}

// natural is a number from lo to hi, both at least 0.
func (c *schemaCompiler) natural(lo, hi *big.Int) expr {
	var out expr
	a, z := lo.String(), hi.String()
	for n := len(a); n <= len(z); n++ {
		from, to := a, z
		if n > len(a) {
			from = "1" + strings.Repeat("0", n-1)
		}
		if n < len(z) {
			to = strings.Repeat("9", n)
		}
		out = either(out, c.sameLength(from, to))
	}
	return c.b.named(out)
}

// sameLength is a number between two of equal length.
func (c *schemaCompiler) sameLength(from, to string) expr {
	n := len(from)
	if n == 0 {
		return empty()
	}
	if strings.Trim(from, "0") == "" && strings.Trim(to, "9") == "" {
		return c.b.repeat(bytesOf('0', '9'), n, n)
	}
	if from[0] == to[0] {
		return c.b.seq(literal(from[:1]), c.sameLength(from[1:], to[1:]))
	}
	nines, zeros := strings.Repeat("9", n-1), strings.Repeat("0", n-1)
	out := c.b.seq(literal(from[:1]), c.sameLength(from[1:], nines))
	if from[0]+1 < to[0] {
		out = either(out, c.b.seq(bytesOf(from[0]+1, to[0]-1), c.sameLength(zeros, nines)))
	}
	return c.b.named(either(out, c.b.seq(literal(to[:1]), c.sameLength(zeros, to[1:]))))
}
