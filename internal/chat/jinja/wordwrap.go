package jinja

import "strings"

// filterWordwrap wraps every line of a text as Python's textwrap does.
func filterWordwrap(in *interp, v Value, a args) Value {
	p := a.bind("wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens")
	s, ok := v.(Str)
	if !ok {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		throw("AttributeError", "'%s' object has no attribute 'splitlines'", typeName(v))
	}
	width := wantInt(p[0], 79)
	if width <= 0 {
		throwValue("invalid width %d (must be > 0)", width)
	}
	sep := Text("\n")
	if !isNone(p[2]) {
		sep = wantStr("wordwrap", p[2])
	}
	w := wrapper{width: width, breakLong: wantBool(p[1], true), hyphens: wantBool(p[3], true)}
	var b builder
	for i, line := range lines(s.plain(), false) {
		if i > 0 {
			b.str(sep)
		}
		for j, part := range w.wrap(line) {
			in.step()
			if j > 0 {
				b.str(sep)
			}
			b.str(part)
		}
		in.room(b.len())
	}
	return b.done()
}

type wrapper struct {
	width     int
	breakLong bool
	hyphens   bool
}

// wrap fills lines with chunks, dropping white space where it breaks.
func (w wrapper) wrap(line Str) []Str {
	chunks := w.chunks(line)
	var out []Str
	for len(chunks) > 0 {
		if len(out) > 0 && strings.TrimFunc(chunks[0].s, isWrapSpace) == "" {
			chunks = chunks[1:]
		}
		var cur []Str
		n := 0
		for len(chunks) > 0 && n+chunks[0].runes() <= w.width {
			n += chunks[0].runes()
			cur = append(cur, chunks[0])
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && chunks[0].runes() > w.width {
			if w.breakLong {
				at := chunks[0].offset(w.breakAt(chunks[0], w.width-n))
				cur = append(cur, chunks[0].sub(0, at))
				rest := append([]Str{chunks[0].sub(at, len(chunks[0].s))}, chunks[1:]...)
				chunks = rest
			} else if len(cur) == 0 {
				cur = append(cur, chunks[0])
				chunks = chunks[1:]
			}
		}
		if k := len(cur); k > 0 && strings.TrimFunc(cur[k-1].s, isWrapSpace) == "" {
			cur = cur[:k-1]
		}
		if len(cur) > 0 {
			out = append(out, concat(cur...))
		}
	}
	return out
}

// breakAt is where a chunk longer than a line is cut: after a hyphen if one
// fits, else at the room left.
func (w wrapper) breakAt(chunk Str, room int) int {
	if room < 1 {
		room = 1
	}
	if w.hyphens && chunk.runes() > room {
		head := chunk.s[:chunk.offset(room)]
		if i := strings.LastIndexByte(head, '-'); i > 0 && strings.Trim(head[:i], "-") != "" {
			return Text(head[:i+1]).runes()
		}
	}
	return room
}

func isWrapSpace(r rune) bool { return strings.ContainsRune("\t\n\v\f\r ", r) }

// chunks cuts a line into words, spaces and, with hyphens, parts of words.
func (w wrapper) chunks(line Str) []Str {
	var out []Str
	rs := []rune(line.s)
	at := make([]int, 0, len(rs)+1)
	for i := range line.s {
		at = append(at, i)
	}
	at = append(at, len(line.s))
	for i := 0; i < len(rs); {
		j := i
		if isWrapSpace(rs[i]) {
			for j < len(rs) && isWrapSpace(rs[j]) {
				j++
			}
		} else {
			j = w.wordEnd(rs, i)
		}
		out = append(out, line.sub(at[i], at[j]))
		i = j
	}
	return out
}

// wordEnd returns the end of the chunk that starts at i: the whole word, or up
// to a hyphen between letters, or a dash.
func (w wrapper) wordEnd(rs []rune, i int) int {
	end := i
	for end < len(rs) && !isWrapSpace(rs[end]) {
		end++
	}
	if !w.hyphens {
		return end
	}
	dashes := func(k int) int { // length of a run of two or more hyphens
		n := 0
		for k+n < end && rs[k+n] == '-' {
			n++
		}
		return n
	}
	if n := dashes(i); n >= 2 && i+n < end && isWord(rs[i+n]) {
		return i + n
	}
	for k := i + 1; k < end; k++ {
		if n := dashes(k); n >= 2 && k+n < end && isWord(rs[k+n]) && (isWord(rs[k-1]) || strings.ContainsRune(`!"'&.,?`, rs[k-1])) {
			return k
		}
		if rs[k] == '-' && k+2 < end && k >= 2 && isHyphenLetter(rs[k-1]) && (isHyphenLetter(rs[k-2]) || rs[k-2] == '-') &&
			isHyphenLetter(rs[k+1]) && (isHyphenLetter(rs[k+2]) || rs[k+2] == '-') {
			return k + 1
		}
	}
	return end
}

func isHyphenLetter(r rune) bool { return isWord(r) && (r < '0' || r > '9') && r != '_' || r == '_' }
