package jinja

import (
	"sort"
	"unicode/utf8"
)

// Str is a string. Marks lists the byte ranges that came from outside the
// template, in order and without overlap or contact. Safe is Python's Markup:
// text that needs no HTML escaping.
type Str struct {
	s     string
	marks []span
	safe  bool
}

type span struct{ from, to int }

// Text makes a string the template author vouches for.
func Text(s string) Str { return Str{s: s} }

// Input makes a string that came from outside: every byte is marked.
func Input(s string) Str {
	if s == "" {
		return Str{}
	}
	return Str{s: s, marks: []span{{0, len(s)}}}
}

// String returns the characters without the marks.
func (s Str) String() string { return s.s }

// sub returns the bytes [i,j) with their marks.
func (s Str) sub(i, j int) Str {
	r := Str{s: s.s[i:j], safe: s.safe}
	if len(s.marks) == 0 || i == j {
		return r
	}
	k := sort.Search(len(s.marks), func(k int) bool { return s.marks[k].to > i })
	for ; k < len(s.marks) && s.marks[k].from < j; k++ {
		r.marks = append(r.marks, span{max(s.marks[k].from, i) - i, min(s.marks[k].to, j) - i})
	}
	return r
}

// plain drops the Markup property, as Python's str() does.
func (s Str) plain() Str { s.safe = false; return s }

func (s Str) markup() Str { s.safe = true; return s }

// marked reports whether the byte at i came from outside.
func (s Str) marked(i int) bool {
	k := sort.Search(len(s.marks), func(k int) bool { return s.marks[k].to > i })
	return k < len(s.marks) && s.marks[k].from <= i
}

// runes is the length in code points.
func (s Str) runes() int { return utf8.RuneCountInString(s.s) }

// offset returns the byte offset of code point n, which may equal the length.
func (s Str) offset(n int) int {
	if n <= 0 {
		return 0
	}
	if len(s.s) == utf8.RuneCountInString(s.s) {
		return min(n, len(s.s))
	}
	for i := range s.s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s.s)
}

// runeAt returns the code point number n as a string of its own.
func (s Str) runeAt(n int) Str {
	i := s.offset(n)
	_, w := utf8.DecodeRuneInString(s.s[i:])
	return s.sub(i, i+w)
}

// builder joins strings and keeps their marks.
type builder struct {
	buf   []byte
	marks []span
}

func (b *builder) str(s Str) {
	off := len(b.buf)
	b.buf = append(b.buf, s.s...)
	for _, m := range s.marks {
		b.mark(off+m.from, off+m.to)
	}
}

// text appends characters that are not marked.
func (b *builder) text(s string) { b.buf = append(b.buf, s...) }

// as appends characters that are marked if from is.
func (b *builder) as(s string, marked bool) {
	off := len(b.buf)
	b.buf = append(b.buf, s...)
	if marked {
		b.mark(off, len(b.buf))
	}
}

func (b *builder) mark(from, to int) {
	if from == to {
		return
	}
	if n := len(b.marks); n > 0 && b.marks[n-1].to == from {
		b.marks[n-1].to = to
		return
	}
	b.marks = append(b.marks, span{from, to})
}

func (b *builder) len() int { return len(b.buf) }

// done returns what was built. The builder must not be used afterwards.
func (b *builder) done() Str { return Str{s: string(b.buf), marks: b.marks} }

// concat joins strings.
func concat(parts ...Str) Str {
	n := 0
	for _, p := range parts {
		n += len(p.s)
	}
	b := builder{buf: make([]byte, 0, n)}
	for _, p := range parts {
		b.str(p)
	}
	return b.done()
}

// mapRunes replaces every code point by a string; the replacement is marked as
// its source is. f gets the byte offset and the code point.
func (s Str) mapRunes(f func(i int, r rune) string) Str {
	b := builder{buf: make([]byte, 0, len(s.s))}
	m := 0
	for i, r := range s.s {
		for m < len(s.marks) && s.marks[m].to <= i {
			m++
		}
		b.as(f(i, r), m < len(s.marks) && s.marks[m].from <= i)
	}
	r := b.done()
	r.safe = s.safe
	return r
}

// Segment is a run of rendered text that is wholly from the template (Input
// false) or wholly from outside it (Input true).
type Segment struct {
	Text  string
	Input bool
}

func (s Str) segments() []Segment {
	var out []Segment
	pos := 0
	for _, m := range s.marks {
		if m.from > pos {
			out = append(out, Segment{Text: s.s[pos:m.from]})
		}
		out = append(out, Segment{Text: s.s[m.from:m.to], Input: true})
		pos = m.to
	}
	if pos < len(s.s) {
		out = append(out, Segment{Text: s.s[pos:]})
	}
	return out
}
