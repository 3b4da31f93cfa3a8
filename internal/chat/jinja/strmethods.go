package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type strMethod func(in *interp, s Str, a args) Value

// strMethodOf returns a method of Python's str, nil if there is none.
func strMethodOf(name string) strMethod {
	switch name {
	case "strip":
		return func(in *interp, s Str, a args) Value { return stripArg(in, s, a, "strip", true, true) }
	case "lstrip":
		return func(in *interp, s Str, a args) Value { return stripArg(in, s, a, "lstrip", true, false) }
	case "rstrip":
		return func(in *interp, s Str, a args) Value { return stripArg(in, s, a, "rstrip", false, true) }
	case "upper":
		return plainMethod("upper", Str.upper)
	case "lower":
		return plainMethod("lower", Str.lower)
	case "title":
		return plainMethod("title", Str.title)
	case "capitalize":
		return plainMethod("capitalize", Str.capitalize)
	case "swapcase":
		return plainMethod("swapcase", Str.swapcase)
	case "casefold":
		return plainMethod("casefold", Str.casefold)
	case "startswith":
		return affixTest("startswith", strings.HasPrefix)
	case "endswith":
		return affixTest("endswith", strings.HasSuffix)
	case "replace":
		return methodReplace
	case "split":
		return methodSplit
	case "rsplit":
		return methodRsplit
	case "splitlines":
		return methodSplitlines
	case "partition":
		return methodPartition
	case "rpartition":
		return methodRpartition
	case "removeprefix":
		return methodRemoveprefix
	case "removesuffix":
		return methodRemovesuffix
	case "join":
		return methodJoin
	case "format":
		return methodFormat
	case "format_map":
		return methodFormatMap
	case "find":
		return searchMethod("find", strings.Index, false)
	case "rfind":
		return searchMethod("rfind", strings.LastIndex, false)
	case "index":
		return searchMethod("index", strings.Index, true)
	case "rindex":
		return searchMethod("rindex", strings.LastIndex, true)
	case "count":
		return methodCount
	case "ljust":
		return padMethod("ljust")
	case "rjust":
		return padMethod("rjust")
	case "center":
		return padMethod("center")
	case "zfill":
		return methodZfill
	case "expandtabs":
		return methodExpandtabs
	case "isalpha":
		return classMethod("isalpha", unicode.IsLetter)
	case "isdigit":
		return classMethod("isdigit", isDigitRune)
	case "isdecimal":
		return classMethod("isdecimal", unicode.IsDigit)
	case "isnumeric":
		return classMethod("isnumeric", unicode.IsNumber)
	case "isalnum":
		return classMethod("isalnum", func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
	case "isspace":
		return classMethod("isspace", isSpace)
	case "isascii":
		return func(_ *interp, s Str, _ args) Value {
			return Bool(strings.IndexFunc(s.s, func(r rune) bool { return r > 127 }) < 0)
		}
	case "isprintable":
		return func(_ *interp, s Str, _ args) Value {
			return Bool(strings.IndexFunc(s.s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0)
		}
	case "islower":
		return func(_ *interp, s Str, _ args) Value { return Bool(isCaseOnly(s.s, isLowerRune)) }
	case "isupper":
		return func(_ *interp, s Str, _ args) Value { return Bool(isCaseOnly(s.s, isUpperRune)) }
	case "istitle":
		return func(_ *interp, s Str, _ args) Value { return Bool(isTitled(s.s)) }
	case "encode", "translate", "maketrans":
		return func(_ *interp, _ Str, _ args) Value {
			throw("NotImplementedError", "str.%s is not available: templates make text, not bytes", name)
			return nil
		}
	case "isidentifier":
		return func(_ *interp, s Str, _ args) Value { return Bool(isIdentifier(s.s)) }
	}
	return nil
}

func plainMethod(name string, f func(Str) Str) strMethod {
	return func(in *interp, s Str, a args) Value {
		a.positional(name, 0, 0)
		in.room(2 * len(s.s))
		return f(s)
	}
}

// strip removes code points of the set, or white space if chars is nil.
func (s Str) strip(chars *string, left, right bool) Str {
	drop := isSpace
	if chars != nil {
		drop = func(r rune) bool { return strings.ContainsRune(*chars, r) }
	}
	i, j := 0, len(s.s)
	if left {
		i = j - len(strings.TrimLeftFunc(s.s, drop))
	}
	if right {
		j = i + len(strings.TrimRightFunc(s.s[i:], drop))
	}
	return s.sub(i, j)
}

func stripArg(in *interp, s Str, a args, name string, left, right bool) Value {
	p := a.positional(name, 0, 1)
	in.charge(len(s.s))
	if isNone(p[0]) {
		return s.strip(nil, left, right)
	}
	c, ok := p[0].(Str)
	if !ok {
		throwType("%s arg must be None or str", name)
	}
	return s.strip(&c.s, left, right)
}

// window applies the start and stop arguments of find, count and the like.
func window(s Str, start, stop Value) (from, to int, ok bool) {
	if isNone(start) && isNone(stop) {
		return 0, len(s.s), true
	}
	n := s.runes()
	lo, hi := 0, n
	if !isNone(start) {
		lo = wantInt(start, 0)
	}
	if !isNone(stop) {
		hi = wantInt(stop, n)
	}
	if lo, hi = clampRange(lo, hi, n); lo > hi {
		return 0, 0, false
	}
	return s.offset(lo), s.offset(hi), true
}

func affixTest(name string, has func(s, affix string) bool) strMethod {
	return func(in *interp, s Str, a args) Value {
		p := a.positional(name, 1, 3)
		options := []Value{p[0]}
		if t, ok := p[0].(*Tuple); ok {
			options = t.items
		}
		from, to, inside := window(s, p[1], p[2])
		for _, o := range options {
			affix, ok := o.(Str)
			if !ok {
				throwType("%s first arg must be str or a tuple of str, not %s", name, typeName(o))
			}
			if inside && has(s.s[from:to], affix.s) {
				return Bool(true)
			}
		}
		return Bool(false)
	}
}

func searchMethod(name string, index func(s, sub string) int, mustFind bool) strMethod {
	return func(in *interp, s Str, a args) Value {
		p := a.positional(name, 1, 3)
		sub := wantStr(name, p[0])
		in.charge(len(s.s))
		from, to, ok := window(s, p[1], p[2])
		if ok {
			if i := index(s.s[from:to], sub.s); i >= 0 {
				return Int(utf8.RuneCountInString(s.s[:from+i]))
			}
		}
		if mustFind {
			throwValue("substring not found")
		}
		return Int(-1)
	}
}

func methodCount(in *interp, s Str, a args) Value {
	p := a.positional("count", 1, 3)
	sub := wantStr("count", p[0])
	in.charge(len(s.s))
	from, to, ok := window(s, p[1], p[2])
	if !ok {
		return Int(0)
	}
	return Int(strings.Count(s.s[from:to], sub.s))
}

// replace replaces the first n occurrences, all of them if n is negative.
func (in *interp) replace(s, old, repl Str, n int) Str {
	if n < 0 {
		n = len(s.s) + 1
	}
	if n == 0 || old.s != "" && !strings.Contains(s.s, old.s) {
		return s
	}
	if grow := len(repl.s) - len(old.s); grow > 0 {
		in.room(len(s.s) + grow*min(n, strings.Count(s.s, old.s)))
	}
	in.charge(len(s.s))
	b := builder{buf: make([]byte, 0, len(s.s))}
	pos := 0
	for ; n > 0; n-- {
		in.step()
		i := strings.Index(s.s[pos:], old.s)
		if i < 0 {
			break
		}
		if old.s == "" { // between all code points
			b.str(repl)
			if pos == len(s.s) {
				break
			}
			_, w := utf8.DecodeRuneInString(s.s[pos:])
			b.str(s.sub(pos, pos+w))
			pos += w
			continue
		}
		b.str(s.sub(pos, pos+i))
		b.str(repl)
		pos += i + len(old.s)
	}
	b.str(s.sub(pos, len(s.s)))
	r := b.done()
	r.safe = s.safe
	return r
}

func methodReplace(in *interp, s Str, a args) Value {
	p := a.positional("replace", 2, 3)
	old, repl := wantStr("replace", p[0]), wantStr("replace", p[1])
	if s.safe {
		repl = escapeStr(repl)
	}
	return in.replace(s, old, repl, wantInt(p[2], -1))
}

func methodPartition(in *interp, s Str, a args) Value {
	sep := wantSep("partition", a)
	in.charge(len(s.s))
	if i := strings.Index(s.s, sep.s); i >= 0 {
		return tuple(s.sub(0, i), sepOf(s, sep), s.sub(i+len(sep.s), len(s.s)))
	}
	return tuple(s, Str{safe: s.safe}, Str{safe: s.safe})
}

func methodRpartition(in *interp, s Str, a args) Value {
	sep := wantSep("rpartition", a)
	in.charge(len(s.s))
	if i := strings.LastIndex(s.s, sep.s); i >= 0 {
		return tuple(s.sub(0, i), sepOf(s, sep), s.sub(i+len(sep.s), len(s.s)))
	}
	return tuple(Str{safe: s.safe}, Str{safe: s.safe}, s)
}

func sepOf(s, sep Str) Str { sep.safe = s.safe; return sep }

func wantSep(name string, a args) Str {
	sep := wantStr(name, a.positional(name, 1, 1)[0])
	if sep.s == "" {
		throwValue("empty separator")
	}
	return sep
}

func methodRemoveprefix(_ *interp, s Str, a args) Value {
	p := wantStr("removeprefix", a.positional("removeprefix", 1, 1)[0])
	if strings.HasPrefix(s.s, p.s) {
		return s.sub(len(p.s), len(s.s))
	}
	return s
}

func methodRemovesuffix(_ *interp, s Str, a args) Value {
	p := wantStr("removesuffix", a.positional("removesuffix", 1, 1)[0])
	if strings.HasSuffix(s.s, p.s) {
		return s.sub(0, len(s.s)-len(p.s))
	}
	return s
}

func methodJoin(in *interp, s Str, a args) Value {
	p := a.positional("join", 1, 1)
	if !iterable(p[0]) {
		throwType("can only join an iterable")
	}
	var b builder
	for i, v := range in.collect(p[0]) {
		x, ok := v.(Str)
		if !ok && !s.safe {
			throwType("sequence item %d: expected str instance, %s found", i, typeName(v))
		}
		if s.safe {
			x = in.escapeValue(v)
		}
		if i > 0 {
			b.str(s)
		}
		in.room(b.len() + len(x.s))
		b.str(x)
	}
	r := b.done()
	r.safe = s.safe
	return r
}

func padMethod(name string) strMethod {
	return func(in *interp, s Str, a args) Value {
		p := a.positional(name, 1, 2)
		fill := Text(" ")
		if p[1] != nil {
			fill = wantStr(name, p[1])
		}
		if fill.runes() != 1 {
			throwType("The fill character must be exactly one character long")
		}
		return in.pad(s, name, wantInt(p[0], 0), fill)
	}
}

// pad widens s to width code points.
func (in *interp) pad(s Str, how string, width int, fill Str) Str {
	n := width - s.runes()
	if n <= 0 {
		return s
	}
	in.room(len(s.s) + n*len(fill.s))
	left := 0
	switch how {
	case "rjust":
		left = n
	case "center":
		left = n/2 + n&width&1
	}
	b := builder{}
	b.str(in.repeat(fill, left).(Str))
	b.str(s)
	b.str(in.repeat(fill, n-left).(Str))
	r := b.done()
	r.safe = s.safe
	return r
}

func methodZfill(in *interp, s Str, a args) Value {
	width := wantInt(a.positional("zfill", 1, 1)[0], 0)
	if width <= s.runes() {
		return s
	}
	sign := 0
	if strings.HasPrefix(s.s, "+") || strings.HasPrefix(s.s, "-") {
		sign = 1
	}
	body := in.pad(s.sub(sign, len(s.s)), "rjust", width-sign, Text("0"))
	r := concat(s.sub(0, sign), body)
	r.safe = s.safe
	return r
}

func methodExpandtabs(in *interp, s Str, a args) Value {
	size := wantInt(a.bind("expandtabs", 0, "tabsize")[0], 8)
	if size > 1000 {
		throwLimit("tab size of %d", size)
	}
	in.room(len(s.s) + max(0, size)*strings.Count(s.s, "\t"))
	col := 0
	return s.mapRunes(func(_ int, r rune) string {
		switch r {
		case '\t':
			n := 0
			if size > 0 {
				n = size - col%size
			}
			col += n
			return strings.Repeat(" ", n)
		case '\n', '\r':
			col = 0
		default:
			col++
		}
		return string(r)
	})
}

func classMethod(name string, is func(rune) bool) strMethod {
	return func(_ *interp, s Str, a args) Value {
		a.positional(name, 0, 0)
		return Bool(s.s != "" && strings.IndexFunc(s.s, func(r rune) bool { return !is(r) }) < 0)
	}
}

// isDigitRune is Unicode's Digit property: decimals, superscripts, circled.
func isDigitRune(r rune) bool {
	if unicode.IsDigit(r) {
		return true
	}
	return strings.ContainsRune("²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", r) || r >= '①' && r <= '⑨'
}

// isCaseOnly reports whether s has cased letters and all of them satisfy is.
func isCaseOnly(s string, is func(rune) bool) bool {
	found := false
	for _, r := range s {
		if is(r) {
			found = true
		} else if isCased(r) {
			return false
		}
	}
	return found
}

func isTitled(s string) bool {
	found, inWord := false, false
	for _, r := range s {
		switch {
		case isUpperRune(r) || unicode.IsTitle(r):
			if inWord {
				return false
			}
			found, inWord = true, true
		case isLowerRune(r):
			if !inWord {
				return false
			}
		default:
			inWord = false
		}
	}
	return found
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.In(r, unicode.Nd, unicode.Mn, unicode.Mc, unicode.Pc)) {
			return false
		}
	}
	return s != ""
}
