package pretok

import (
	"sync"

	"malmoi/internal/token/uni"
)

var shared = sync.OnceValue(newClasses)

// gpt2 is 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ .
func gpt2(c *classes, s string, i int) int {
	if end := contraction(s, i, false); end > i {
		return end
	}
	j := i
	if s[i] == ' ' {
		j++
	}
	k, n := c.at(s, j)
	switch {
	case n == 0 || k&uni.Space != 0:
		return c.spaces(s, i)
	case k&uni.L != 0:
		return c.run(s, j, uni.L)
	case k&uni.N != 0:
		return c.run(s, j, uni.N)
	}
	return c.runNot(s, j, uni.Space|uni.L|uni.N)
}

// modern describes the family of patterns that began with cl100k:
//
//	contraction | [^\r\n\p{L}\p{N}]?LETTERS+ | \p{N}{1,digits} | ?[^\s LETTERS \p{N}]+[tail]* | \s*[\r\n]+ | \s+(?!\S) | \s+
type modern struct {
	noContractions bool      // no first alternative
	letters        uni.Class // what a word is made of
	joined         bool      // words of letters, marks and single spaces between letters
	digits         int       // the longest number; 0 is any length
	tail           string    // bytes that follow punctuation
	tailMax        int       // how many of them; 0 is any number
	endRun         bool      // white space at the end of the text is one piece (\s++$)
}

func (m modern) scan(c *classes, s string, i int) int {
	if !m.noContractions {
		if end := contraction(s, i, true); end > i {
			return end
		}
	}
	k, n := c.at(s, i)
	if end := m.word(c, s, i, k, n); end > i {
		return end
	}
	if k&uni.N != 0 {
		return c.runMax(s, i, uni.N, m.digits)
	}
	j := i
	if s[i] == ' ' {
		j++
	}
	stop := uni.Space | uni.N | m.letters
	if end := c.runNot(s, j, stop); end > j {
		return runBytes(s, end, m.tail, m.tailMax)
	}
	if m.endRun {
		if end := c.run(s, i, uni.Space); end == len(s) {
			return end
		}
	}
	return c.blank(s, i)
}

// word matches letters with at most one other code point in front, which is no
// line break and no number. k and n are of the code point at i.
func (m modern) word(c *classes, s string, i int, k uni.Class, n int) int {
	start := i
	if k&m.letters == 0 {
		if k&uni.N != 0 || s[i] == '\r' || s[i] == '\n' {
			return i
		}
		start += n
	}
	end := start
	if m.joined {
		end = c.joinedWord(s, start)
	} else {
		end = c.run(s, start, m.letters)
	}
	if end == start {
		return i
	}
	return end
}

// joinedWord is (?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+ .
func (c *classes) joinedWord(s string, i int) int {
	k, _ := c.at(s, i)
	if k&uni.L == 0 {
		return i
	}
	for {
		i = c.run(s, i, uni.L|uni.M)
		if i >= len(s) || s[i] != ' ' {
			return i
		}
		if k, _ := c.at(s, i+1); k&uni.L == 0 {
			return i
		}
		i++
	}
}

// cased describes the family of patterns that began with o200k: as modern, but a
// word ends before an upper-case letter that follows a lower-case one.
//
//	P?U*W+contraction? | P?U+W*contraction? | \p{N}{1,digits} | ?[^\s\p{L}\p{N}]+[tail]* | ...
//
// with P = [^\r\n\p{L}\p{N}], U = [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}], W = [\p{Ll}\p{Lm}\p{Lo}\p{M}].
type cased struct {
	contractions bool
	digits       int
	tail         string
}

func (m cased) scan(c *classes, s string, i int) int {
	if end := m.word(c, s, i); end > i {
		if m.contractions {
			end = contraction(s, end, true)
		}
		return end
	}
	if k, _ := c.at(s, i); k&uni.N != 0 {
		return c.runMax(s, i, uni.N, m.digits)
	}
	j := i
	if s[i] == ' ' {
		j++
	}
	if end := c.runNot(s, j, uni.Space|uni.L|uni.N); end > j {
		return runBytes(s, end, m.tail, 0)
	}
	return c.blank(s, i)
}

// word tries the alternatives in the order of a backtracking engine: P?U*W+ with
// and without P, then P?U+W* with and without P.
func (m cased) word(c *classes, s string, i int) int {
	k, n := c.at(s, i)
	prefix := k&(uni.L|uni.N) == 0 && s[i] != '\r' && s[i] != '\n'
	if prefix {
		if end := c.lowerEnd(s, i+n); end > i+n {
			return end
		}
	}
	if end := c.lowerEnd(s, i); end > i {
		return end
	}
	if prefix {
		if end := c.run(s, i+n, uni.Upperish); end > i+n {
			return c.run(s, end, uni.Lowerish)
		}
	}
	if end := c.run(s, i, uni.Upperish); end > i {
		return c.run(s, end, uni.Lowerish)
	}
	return i
}

// lowerEnd is U*W+ : where no W follows the run of U, the run gives back code
// points until the last is one that W has too.
func (c *classes) lowerEnd(s string, i int) int {
	shared := i // end of the last code point of the run that is also a W
	j := i
	for {
		k, n := c.at(s, j)
		if n == 0 || k&uni.Upperish == 0 {
			break
		}
		j += n
		if k&uni.Lowerish != 0 {
			shared = j
		}
	}
	if end := c.run(s, j, uni.Lowerish); end > j {
		return end
	}
	return shared
}

// deepseek is the last stage of the DeepSeek family and of the newer HyperCLOVA X:
//
//	[ASCII punctuation][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func deepseek(c *classes, s string, i int) int {
	const letters = uni.L | uni.M
	if b := s[i]; b < 0x80 && c.ascii[b]&(uni.P|uni.S) != 0 {
		j := i + 1
		for j < len(s) && (s[j]|0x20) >= 'a' && (s[j]|0x20) <= 'z' {
			j++
		}
		if j > i+1 {
			return j
		}
	}
	k, n := c.at(s, i)
	start := i
	if k&letters == 0 && k&(uni.P|uni.S) == 0 && s[i] != '\r' && s[i] != '\n' {
		start += n
	}
	if end := c.run(s, start, letters); end > start {
		return end
	}
	if s[i] == ' ' {
		n = 1
	} else {
		n = 0
	}
	if end := c.run(s, i+n, uni.P|uni.S); end > i+n {
		return runBytes(s, end, "\r\n", 0)
	}
	return c.blank(s, i)
}
