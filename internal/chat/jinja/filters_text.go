package jinja

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// caseFilter makes a filter out of a mapping of text to text.
func caseFilter(name string, f func(Str) Str) filterFunc {
	return func(in *interp, v Value, a args) Value {
		a.positional(name, 0, 0)
		s := in.soft(v)
		in.room(2 * len(s.s))
		return f(s)
	}
}

// titleWords is the filter title, which counts words differently from
// str.title: they begin after white space, a hyphen or an opening bracket.
func titleWords(s Str) Str {
	start := true
	out := s.mapRunes(func(i int, r rune) string {
		if isSpace(r) || strings.ContainsRune("-({[<", r) {
			start = true
			return string(r)
		}
		if start {
			start = false
			return upperRune(r)
		}
		return lowerAt(s.s, i, r)
	})
	return out.plain()
}

func filterString(in *interp, v Value, a args) Value {
	a.positional("string", 0, 0)
	return in.soft(v)
}

func filterSafe(in *interp, v Value, a args) Value {
	a.positional("safe", 0, 0)
	return in.soft(v).markup()
}

func filterEscape(in *interp, v Value, a args) Value {
	a.positional("escape", 0, 0)
	s := in.soft(v)
	in.room(5 * len(s.s))
	return escapeStr(s)
}

func filterForceEscape(in *interp, v Value, a args) Value {
	a.positional("forceescape", 0, 0)
	s := in.str(v)
	in.room(5 * len(s.s))
	return escapeStr(s)
}

func filterStriptags(in *interp, v Value, a args) Value {
	a.positional("striptags", 0, 0)
	s := in.str(v)
	in.room(len(s.s))
	return stripTags(s)
}

func filterTrim(in *interp, v Value, a args) Value {
	p := a.bind("trim", 0, "chars")
	return stripArg(in, in.soft(v), args{pos: orNone(p[0])}, "strip", true, true)
}

func orNone(v Value) []Value {
	if v == nil {
		return nil
	}
	return []Value{v}
}

func filterCenter(in *interp, v Value, a args) Value {
	p := a.bind("center", 0, "width")
	return in.pad(in.soft(v), "center", wantInt(p[0], 80), Text(" "))
}

func filterReplace(in *interp, v Value, a args) Value {
	p := a.bind("replace", 2, "old", "new", "count")
	n := -1
	if !isNone(p[2]) {
		n = wantInt(p[2], -1)
	}
	if !in.auto {
		return in.replace(in.str(v), in.str(p[0]), in.str(p[1]), n)
	}
	s, old, repl := in.soft(v), in.soft(p[0]), in.soft(p[1])
	if old.safe || repl.safe && !s.safe {
		s = escapeStr(s)
	}
	if s.safe {
		repl = escapeStr(repl)
	}
	return in.replace(s, old, repl, n)
}

func filterJoin(in *interp, v Value, a args) Value {
	p := a.bind("join", 0, "d", "attribute")
	d := Value(Str{})
	if p[0] != nil {
		d = p[0]
	}
	path := fields(p[1])
	var parts []Value
	next := in.iterate(v)
	for x, ok := next(); ok; x, ok = next() {
		in.step()
		if p[1] != nil && p[1] != None {
			x = in.path(x, path, nil)
		}
		parts = append(parts, x)
	}
	sep, safe := in.joinMode(d, parts)
	var b builder
	for i, x := range parts {
		s := in.str(x)
		if safe {
			s = in.escapeValue(x)
		}
		if i > 0 {
			b.str(sep)
		}
		in.room(b.len() + len(s.s))
		b.str(s)
	}
	r := b.done()
	r.safe = safe
	return r
}

// joinMode decides whether a join escapes: only under autoescape, if the
// separator or one of the parts is Markup.
func (in *interp) joinMode(d Value, parts []Value) (sep Str, safe bool) {
	if !in.auto {
		return in.str(d), false
	}
	sep = in.soft(d)
	safe = sep.safe
	for _, x := range parts {
		if s, ok := x.(Str); ok && s.safe {
			safe = true
		}
	}
	if safe {
		sep = escapeStr(sep)
	}
	return sep, safe
}

func filterFormat(in *interp, v Value, a args) Value {
	if len(a.pos) > 0 && len(a.kw) > 0 {
		throw("FilterArgumentError", "can't handle positional and keyword arguments at the same time")
	}
	if len(a.kw) > 0 {
		return in.percent(in.soft(v), a.keywordDict())
	}
	return in.percent(in.soft(v), &Tuple{items: a.pos})
}

func filterIndent(in *interp, v Value, a args) Value {
	p := a.bind("indent", 0, "width", "first", "blank")
	s, ok := v.(Str)
	if !ok {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		throwType("unsupported operand type(s) for +=: '%s' and 'str'", typeName(v))
	}
	pad, isStr := p[0].(Str)
	if !isStr {
		n := max(0, wantInt(p[0], 4))
		in.room(n)
		pad = Text(strings.Repeat(" ", n))
	}
	if s.safe {
		pad = pad.markup()
	}
	parts := lines(concat(s, Text("\n")), false)
	in.room(len(s.s) + len(parts)*len(pad.s))
	blank := wantBool(p[2], false)
	var b builder
	if wantBool(p[1], false) {
		b.str(pad)
	}
	for i, l := range parts {
		if i > 0 {
			b.text("\n")
			if blank || l.s != "" {
				b.str(pad)
			}
		}
		b.str(l)
	}
	r := b.done()
	r.safe = s.safe
	return r
}

func filterTruncate(in *interp, v Value, a args) Value {
	p := a.bind("truncate", 0, "length", "killwords", "end", "leeway")
	end := Text("...")
	if p[2] != nil {
		end = wantStr("truncate", p[2])
	}
	leeway := 5
	if !isNone(p[3]) {
		leeway = wantInt(p[3], 5)
	}
	n := wantInt(p[0], 255)
	if n < end.runes() {
		throw("AssertionError", "expected length >= %d, got %d", end.runes(), n)
	}
	if leeway < 0 {
		throw("AssertionError", "expected leeway >= 0, got %d", leeway)
	}
	have, ok := length(v)
	if !ok {
		throwType("object of type '%s' has no len()", typeName(v))
	}
	if have <= int64(n)+int64(leeway) {
		return v
	}
	s, ok := v.(Str)
	if !ok {
		throwType("can only concatenate %s to %s", typeName(v), typeName(v))
	}
	in.charge(len(s.s))
	head := s.sub(0, s.offset(n-end.runes()))
	if !wantBool(p[1], false) {
		if i := strings.LastIndexByte(head.s, ' '); i >= 0 {
			head = head.sub(0, i)
		}
	}
	return in.join(head, end)
}

func filterWordcount(in *interp, v Value, a args) Value {
	a.positional("wordcount", 0, 0)
	s := in.soft(v)
	in.charge(len(s.s))
	n, inWord := 0, false
	for _, r := range s.s {
		w := isWord(r)
		if w && !inWord {
			n++
		}
		inWord = w
	}
	return Int(n)
}

func filterUrlencode(in *interp, v Value, a args) Value {
	a.positional("urlencode", 0, 0)
	if s, ok := v.(Str); ok || !iterable(v) {
		if !ok {
			s = in.str(v)
		}
		in.room(3 * len(s.s))
		return quoteURL(s.plain(), false)
	}
	src := v
	if d, ok := v.(*Dict); ok {
		src = &dictView{d, "dict_items"}
	}
	var b builder
	next := in.iterate(src)
	for x, ok := next(); ok; x, ok = next() {
		pair := in.unpack(x, 2)
		if b.len() > 0 {
			b.text("&")
		}
		b.str(quoteURL(in.str(pair[0]), true))
		b.text("=")
		b.str(quoteURL(in.str(pair[1]), true))
		in.room(b.len())
	}
	return b.done()
}

func quoteURL(s Str, query bool) Str {
	const hex = "0123456789ABCDEF"
	return s.mapRunes(func(i int, r rune) string {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_.-~", r), r == '/' && !query:
			return string(r)
		case r == ' ' && query:
			return "+"
		}
		var out []byte
		for _, c := range []byte(s.s[i : i+utf8.RuneLen(r)]) {
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
		return string(out)
	})
}

var badAttrName = regexp.MustCompile(`[\t\n\v\f\r />=]`)

func filterXmlattr(in *interp, v Value, a args) Value {
	p := a.bind("xmlattr", 0, "autospace")
	d, ok := v.(*Dict)
	if !ok {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		throw("AttributeError", "'%s' object has no attribute 'items'", typeName(v))
	}
	var b builder
	for i, k := range d.keys {
		if _, undef := d.vals[i].(*undefined); undef || d.vals[i] == None {
			continue
		}
		name, ok := k.(Str)
		if !ok {
			throwType("expected string or bytes-like object, got '%s'", typeName(k))
		}
		if badAttrName.MatchString(name.s) {
			throwValue("Invalid character in attribute name: %s", reprText(k))
		}
		if b.len() > 0 || wantBool(p[0], true) {
			b.text(" ")
		}
		b.str(escapeStr(name))
		b.text(`="`)
		b.str(in.escapeValue(d.vals[i]))
		b.text(`"`)
		in.room(b.len())
	}
	r := b.done()
	r.safe = in.auto
	return r
}

func filterUrlize(*interp, Value, args) Value {
	throw("NotImplementedError", "the filter 'urlize' is not available: prompts are not HTML")
	return nil
}
