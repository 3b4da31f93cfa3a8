package pretok

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"

	"malmoi/internal/token/uni"
)

// Limits on patterns that come from files. A pattern is run by a backtracking
// engine, so one that is built to explode is stopped by the clock; the text after
// that point is then left in one piece.
const (
	maxPattern   = 8 << 10
	matchTimeout = 2 * time.Second
)

// Compile returns the pattern of a regular expression: a scanner written by hand
// if the expression is a known one, the general engine otherwise. Letters and
// numbers of code points newer than Go's tables are not letters to the general
// engine.
func Compile(expression string) (Pattern, error) {
	if scan := handWritten(expression); scan != nil {
		return scan, nil
	}
	return compileRegex(expression)
}

func compileRegex(expression string) (Pattern, error) {
	if len(expression) > maxPattern {
		return nil, fmt.Errorf("pattern of %d bytes is longer than %d", len(expression), maxPattern)
	}
	re, err := regexp2.Compile(atomic(expression), regexp2.None)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", expression, err)
	}
	re.MatchTimeout = matchTimeout
	return &regex{re}, nil
}

type regex struct{ re *regexp2.Regexp }

// matching is one walk over one text; the engine counts in code points.
type matching struct {
	runes []rune
	at    []int // byte offset of each code point, and the end
	last  *regexp2.Match
}

func newMatching(s string) *matching {
	m := &matching{runes: make([]rune, 0, len(s)), at: make([]int, 0, len(s)+1)}
	for i, r := range s {
		m.runes, m.at = append(m.runes, r), append(m.at, i)
	}
	m.at = append(m.at, len(s))
	return m
}

// Find implements Pattern.
func (p *regex) Find(s string, _ int, state any) (int, int, any) {
	m, ok := state.(*matching)
	var err error
	if !ok {
		m = newMatching(s)
		m.last, err = p.re.FindRunesMatch(m.runes)
	} else {
		m.last, err = p.re.FindNextMatch(m.last)
	}
	if err != nil || m.last == nil {
		return -1, -1, m
	}
	return m.at[m.last.Index], m.at[m.last.Index+m.last.Length], m
}

// atomic rewrites possessive quantifiers, which the engine does not know, as
// atomic groups: X?+ becomes (?>X?). A '+' after a counted quantifier only
// repeats it in the dialect of these files.
func atomic(expression string) string {
	if !strings.ContainsAny(expression, "+") {
		return expression
	}
	var out []byte
	atom := 0        // where the last atom begins in out
	var groups []int // where the open groups begin
	for i := 0; i < len(expression); {
		quantifier := false
		size := 1
		switch c := expression[i]; c {
		case '\\':
			atom, size = len(out), escapeLen(expression[i:])
		case '[':
			atom, size = len(out), classLen(expression[i:])
		case '(':
			groups = append(groups, len(out))
		case ')':
			if n := len(groups); n > 0 {
				atom, groups = groups[n-1], groups[:n-1]
			}
		case '?', '*', '+':
			quantifier = i > 0 && expression[i-1] != '('
		case '{':
			if end := strings.IndexByte(expression[i:], '}'); end > 0 {
				size, quantifier = end+1, true
			}
		default:
			_, size = utf8.DecodeRuneInString(expression[i:])
			atom = len(out)
		}
		out = append(out, expression[i:i+size]...)
		counted := quantifier && expression[i] == '{'
		i += size
		if !quantifier || i >= len(expression) || expression[i] != '+' {
			if quantifier && i < len(expression) && expression[i] == '?' {
				out = append(out, '?')
				i++
			}
			continue
		}
		i++
		tail := string(out[atom:])
		if counted {
			out = append(append(append(out[:atom], "(?:"...), tail...), ")+"...)
		} else {
			out = append(append(append(out[:atom], "(?>"...), tail...), ')')
		}
	}
	return string(out)
}

// escapeLen is the length of an escape like \n or \p{Lu}.
func escapeLen(s string) int {
	if len(s) > 2 && strings.IndexByte("pPx", s[1]) >= 0 && s[2] == '{' {
		if end := strings.IndexByte(s, '}'); end > 0 {
			return end + 1
		}
	}
	if len(s) < 2 {
		return len(s)
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	return 1 + n
}

// classLen is the length of a bracket expression, classes inside it included.
func classLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '[':
			i += classLen(s[i:]) - 1
		case ']':
			if i > 1 && !(i == 2 && s[1] == '^') {
				return i + 1
			}
		}
	}
	return len(s)
}

// Literal returns the pattern that finds a fixed string.
func Literal(text string) Pattern { return literal(text) }

type literal string

// Find implements Pattern. An empty literal matches nothing.
func (l literal) Find(s string, from int, _ any) (int, int, any) {
	if i := strings.Index(s[min(from, len(s)):], string(l)); i >= 0 && l != "" {
		return from + i, from + i + len(l), nil
	}
	return -1, -1, nil
}

// Class returns the pattern that finds one code point of a class.
func Class(set uni.Class) Pattern {
	return scanner(func(c *classes, s string, i int) int { return c.runMax(s, i, set, 1) })
}
