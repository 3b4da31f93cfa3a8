package jinja

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokEOF tokenKind = iota
	tokData
	tokBlockBegin
	tokBlockEnd
	tokVarBegin
	tokVarEnd
	tokName
	tokString
	tokInt
	tokFloat
	tokOp
)

// token is a lexical unit. text is the data, name, string value or operator;
// val is the number.
type token struct {
	kind tokenKind
	text string
	val  Value
	line int
}

func (t token) describe() string {
	switch t.kind {
	case tokEOF:
		return "end of template"
	case tokData:
		return "template data / text"
	case tokBlockBegin:
		return "begin of statement block"
	case tokBlockEnd:
		return "end of statement block"
	case tokVarBegin:
		return "begin of print statement"
	case tokVarEnd:
		return "end of print statement"
	case tokString:
		return "string"
	case tokInt:
		return "integer"
	case tokFloat:
		return "float"
	}
	return t.text
}

// lexer cuts a template into tokens. Whitespace control happens here: a tag
// written as {%- or -%} eats all white space on that side, a plain block or
// comment tag eats the newline after it and the blanks between it and the
// start of its line.
type lexer struct {
	src       string
	pos       int
	line      int
	lineStart bool // the last tag ended with a newline, or none came yet
	out       []token
}

func lex(src string) []token {
	src = validUTF8(src)
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	src = strings.TrimSuffix(src, "\n")
	lx := &lexer{src: src, line: 1, lineStart: true}
	for lx.pos < len(lx.src) {
		lx.root()
	}
	lx.add(token{kind: tokEOF})
	return lx.out
}

func (lx *lexer) add(t token) {
	if t.line == 0 {
		t.line = lx.line
	}
	lx.out = append(lx.out, t)
	if len(lx.out) > maxTokens {
		throwSyntax(lx.line, "template of more than %d tokens", maxTokens)
	}
}

// advance moves to position p and counts the lines in between.
func (lx *lexer) advance(p int) {
	if p > lx.pos {
		lx.line += strings.Count(lx.src[lx.pos:p], "\n")
		lx.lineStart = lx.src[p-1] == '\n'
		lx.pos = p
	}
}

// root handles text up to and including the next tag.
func (lx *lexer) root() {
	rest := lx.src[lx.pos:]
	i := 0
	for {
		j := strings.IndexByte(rest[i:], '{')
		if j < 0 || i+j+1 >= len(rest) {
			lx.data(rest)
			lx.advance(len(lx.src))
			return
		}
		i += j
		if c := rest[i+1]; c == '%' || c == '{' || c == '#' {
			break
		}
		i++
	}
	kind := rest[i+1]
	after := lx.pos + i + 2
	sign := byte(0)
	if after < len(lx.src) && (lx.src[after] == '-' || lx.src[after] == '+') {
		sign = lx.src[after]
		after++
	}
	lx.data(lx.stripBefore(rest[:i], sign, kind == '{'))
	if kind == '%' {
		if end := lx.rawBegin(after); end > 0 {
			lx.advance(end)
			lx.raw()
			return
		}
	}
	lx.advance(after)
	switch kind {
	case '#':
		lx.comment()
	case '%':
		lx.add(token{kind: tokBlockBegin})
		lx.tag("%}", tokBlockEnd)
	default:
		lx.add(token{kind: tokVarBegin})
		lx.tag("}}", tokVarEnd)
	}
}

func (lx *lexer) data(s string) {
	if s != "" {
		lx.add(token{kind: tokData, text: s})
	}
}

// stripBefore removes what the tag that follows text eats of it.
func (lx *lexer) stripBefore(text string, sign byte, variable bool) string {
	switch {
	case sign == '-':
		return strings.TrimRightFunc(text, isSpace)
	case sign == '+' || variable:
		return text
	}
	l := strings.LastIndexByte(text, '\n') + 1
	if (l > 0 || lx.lineStart) && strings.TrimLeftFunc(text[l:], isSpace) == "" {
		return text[:l]
	}
	return text
}

// rawBegin returns the end of a {% raw %} tag whose sign ends at p, or 0.
func (lx *lexer) rawBegin(p int) int {
	p = lx.skipSpace(p)
	if !strings.HasPrefix(lx.src[p:], "raw") {
		return 0
	}
	p = lx.skipSpace(p + len("raw"))
	switch {
	case strings.HasPrefix(lx.src[p:], "-%}"):
		return lx.skipSpace(p + 3)
	case strings.HasPrefix(lx.src[p:], "%}"):
		return p + 2
	}
	return 0
}

func (lx *lexer) skipSpace(p int) int {
	return len(lx.src) - len(strings.TrimLeftFunc(lx.src[p:], isSpace))
}

func (lx *lexer) raw() {
	for i := lx.pos; ; i++ {
		j := strings.Index(lx.src[i:], "{%")
		if j < 0 {
			throwSyntax(lx.line, "Missing end of raw directive")
		}
		i += j
		p, sign := i+2, byte(0)
		if p < len(lx.src) && (lx.src[p] == '-' || lx.src[p] == '+') {
			sign = lx.src[p]
			p++
		}
		p = lx.skipSpace(p)
		if !strings.HasPrefix(lx.src[p:], "endraw") {
			continue
		}
		p = lx.skipSpace(p + len("endraw"))
		end, ok := lx.tagEnd(p, "%}", true)
		if !ok {
			continue
		}
		lx.data(lx.stripBefore(lx.src[lx.pos:i], sign, false))
		lx.advance(end)
		return
	}
}

func (lx *lexer) comment() {
	j := strings.Index(lx.src[lx.pos:], "#}")
	if j < 0 {
		throwSyntax(lx.line, "Missing end of comment tag")
	}
	p := lx.pos + j
	if j > 0 && (lx.src[p-1] == '-' || lx.src[p-1] == '+') {
		p--
	}
	end, _ := lx.tagEnd(p, "#}", true)
	lx.advance(end)
}

// tagEnd matches a closing delimiter at p and returns the position after what
// it eats. block tags may carry a plus and eat one newline.
func (lx *lexer) tagEnd(p int, close string, block bool) (int, bool) {
	s := lx.src[p:]
	switch {
	case strings.HasPrefix(s, "-"+close):
		return lx.skipSpace(p + 1 + len(close)), true
	case block && strings.HasPrefix(s, "+"+close):
		return p + 1 + len(close), true
	case strings.HasPrefix(s, close):
		p += len(close)
		if block && p < len(lx.src) && lx.src[p] == '\n' {
			p++
		}
		return p, true
	}
	return 0, false
}

// tag reads the tokens of a tag up to its end.
func (lx *lexer) tag(close string, endKind tokenKind) {
	var open []byte // brackets to be closed
	for lx.pos < len(lx.src) {
		if len(open) == 0 {
			if end, ok := lx.tagEnd(lx.pos, close, endKind == tokBlockEnd); ok {
				lx.add(token{kind: endKind})
				lx.advance(end)
				return
			}
		}
		if p := lx.skipSpace(lx.pos); p > lx.pos {
			lx.advance(p)
			continue
		}
		c := lx.src[lx.pos]
		switch {
		case c >= '0' && c <= '9':
			lx.number()
		case c == '\'' || c == '"':
			lx.str()
		case c == '_' || c >= utf8.RuneSelf || c|0x20 >= 'a' && c|0x20 <= 'z':
			lx.name()
		default:
			open = lx.operator(open)
		}
	}
}

func (lx *lexer) name() {
	p := lx.pos
	for i, r := range lx.src[p:] {
		if !isWord(r) {
			break
		}
		p = lx.pos + i + utf8.RuneLen(r)
	}
	if p == lx.pos {
		r, _ := utf8.DecodeRuneInString(lx.src[p:])
		throwSyntax(lx.line, "unexpected char %s at %d", reprText(Text(string(r))), p)
	}
	name := lx.src[lx.pos:p]
	if r, _ := utf8.DecodeRuneInString(name); r != '_' && !unicode.IsLetter(r) && !unicode.Is(unicode.Nl, r) {
		throwSyntax(lx.line, "Invalid character in identifier")
	}
	lx.add(token{kind: tokName, text: name})
	lx.advance(p)
}

func isWord(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
}

const operators = "** // == != >= <= + - / * % ~ [ ] ( ) { } > < = . : | , ;"

func (lx *lexer) operator(open []byte) []byte {
	rest := lx.src[lx.pos:]
	op := ""
	for _, o := range strings.Fields(operators) {
		if strings.HasPrefix(rest, o) {
			op = o
			break
		}
	}
	if op == "" {
		r, _ := utf8.DecodeRuneInString(rest)
		throwSyntax(lx.line, "unexpected char %s at %d", reprText(Text(string(r))), lx.pos)
	}
	switch op {
	case "(":
		open = append(open, ')')
	case "[":
		open = append(open, ']')
	case "{":
		open = append(open, '}')
	case ")", "]", "}":
		if len(open) == 0 {
			throwSyntax(lx.line, "unexpected '%s'", op)
		}
		if want := open[len(open)-1]; want != op[0] {
			throwSyntax(lx.line, "unexpected '%s', expected '%c'", op, want)
		}
		open = open[:len(open)-1]
	}
	lx.add(token{kind: tokOp, text: op})
	lx.advance(lx.pos + len(op))
	return open
}

// number reads an int or float literal. A float does not start after a dot,
// so that x.0.1 is two lookups.
func (lx *lexer) number() {
	s := lx.src[lx.pos:]
	n := digits(s, 0, isDecimal)
	afterDot := lx.pos > 0 && lx.src[lx.pos-1] == '.'
	if end := floatEnd(s, n); end > 0 && !afterDot {
		f, err := strconv.ParseFloat(strings.ReplaceAll(s[:end], "_", ""), 64)
		if err != nil && !isRangeError(err) {
			throwSyntax(lx.line, "invalid number %q", s[:end])
		}
		lx.add(token{kind: tokFloat, val: Float(f)})
		lx.advance(lx.pos + end)
		return
	}
	end := intEnd(s, n)
	if end > maxDigits {
		throwSyntax(lx.line, "number of more than %d digits", maxDigits)
	}
	b, ok := new(big.Int).SetString(strings.ReplaceAll(s[:end], "_", ""), 0)
	if !ok {
		b = new(big.Int)
	}
	lx.add(token{kind: tokInt, val: normBig(b), text: s[:end]})
	lx.advance(lx.pos + end)
}

func isRangeError(err error) bool {
	ne, ok := err.(*strconv.NumError)
	return ok && ne.Err == strconv.ErrRange
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }

// digits returns the end of the longest run of digits that starts at p, single
// underscores between digits allowed; p if there is none.
func digits(s string, p int, is func(byte) bool) int {
	if p >= len(s) || !is(s[p]) {
		return p
	}
	for p++; p < len(s); p++ {
		if s[p] == '_' && p+1 < len(s) && is(s[p+1]) {
			p++
		}
		if !is(s[p]) {
			break
		}
	}
	return p
}

func floatEnd(s string, n int) int {
	end := 0
	if n+1 < len(s) && s[n] == '.' {
		if d := digits(s, n+1, isDecimal); d > n+1 {
			n, end = d, d
		}
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		e := n + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if d := digits(s, e, isDecimal); d > e {
			end = d
		}
	}
	return end
}

func intEnd(s string, n int) int {
	if s[0] != '0' {
		return n
	}
	if len(s) > 2 {
		var is func(byte) bool
		switch s[1] | 0x20 {
		case 'x':
			is = func(c byte) bool { return isDecimal(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }
		case 'o':
			is = func(c byte) bool { return c >= '0' && c <= '7' }
		case 'b':
			is = func(c byte) bool { return c == '0' || c == '1' }
		}
		if is != nil {
			p := 2
			if s[2] == '_' {
				p = 3
			}
			if e := digits(s, p, is); e > p {
				return e
			}
		}
	}
	return digits(s, 0, func(c byte) bool { return c == '0' })
}
