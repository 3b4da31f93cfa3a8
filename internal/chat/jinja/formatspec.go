package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fmtSpec is Python's format specification: what stands behind the colon of a
// replacement field, or the flags of a % conversion.
type fmtSpec struct {
	fill  string
	align byte // < > ^ = or 0
	sign  byte // + - space or 0
	zeroZ bool
	alt   bool
	width int
	group byte // , _ or 0
	prec  int  // -1: not given
	typ   byte // 0: not given
}

// maxPad bounds widths and precisions.
const maxPad = 1 << 20

func parseSpec(s string) fmtSpec {
	sp := fmtSpec{fill: " ", prec: -1}
	rest := s
	if _, w := utf8.DecodeRuneInString(rest); w > 0 && len(rest) > w && strings.IndexByte("<>^=", rest[w]) >= 0 {
		sp.fill, sp.align, rest = rest[:w], rest[w], rest[w+1:]
	} else if rest != "" && strings.IndexByte("<>^=", rest[0]) >= 0 {
		sp.align, rest = rest[0], rest[1:]
	}
	take := func(set string) byte {
		if rest != "" && strings.IndexByte(set, rest[0]) >= 0 {
			c := rest[0]
			rest = rest[1:]
			return c
		}
		return 0
	}
	sp.sign = take("+- ")
	sp.zeroZ = take("z") != 0
	sp.alt = take("#") != 0
	if take("0") != 0 && sp.align == 0 {
		sp.fill, sp.align = "0", '='
	}
	sp.width, rest = leadingInt(rest, 0)
	sp.group = take(",_")
	if take(".") != 0 {
		if sp.prec, rest = leadingInt(rest, -1); sp.prec < 0 {
			throwValue("Format specifier missing precision")
		}
	}
	if len(rest) > 1 {
		throwValue("Invalid format specifier")
	}
	if rest != "" {
		sp.typ = rest[0]
	}
	return sp
}

func leadingInt(s string, def int) (int, string) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 {
		return def, s
	}
	v, err := strconv.Atoi(s[:n])
	if err != nil || v > maxPad {
		throwValue("Too many decimal digits in format string")
	}
	return v, s[n:]
}

// formatValue is Python's format(v, spec).
func formatValue(v Value, spec string) Str {
	if spec == "" {
		return strOf(v)
	}
	switch x := v.(type) {
	case Str:
		return formatStr(x.plain(), parseSpec(spec))
	case Bool, Int, Big:
		sp := parseSpec(spec)
		if strings.IndexByte("eEfFgG%", sp.typ) >= 0 && sp.typ != 0 {
			return formatFloat(asFloat(v), sp)
		}
		b, _ := asInt(v)
		return formatInt(b, sp)
	case Float:
		return formatFloat(float64(x), parseSpec(spec))
	}
	throwType("unsupported format string passed to %s.__format__", typeName(v))
	return Str{}
}

func formatStr(s Str, sp fmtSpec) Str {
	if sp.typ != 0 && sp.typ != 's' {
		throwValue("Unknown format code '%c' for object of type 'str'", sp.typ)
	}
	if sp.sign != 0 || sp.alt || sp.group != 0 || sp.align == '=' && sp.fill != "0" {
		throwValue("format specifier not allowed in string format")
	}
	if sp.prec >= 0 {
		s = s.sub(0, s.offset(sp.prec))
	}
	if sp.align == 0 || sp.align == '=' {
		sp.align = '<'
	}
	return padSpec("", s, sp)
}

// padSpec aligns sign and body in the width of the specification.
func padSpec(sign string, body Str, sp fmtSpec) Str {
	n := sp.width - body.runes() - len(sign)
	if n <= 0 {
		return concat(Text(sign), body)
	}
	fill := func(n int) Str { return Text(strings.Repeat(sp.fill, n)) }
	switch sp.align {
	case '<':
		return concat(Text(sign), body, fill(n))
	case '^':
		return concat(fill(n/2), Text(sign), body, fill(n-n/2))
	case '=':
		return concat(Text(sign), fill(n), body)
	}
	return concat(fill(n), Text(sign), body)
}

func signOf(negative bool, sp fmtSpec) string {
	switch {
	case negative:
		return "-"
	case sp.sign == '+' || sp.sign == ' ':
		return string(sp.sign)
	}
	return ""
}

func formatInt(b *big.Int, sp fmtSpec) Str {
	if sp.prec >= 0 {
		throwValue("Precision not allowed in integer format specifier")
	}
	base, prefix := 10, ""
	switch sp.typ {
	case 0, 'd', 'n':
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(sp.typ)
	case 'c':
		if !b.IsInt64() || b.Int64() < 0 || b.Int64() > utf8.MaxRune {
			throw("OverflowError", "%%c arg not in range(0x110000)")
		}
		return formatStr(Text(string(rune(b.Int64()))), fmtSpec{fill: sp.fill, align: sp.align, width: sp.width, prec: -1})
	default:
		throwValue("Unknown format code '%c' for object of type 'int'", sp.typ)
	}
	digits := new(big.Int).Abs(b).Text(base)
	if sp.typ == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !sp.alt {
		prefix = ""
	}
	return finishNumber(signOf(b.Sign() < 0, sp)+prefix, digits, "", base, sp)
}

// finishNumber groups the integer digits and pads. tail is what follows them.
func finishNumber(sign, digits, tail string, base int, sp fmtSpec) Str {
	if sp.group != 0 {
		every := 3
		if base != 10 {
			every = 4
		}
		want := 0
		if sp.align == '=' && sp.fill == "0" {
			want = sp.width - len(sign) - len(tail)
		}
		digits = groupDigits(digits, string(sp.group), every, want)
	}
	if sp.align == 0 {
		sp.align = '>'
	}
	return padSpec(sign, Text(digits+tail), sp)
}

// groupDigits inserts separators; it adds zeros in front up to want characters.
func groupDigits(digits, sep string, every, want int) string {
	var groups []string
	for len(digits) > every {
		groups = append([]string{digits[len(digits)-every:]}, groups...)
		digits = digits[:len(digits)-every]
	}
	out := strings.Join(append([]string{digits}, groups...), sep)
	first := len(digits)
	for len(out) < want {
		if first == every {
			out = sep + out
			first = 0
			if len(out) == want { // Python never starts with a separator
				out = "0" + out
				break
			}
			continue
		}
		out = "0" + out
		first++
	}
	return out
}

func formatFloat(f float64, sp fmtSpec) Str {
	typ, prec, percent := sp.typ, sp.prec, false
	if typ == '%' {
		f, typ, percent = f*100, 'f', true
	}
	if typ == 'n' {
		typ = 'g'
	}
	if typ != 0 && strings.IndexByte("eEfFgG", typ) < 0 {
		throwValue("Unknown format code '%c' for object of type 'float'", sp.typ)
	}
	negative := math.Signbit(f) && !math.IsNaN(f)
	body := floatBody(math.Abs(f), typ, prec, sp.alt)
	if sp.zeroZ && negative && strings.Trim(body, "0.eE+-") == "" {
		negative = false
	}
	n := 0
	for n < len(body) && body[n] >= '0' && body[n] <= '9' {
		n++
	}
	tail := body[n:]
	if percent {
		tail += "%"
	}
	return finishNumber(signOf(negative, sp), body[:n], tail, 10, sp)
}

// floatBody prints a non-negative float in one of the conversions e, f, g; typ
// 0 is the form of str() or, with a precision, g with at least one decimal.
func floatBody(f float64, typ byte, prec int, alt bool) string {
	upper := typ == 'E' || typ == 'F' || typ == 'G'
	var s string
	switch {
	case math.IsNaN(f):
		s = "nan"
	case math.IsInf(f, 0):
		s = "inf"
	case typ == 0 && prec < 0:
		s = floatRepr(f)
	case typ == 0:
		s = formatG(f, prec, false)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
	default:
		if prec < 0 {
			prec = 6
		}
		switch typ | 0x20 {
		case 'e':
			s = strconv.FormatFloat(f, 'e', prec, 64)
			if alt && prec == 0 {
				s = strings.Replace(s, "e", ".e", 1)
			}
		case 'f':
			s = strconv.FormatFloat(f, 'f', prec, 64)
			if alt && prec == 0 {
				s += "."
			}
		default:
			s = formatG(f, prec, alt)
		}
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return s
}

// formatG is the %g conversion: prec significant digits, trailing zeros only
// with the alternate form.
func formatG(f float64, prec int, alt bool) string {
	prec = max(prec, 1)
	e := strconv.FormatFloat(f, 'e', prec-1, 64)
	i := strings.IndexByte(e, 'e')
	exp, _ := strconv.Atoi(e[i+1:])
	if exp < -4 || exp >= prec {
		m := e[:i]
		if !alt && strings.Contains(m, ".") {
			m = strings.TrimRight(strings.TrimRight(m, "0"), ".")
		}
		return m + e[i:]
	}
	s := strconv.FormatFloat(f, 'f', prec-1-exp, 64)
	if !alt && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
