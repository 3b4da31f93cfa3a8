package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

func filterAbs(_ *interp, v Value, a args) Value {
	a.positional("abs", 0, 0)
	switch x := v.(type) {
	case Float:
		return Float(math.Abs(float64(x)))
	case *undefined:
		throwType("bad operand type for abs(): 'Undefined'")
	}
	b, ok := asInt(v)
	if !ok {
		throwType("bad operand type for abs(): '%s'", typeName(v))
	}
	return normBig(new(big.Int).Abs(b))
}

func filterInt(_ *interp, v Value, a args) Value {
	p := a.bind("int", 0, "default", "base")
	def := p[0]
	if def == nil {
		def = Int(0)
	}
	switch x := v.(type) {
	case Bool, Int, Big:
		b, _ := asInt(v)
		return normBig(b)
	case Float:
		if math.IsNaN(float64(x)) {
			return def
		}
		return floatToInt(float64(x))
	case *undefined:
		x.fail()
	case Str:
		if i := parseInt(x, wantInt(p[1], 10)); i != nil {
			return i
		}
		if f, ok := parseFloat(x.s); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return floatToInt(f)
		}
	}
	return def
}

func filterFloat(_ *interp, v Value, a args) Value {
	p := a.bind("float", 0, "default")
	switch x := v.(type) {
	case Bool, Int, Big, Float:
		return Float(asFloat(v))
	case *undefined:
		x.fail()
	case Str:
		if f, ok := parseFloat(x.s); ok {
			return Float(f)
		}
	}
	if p[0] != nil {
		return p[0]
	}
	return Float(0)
}

// asciiDigits turns the decimal digits of other scripts into ASCII ones.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.IsDigit(r) {
			return r
		}
		for d := rune(0); d < 10; d++ { // digits come in runs of ten, zero first
			if !unicode.IsDigit(r - d - 1) {
				return '0' + d
			}
		}
		return r
	}, s)
}

// parseInt is Python's int(text, base), nil if text is no number.
func parseInt(text Str, base int) Value {
	s := asciiDigits(strings.TrimFunc(text.s, isSpace))
	if base != 0 && (base < 2 || base > 36) {
		throwValue("int() base must be >= 2 and <= 36, or 0")
	}
	if len(s) > maxDigits {
		return nil
	}
	neg := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		neg, s = s[0] == '-', s[1:]
	}
	if len(s) > 1 && s[0] == '0' {
		for b, c := range map[int]byte{2: 'b', 8: 'o', 16: 'x'} {
			if (base == b || base == 0) && s[1]|0x20 == c {
				base, s = b, strings.TrimPrefix(s[2:], "_")
				break
			}
		}
	}
	if base == 0 {
		if len(s) > 1 && s[0] == '0' && strings.Trim(s, "0_") != "" {
			return nil
		}
		base = 10
	}
	if s == "" || strings.HasPrefix(s, "_") || strings.HasSuffix(s, "_") || strings.Contains(s, "__") || strings.ContainsAny(s, "+-") {
		return nil
	}
	b, ok := new(big.Int).SetString(strings.ReplaceAll(s, "_", ""), base)
	if !ok {
		return nil
	}
	if neg {
		b.Neg(b)
	}
	return normBig(b)
}

// parseFloat is Python's float(text).
func parseFloat(text string) (float64, bool) {
	s := asciiDigits(strings.TrimFunc(text, isSpace))
	switch strings.TrimLeft(strings.ToLower(s), "+-") {
	case "inf", "infinity", "nan":
		f, err := strconv.ParseFloat(s, 64)
		return f, err == nil
	}
	for i := range len(s) {
		c := s[i]
		if c == '_' && (i == 0 || i == len(s)-1 || !isDecimal(s[i-1]) || !isDecimal(s[i+1])) {
			return 0, false
		}
		if c != '_' && !isDecimal(c) && strings.IndexByte("+-.eE", c) < 0 {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(strings.ReplaceAll(s, "_", ""), 64)
	return f, err == nil || isRangeError(err)
}

func filterRound(_ *interp, v Value, a args) Value {
	p := a.bind("round", 0, "precision", "method")
	method := "common"
	if p[1] != nil {
		method = strOf(p[1]).s
	}
	if method != "common" && method != "ceil" && method != "floor" {
		throw("FilterArgumentError", "method must be common, ceil or floor")
	}
	if u, ok := v.(*undefined); ok {
		throwType("type %s doesn't define __round__ method", typeName(u))
	}
	if !isNumber(v) {
		throwType("type %s doesn't define __round__ method", typeName(v))
	}
	digits := 0
	if p[0] == None && method == "common" {
		return roundNone(v)
	}
	digits = wantInt(p[0], 0)
	if method == "common" {
		return roundTo(v, digits)
	}
	scale := arith("**", Int(10), Int(digits))
	x := arith("*", v, scale)
	if f, ok := x.(Float); ok {
		r := math.Floor(float64(f))
		if method == "ceil" {
			r = math.Ceil(float64(f))
		}
		x = floatToInt(r)
	}
	return arith("/", x, scale)
}

// roundNone is Python's round(v): to the nearest int, ties to even.
func roundNone(v Value) Value {
	if f, ok := v.(Float); ok {
		return floatToInt(math.RoundToEven(float64(f)))
	}
	return roundTo(v, 0)
}

// roundTo is Python's round(v, digits), exact for floats.
func roundTo(v Value, digits int) Value {
	if f, ok := v.(Float); ok {
		x := float64(f)
		if math.IsNaN(x) || math.IsInf(x, 0) || digits > 400 {
			return f
		}
		if digits >= 0 {
			r, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
			return Float(r)
		}
		if digits < -400 {
			return Float(math.Copysign(0, x))
		}
		i, _ := new(big.Float).SetFloat64(x).Int(nil)
		frac := x - math.Trunc(x)
		r := roundBig(i, -digits, frac)
		out, _ := new(big.Float).SetInt(r).Float64()
		if out == 0 {
			out = math.Copysign(0, x)
		}
		return Float(out)
	}
	b, _ := asInt(v)
	if digits >= 0 {
		return normBig(b)
	}
	if -digits > maxDigits {
		return Int(0)
	}
	return normBig(roundBig(b, -digits, 0))
}

// roundBig rounds to a multiple of 10^n, ties to even; frac is a further part
// behind the point.
func roundBig(b *big.Int, n int, frac float64) *big.Int {
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
	q, r := new(big.Int).QuoRem(b, unit, new(big.Int))
	twice := new(big.Int).Abs(r)
	c := twice.Lsh(twice, 1).Cmp(unit)
	if c > 0 || c == 0 && (frac != 0 || q.Bit(0) == 1) {
		s := int64(b.Sign())
		q.Add(q, big.NewInt(s))
	}
	return q.Mul(q, unit)
}

func filterFilesize(_ *interp, v Value, a args) Value {
	p := a.bind("filesizeformat", 0, "binary")
	var f float64
	if s, ok := v.(Str); ok {
		if f, ok = parseFloat(s.s); !ok {
			throwValue("could not convert string to float: %s", reprText(s))
		}
	} else {
		f = asFloat(v)
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if wantBool(p[0], false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case f == 1:
		return Text("1 Byte")
	case f < base:
		return Text(fmt.Sprintf("%d Bytes", int64(f)))
	}
	unit := base
	for i, u := range units {
		unit *= base
		if f < unit || i == len(units)-1 {
			return Text(fmt.Sprintf("%.1f %s", base*f/unit, u))
		}
	}
	return nil
}
