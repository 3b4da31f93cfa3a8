package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// str reads a string literal.
func (lx *lexer) str() {
	quote := lx.src[lx.pos]
	p := lx.pos + 1
	for ; p < len(lx.src) && lx.src[p] != quote; p++ {
		if lx.src[p] == '\\' {
			p++
		}
	}
	if p >= len(lx.src) {
		throwSyntax(lx.line, "unexpected char %s at %d", reprText(Text(string(quote))), lx.pos)
	}
	lx.add(token{kind: tokString, text: lx.unescape(lx.src[lx.pos+1 : p])})
	lx.advance(p + 1)
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape reads Python's backslash escapes. Unknown ones stay as written.
func (lx *lexer) unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		c := s[i+1]
		if r, ok := simpleEscapes[c]; ok {
			b.WriteString(r)
			i += 2
			continue
		}
		switch c {
		case 'x', 'u', 'U':
			i = lx.hexEscape(&b, s, i)
		case '0', '1', '2', '3', '4', '5', '6', '7':
			j, v := i+1, rune(0)
			for ; j < len(s) && j < i+4 && s[j] >= '0' && s[j] <= '7'; j++ {
				v = v*8 + rune(s[j]-'0')
			}
			b.WriteRune(v)
			i = j
		case 'N':
			throwSyntax(lx.line, `\N{...} escapes are not supported`)
		default:
			b.WriteByte('\\')
			i++
		}
	}
	return b.String()
}

func (lx *lexer) hexEscape(b *strings.Builder, s string, i int) int {
	n := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i+1]]
	end := i + 2 + n
	if end > len(s) {
		throwSyntax(lx.line, `truncated \%c escape`, s[i+1])
	}
	v, err := strconv.ParseUint(s[i+2:end], 16, 32)
	if err != nil || v > utf8.MaxRune {
		throwSyntax(lx.line, `bad \%c escape`, s[i+1])
	}
	b.WriteRune(rune(v))
	return end
}
