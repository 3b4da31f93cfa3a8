package jinja

import (
	"html"
	"strings"
	"unicode/utf8"
)

// escapeStr makes text safe for HTML; what is safe already stays.
func escapeStr(s Str) Str {
	if s.safe {
		return s
	}
	if !strings.ContainsAny(s.s, `&<>"'`) {
		return s.markup()
	}
	return s.mapRunes(func(i int, r rune) string {
		switch r {
		case '&':
			return "&amp;"
		case '<':
			return "&lt;"
		case '>':
			return "&gt;"
		case '"':
			return "&#34;"
		case '\'':
			return "&#39;"
		}
		return s.s[i : i+utf8.RuneLen(r)]
	}).markup()
}

func (in *interp) escapeValue(v Value) Str { return escapeStr(in.soft(v)) }

// stripTags removes tags and comments, collapses white space and decodes
// entities.
func stripTags(s Str) Str {
	var b builder
	pos := 0
	for {
		i := strings.IndexByte(s.s[pos:], '<')
		if i < 0 {
			break
		}
		start := pos + i
		close, from := ">", start
		if strings.HasPrefix(s.s[start:], "<!--") {
			close, from = "-->", start+4
		}
		j := strings.Index(s.s[from:], close)
		if j < 0 {
			break
		}
		b.str(s.sub(pos, start))
		pos = from + j + len(close)
	}
	b.str(s.sub(pos, len(s.s)))
	var words builder
	for i, w := range splitSpace(b.done(), -1) {
		if i > 0 {
			words.text(" ")
		}
		words.str(w.(Str))
	}
	return unescapeHTML(words.done())
}

// unescapeHTML decodes entities run by run, so that marks stay right.
func unescapeHTML(s Str) Str {
	if !strings.Contains(s.s, "&") {
		return s
	}
	var b builder
	for _, g := range s.segments() {
		b.as(html.UnescapeString(g.Text), g.Input)
	}
	return b.done()
}
