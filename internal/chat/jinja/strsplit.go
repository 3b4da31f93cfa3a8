package jinja

import (
	"strings"
	"unicode/utf8"
)

func splitArgs(name string, a args) (sep *Str, most int) {
	p := a.bind(name, 0, "sep", "maxsplit")
	if !isNone(p[0]) {
		s, ok := p[0].(Str)
		if !ok {
			throwType("must be str or None, not %s", typeName(p[0]))
		}
		if s.s == "" {
			throwValue("empty separator")
		}
		sep = &s
	}
	return sep, wantInt(p[1], -1)
}

func methodSplit(in *interp, s Str, a args) Value {
	sep, most := splitArgs("split", a)
	in.charge(len(s.s))
	l := &List{}
	if sep == nil {
		l.items = splitSpace(s, most)
		return l
	}
	pos := 0
	for most != 0 {
		i := strings.Index(s.s[pos:], sep.s)
		if i < 0 {
			break
		}
		in.roomItems(1)
		l.items = append(l.items, s.sub(pos, pos+i))
		pos += i + len(sep.s)
		most--
	}
	l.items = append(l.items, s.sub(pos, len(s.s)))
	return l
}

// splitSpace splits at runs of white space. What remains after the last
// allowed cut keeps its trailing space.
func splitSpace(s Str, most int) []Value {
	var out []Value
	i := 0
	for {
		i = len(s.s) - len(strings.TrimLeftFunc(s.s[i:], isSpace))
		if i == len(s.s) {
			return out
		}
		if most == 0 {
			return append(out, s.sub(i, len(s.s)))
		}
		j := strings.IndexFunc(s.s[i:], isSpace)
		if j < 0 {
			return append(out, s.sub(i, len(s.s)))
		}
		out = append(out, s.sub(i, i+j))
		i += j
		most--
	}
}

func methodRsplit(in *interp, s Str, a args) Value {
	sep, most := splitArgs("rsplit", a)
	in.charge(len(s.s))
	var rev []Value
	end := len(s.s)
	if sep == nil {
		rev = rsplitSpace(s, most)
	} else {
		for most != 0 {
			i := strings.LastIndex(s.s[:end], sep.s)
			if i < 0 {
				break
			}
			in.roomItems(1)
			rev = append(rev, s.sub(i+len(sep.s), end))
			end = i
			most--
		}
		rev = append(rev, s.sub(0, end))
	}
	return &List{reversed(rev)}
}

func rsplitSpace(s Str, most int) []Value {
	var rev []Value
	end := len(s.s)
	for {
		end = len(strings.TrimRightFunc(s.s[:end], isSpace))
		if end == 0 {
			return rev
		}
		if most == 0 {
			return append(rev, s.sub(0, end))
		}
		j := strings.LastIndexFunc(s.s[:end], isSpace)
		if j < 0 {
			return append(rev, s.sub(0, end))
		}
		_, w := utf8.DecodeRuneInString(s.s[j:])
		rev = append(rev, s.sub(j+w, end))
		end = j
		most--
	}
}

func reversed(items []Value) []Value {
	out := make([]Value, len(items))
	for i, v := range items {
		out[len(items)-1-i] = v
	}
	return out
}

// lines splits at line ends; with keep the ends stay.
func lines(s Str, keep bool) []Str {
	var out []Str
	pos := 0
	for i := 0; i < len(s.s); {
		r, w := utf8.DecodeRuneInString(s.s[i:])
		if !isLineEnd(r) {
			i += w
			continue
		}
		end := i
		i += w
		if r == '\r' && i < len(s.s) && s.s[i] == '\n' {
			i++
		}
		if keep {
			end = i
		}
		out = append(out, s.sub(pos, end))
		pos = i
	}
	if pos < len(s.s) {
		out = append(out, s.sub(pos, len(s.s)))
	}
	return out
}

func methodSplitlines(in *interp, s Str, a args) Value {
	p := a.bind("splitlines", 0, "keepends")
	in.charge(len(s.s))
	l := &List{}
	for _, x := range lines(s, wantBool(p[0], false)) {
		l.items = append(l.items, x)
	}
	in.roomItems(len(l.items))
	return l
}
