package chat

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pythonCalls reads calls written as Python: f(a=1, b="x"), alone, in a list,
// or on lines of their own. Arguments must be named and literal.
func pythonCalls(body string, _ []Tool) ([]ToolCall, bool) {
	p := &pyReader{s: strings.Trim(body, space)}
	list := p.skip("[")
	var out []ToolCall
	for {
		p.space()
		if p.s == "" || list && p.skip("]") {
			break
		}
		c, ok := p.call()
		if !ok {
			return nil, false
		}
		out = append(out, c)
		p.space()
		p.skip(",")
	}
	p.space()
	return out, p.s == "" && len(out) > 0
}

// pyReader reads Python literals and turns them into JSON.
type pyReader struct {
	s     string
	depth int
}

func (p *pyReader) space() { p.s = strings.TrimLeft(p.s, space) }

func (p *pyReader) skip(word string) bool {
	p.space()
	if !strings.HasPrefix(p.s, word) {
		return false
	}
	p.s = p.s[len(word):]
	return true
}

func (p *pyReader) name() string {
	p.space()
	n := 0
	for n < len(p.s) {
		r, w := utf8.DecodeRuneInString(p.s[n:])
		if r != '_' && r != '.' && !unicode.IsLetter(r) && (n == 0 || !unicode.IsDigit(r)) {
			break
		}
		n += w
	}
	name := p.s[:n]
	p.s = p.s[n:]
	return name
}

func (p *pyReader) call() (ToolCall, bool) {
	name := strings.TrimSuffix(p.name(), ".call")
	if name == "" || !p.skip("(") {
		return ToolCall{}, false
	}
	a := newArgs(nil, "")
	for !p.skip(")") {
		key := p.name()
		if key == "" || !p.skip("=") {
			return ToolCall{}, false
		}
		v, ok := p.value()
		if !ok {
			return ToolCall{}, false
		}
		a.raw(key, []byte(v))
		if !p.skip(",") && !strings.HasPrefix(p.s, ")") {
			return ToolCall{}, false
		}
	}
	return ToolCall{Name: name, Arguments: a.object()}, true
}

// value reads a literal and returns it as JSON.
func (p *pyReader) value() (string, bool) {
	p.space()
	if p.s == "" || p.depth > 100 {
		return "", false
	}
	p.depth++
	defer func() { p.depth-- }()
	switch c := p.s[0]; c {
	case '"', '\'':
		return p.str()
	case '[', '(':
		return p.sequence(map[byte]string{'[': "]", '(': ")"}[c])
	case '{':
		return p.dict()
	}
	if c := p.s[0]; c == '-' || c == '+' || c >= '0' && c <= '9' {
		return p.number()
	}
	v, ok := map[string]string{"True": "true", "true": "true", "False": "false", "false": "false", "None": "null", "null": "null"}[p.name()]
	return v, ok
}

func (p *pyReader) number() (string, bool) {
	n := 1
	for n < len(p.s) && strings.IndexByte("0123456789.eE+-_", p.s[n]) >= 0 {
		n++
	}
	text := strings.ReplaceAll(strings.TrimPrefix(p.s[:n], "+"), "_", "")
	p.s = p.s[n:]
	if json.Valid([]byte(text)) {
		return text, true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return "", false
	}
	data, err := json.Marshal(f)
	return string(data), err == nil
}

func (p *pyReader) str() (string, bool) {
	quote := p.s[:1]
	if long := strings.Repeat(quote, 3); strings.HasPrefix(p.s, long) {
		quote = long
	}
	p.s = p.s[len(quote):]
	var b strings.Builder
	for !strings.HasPrefix(p.s, quote) {
		if p.s == "" {
			return "", false
		}
		if p.s[0] == '\\' {
			r, _, tail, err := strconv.UnquoteChar(p.s, quote[0])
			if err != nil {
				return "", false
			}
			b.WriteRune(r)
			p.s = tail
			continue
		}
		b.WriteByte(p.s[0])
		p.s = p.s[1:]
	}
	p.s = p.s[len(quote):]
	return string(quoteJSON(b.String())), true
}

func (p *pyReader) sequence(end string) (string, bool) {
	p.s = p.s[1:]
	var items []string
	for !p.skip(end) {
		v, ok := p.value()
		if !ok {
			return "", false
		}
		items = append(items, v)
		if !p.skip(",") && !strings.HasPrefix(p.s, end) {
			return "", false
		}
	}
	return "[" + strings.Join(items, ", ") + "]", true
}

func (p *pyReader) dict() (string, bool) {
	p.s = p.s[1:]
	a := newArgs(nil, "")
	for !p.skip("}") {
		p.space()
		if p.s == "" || p.s[0] != '"' && p.s[0] != '\'' {
			return "", false
		}
		k, ok := p.str()
		if !ok || !p.skip(":") {
			return "", false
		}
		v, ok := p.value()
		if !ok {
			return "", false
		}
		var key string
		if json.Unmarshal([]byte(k), &key) != nil {
			return "", false
		}
		a.raw(key, []byte(v))
		if !p.skip(",") && !strings.HasPrefix(p.s, "}") {
			return "", false
		}
	}
	return a.object(), true
}
