package upstream

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRawText(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		var got rawText
		if err := json.Unmarshal([]byte(in), &got); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	f(`"가나"`, "가나")
	f(`"\ud55c\n\"x\\"`, "한\n\"x\\")
	f(`null`, "")
	f("\"\xed\x95\"", "\xed\x95")
	f("\"\x9c \\n\xed\"", "\x9c \n\xed")
	f("\"a\\\\\xed\"", "a\\\xed")
	for _, bad := range []string{`3`, `{}`, `["a"]`, "\"\xed\\x\""} {
		var got rawText
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%q was taken as %q", bad, got)
		}
	}
}

func TestJoiner(t *testing.T) {
	f := func(want string, pieces ...string) {
		t.Helper()
		var j joiner
		var got []string
		for _, p := range pieces {
			got = append(got, j.push(rawText(p)))
		}
		got = append(got, j.flush())
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: got %q, want %q", pieces, s, want)
		}
	}
	f("|한|", "\xed\x95", "\x9c")
	f("||한|", "\xed", "\x95", "\x9c")
	f("가|한a|", "가\xed", "\x95\x9ca")
	f("||||😀|", "\xf0", "\x9f", "\x98", "", "\x80"[:0]+"\x80")
	f("a|\uFFFD", "a\xed\x95")   // never completed
	f("\uFFFDa|", "\x9ca")       // never begun
	f("|\uFFFDx|", "\xed", "x")  // broken off
	f("가나|다|", "가나", "다")        // nothing to do
	f("\uFFFD|", "\xff\xfe\xff") // no UTF-8 at all
}

func FuzzJoiner(f *testing.F) {
	f.Add("가나다라 abc 😀", uint64(0x5555))
	f.Add("\xed\x95\x9c", uint64(7))
	f.Add("한\xff글", uint64(1<<63|3))
	f.Fuzz(func(t *testing.T, text string, cuts uint64) {
		var j joiner
		var got strings.Builder
		start := 0
		for i := range len(text) {
			if cuts>>(i%64)&1 == 1 {
				piece := j.push(rawText(text[start:i]))
				if !utf8.ValidString(piece) {
					t.Fatalf("%q is not UTF-8", piece)
				}
				got.WriteString(piece)
				start = i
			}
		}
		got.WriteString(j.push(rawText(text[start:])))
		got.WriteString(j.flush())
		if utf8.ValidString(text) && got.String() != text {
			t.Errorf("got %q, want %q", got.String(), text)
		}
	})
}
