package pretok

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"malmoi/internal/token/uni"
)

// agreed says whether Go's tables, which the general engine uses, classify a text
// as ours do.
func agreed(text string) bool {
	for _, r := range text {
		k := uni.Of(r)
		for set, table := range map[uni.Class]*unicode.RangeTable{
			uni.Lu: unicode.Lu, uni.Ll: unicode.Ll, uni.Lt: unicode.Lt, uni.Lm: unicode.Lm, uni.Lo: unicode.Lo,
			uni.N: unicode.N, uni.P: unicode.P, uni.S: unicode.S, uni.M: unicode.M,
		} {
			if unicode.Is(table, r) != (k&set != 0) {
				return false
			}
		}
	}
	return true
}

// FuzzScanners compares every hand-written pattern with the general engine.
func FuzzScanners(f *testing.F) {
	s := readSplits(f)
	type pair struct {
		name string
		scan scanner
		re   Pattern
	}
	var pairs []pair
	for name, p := range s.Patterns {
		re, err := compileRegex(p.Pattern)
		if err != nil {
			f.Fatal(err)
		}
		pairs = append(pairs, pair{name, handWritten(p.Pattern), re})
	}
	for _, text := range s.Strings {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 200 || !utf8.ValidString(text) || strings.Contains(text, "ſ") || !agreed(text) {
			return
		}
		for _, p := range pairs {
			got, want := Split{Pattern: p.scan}.Split(nil, text, true), Split{Pattern: p.re}.Split(nil, text, true)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q\n got %q\nwant %q", p.name, text, got, want)
			}
		}
	})
}

// FuzzCompile feeds patterns; those that compile must not lose text.
func FuzzCompile(f *testing.F) {
	for _, p := range []string{`a++|b?+|(c|d)*+`, `[^\]a]{1,3}+`, `\p{L}+?`, `(?<=x)y`, `(a+)+$`, `[[:alpha:]]+`, `(`, `\`, `[`, `{2}+`, `x{,3}`} {
		f.Add(p, "abc 123")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := Compile(pattern)
		if err != nil {
			return
		}
		for _, b := range []Behavior{Isolated, MergedWithPrev, MergedWithNext, Contiguous} {
			if got := strings.Join(Split{Pattern: re, Behavior: b}.Split(nil, text, true), ""); got != text {
				t.Errorf("%q behavior %d: %q became %q", pattern, b, text, got)
			}
		}
	})
}

func TestAtomic(t *testing.T) {
	for in, want := range map[string]string{
		`a+b`:               `a+b`,
		`a++b`:              `(?>a+)b`,
		`[^\r\n]?+\p{L}++`:  `(?>[^\r\n]?)(?>\p{L}+)`,
		`(?:ab|c)*+d`:       `(?>(?:ab|c)*)d`,
		`\p{N}{1,3}+`:       `(?:\p{N}{1,3})+`,
		`\++`:               `\++`,
		`[+]++`:             `(?>[+]+)`,
		`가++`:               `(?>가+)`,
		`\s++$|\s+(?!\S)|a`: `(?>\s+)$|\s+(?!\S)|a`,
	} {
		if got := atomic(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// TestRunawayPattern checks that a pattern built to explode is stopped.
func TestRunawayPattern(t *testing.T) {
	re, err := Compile(`(a+)+$`)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("a", 40) + "b"
	if got := (Split{Pattern: re}).Split(nil, text, true); strings.Join(got, "") != text {
		t.Errorf("got %q", got)
	}
	if _, err := Compile(strings.Repeat("a", maxPattern+1)); err == nil {
		t.Error("a pattern beyond the limit was taken")
	}
}

func TestStages(t *testing.T) {
	f := func(s Stage, in string, first bool, want ...string) {
		t.Helper()
		if got := s.Split(nil, in, first); !slices.Equal(got, want) {
			t.Errorf("%T %q: got %q, want %q", s, in, got, want)
		}
	}
	f(Digits(true), "a12b", true, "a", "1", "2", "b")
	f(Digits(false), "a12b", true, "a", "12", "b")
	f(Whitespace(), "안녕, a_1  !?", true, "안녕", ",", "a_1", "!?")
	f(WhitespaceSplit(), " a\u3000b ", true, "a", "b")
	f(Bert(), "a b.c", true, "a", "b", ".", "c")
	f(PrefixSpace{}, "a", true, " a")
	f(PrefixSpace{}, " a", true, " a")
	f(Metaspace{Mark: '▁'}, "a b", false, "▁a", "▁b")
	f(Metaspace{Mark: '▁', Prefix: PrefixFirst}, "a  b", false, "a", "▁", "▁b")
	f(Metaspace{Mark: '▁', Prefix: PrefixFirst, Whole: true}, "a b", true, "▁a▁b")
	f(Fixed{2}, "가나다라마", true, "가나", "다라", "마")
	f(Mapped{Digits(true)}, "é1", true, "é", "1")
	f(Chain{Digits(true), WhitespaceSplit()}.Stage(), "a 1", true, "a", "1")
	f(Split{Pattern: Literal("")}, "ab", true, "ab")
}
