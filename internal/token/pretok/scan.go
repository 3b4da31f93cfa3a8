package pretok

import (
	"unicode/utf8"

	"malmoi/internal/token/uni"
)

// scanner is a hand-written pattern: it returns where the match that begins
// exactly at i ends, or i if none does. 0 <= i < len(s).
type scanner func(c *classes, s string, i int) int

// classes is the class table with a fast path for ASCII.
type classes struct {
	ascii [utf8.RuneSelf]uni.Class
	table uni.Table
}

func newClasses() *classes {
	c := &classes{table: uni.Get()}
	for r := range c.ascii {
		c.ascii[r] = c.table.Of(rune(r))
	}
	return c
}

// at returns the class and the length of the code point at i, or no class and
// length 0 at the end of s. A byte that is not UTF-8 counts as U+FFFD.
func (c *classes) at(s string, i int) (uni.Class, int) {
	if i >= len(s) {
		return 0, 0
	}
	if b := s[i]; b < utf8.RuneSelf {
		return c.ascii[b], 1
	}
	r, n := utf8.DecodeRuneInString(s[i:])
	return c.table.Of(r), n
}

// run skips code points that have one of the classes.
func (c *classes) run(s string, i int, set uni.Class) int {
	for {
		k, n := c.at(s, i)
		if n == 0 || k&set == 0 {
			return i
		}
		i += n
	}
}

// runNot skips code points that have none of the classes.
func (c *classes) runNot(s string, i int, set uni.Class) int {
	for {
		k, n := c.at(s, i)
		if n == 0 || k&set != 0 {
			return i
		}
		i += n
	}
}

// runMax is run over at most limit code points; 0 is no limit.
func (c *classes) runMax(s string, i int, set uni.Class, limit int) int {
	for count := 0; limit == 0 || count < limit; count++ {
		k, n := c.at(s, i)
		if n == 0 || k&set == 0 {
			return i
		}
		i += n
	}
	return i
}

// runBytes skips bytes that are in set, at most limit of them; 0 is no limit.
func runBytes(s string, i int, set string, limit int) int {
	for start := i; i < len(s) && (limit == 0 || i-start < limit); i++ {
		found := false
		for j := 0; j < len(set); j++ {
			found = found || set[j] == s[i]
		}
		if !found {
			break
		}
	}
	return i
}

// spaces is \s+(?!\S)|\s+ : a run of white space without its last code point
// where a word follows, so that the word can have it.
func (c *classes) spaces(s string, i int) int {
	end := c.run(s, i, uni.Space)
	if end == len(s) || end == i {
		return end
	}
	_, n := utf8.DecodeLastRuneInString(s[i:end])
	if end-n > i {
		return end - n
	}
	return end
}

// newlines is \s*[\r\n]+ : white space up to and with its last line break, or i.
func (c *classes) newlines(s string, i int) int {
	end := c.run(s, i, uni.Space)
	for j := end; j > i; j-- {
		if b := s[j-1]; b == '\n' || b == '\r' {
			return j
		}
	}
	return i
}

// blank is the end of most patterns: \s*[\r\n]+|\s+(?!\S)|\s+ .
func (c *classes) blank(s string, i int) int {
	if end := c.newlines(s, i); end > i {
		return end
	}
	return c.spaces(s, i)
}

// contraction is 's|'t|'re|'ve|'m|'ll|'d, with any case if fold is set. The long
// s folds to s, as it does in both reference engines.
func contraction(s string, i int, fold bool) int {
	if i+1 >= len(s) || s[i] != '\'' {
		return i
	}
	letter := func(j int) byte {
		if j >= len(s) {
			return 0
		}
		b := s[j]
		if fold && 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		return b
	}
	switch a, b := letter(i+1), letter(i+2); {
	case a == 's', a == 't', a == 'm', a == 'd':
		return i + 2
	case a == 'r' && b == 'e', a == 'v' && b == 'e', a == 'l' && b == 'l':
		return i + 3
	case fold && a == 0xC5 && b == 0xBF: // U+017F
		return i + 3
	}
	return i
}

// isolate cuts s into matches and the stretches between them.
func (scan scanner) isolate(dst []string, s string) []string {
	c := shared()
	gap := 0
	for i := 0; i < len(s); {
		end := scan(c, s, i)
		if end == i {
			_, n := c.at(s, i)
			i += n
			continue
		}
		if gap < i {
			dst = append(dst, s[gap:i])
		}
		dst = append(dst, s[i:end])
		i, gap = end, end
	}
	if gap < len(s) {
		dst = append(dst, s[gap:])
	}
	return dst
}

// Find implements Pattern.
func (scan scanner) Find(s string, from int, _ any) (int, int, any) {
	c := shared()
	for i := from; i < len(s); {
		if end := scan(c, s, i); end > i {
			return i, end, nil
		}
		_, n := c.at(s, i)
		i += n
	}
	return -1, -1, nil
}
