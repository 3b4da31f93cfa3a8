package uni

import (
	"testing"
	"unicode"
)

func TestClasses(t *testing.T) {
	for r, want := range map[rune]Class{
		'a': Ll | Word, 'A': Lu | Word, '가': Lo | Word, '\u1100': Lo | Word, '1': N | Number | Word, '_': P | Punct | Word,
		'$': S | Punct, '中': Lo | Word | CJK | Han, ' ': Space | Blank, '\u3000': Space | Blank, '\u00a0': Space | Blank,
		'\u0301': M | Word | Accent | Mark, 'ʰ': Lm | Word, 'ǅ': Lt | Word, '\u200b': Control, '\x00': Control, '½': N | Number,
		'\n': Space | Blank, '\U00010d50': Lu | Word, '\u1c89': Lu | Word, '👍': S, '\U000e0100': M | Word | Accent | Mark,
		-1: 0, 0x110000: 0,
	} {
		if got := Of(r); got != want {
			t.Errorf("%U: got %b, want %b", r, got, want)
		}
	}
	// Where both Go's tables and ours have assigned a code point they must agree.
	for r := rune(0); r <= unicode.MaxRune; r++ {
		k := Of(r)
		for set, table := range map[Class]*unicode.RangeTable{L: unicode.L, N: unicode.N, P: unicode.P, S: unicode.S, M: unicode.M} {
			if unicode.Is(table, r) && k&set == 0 && k != 0 {
				t.Errorf("%U is of another category in Go's tables", r)
			}
		}
		if (k&Space != 0) != unicode.IsSpace(r) {
			t.Errorf("%U: white space %v", r, k&Space != 0)
		}
	}
}

func TestLower(t *testing.T) {
	for r, want := range map[rune]string{'A': "a", 'z': "z", 'İ': "i\u0307", 'Σ': "σ", '\u1c89': "\u1c8a", '\U00010d50': "\U00010d70", '\ua7dc': "\u019b", '가': "가"} {
		if got := string(AppendLower(nil, r)); got != want {
			t.Errorf("%U: got %q, want %q", r, got, want)
		}
	}
}
