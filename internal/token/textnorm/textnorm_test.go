package textnorm

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"malmoi/internal/token/pretok"
)

// The expected values are tokenizers 0.23.3's (normalize_str).
func TestNormalizers(t *testing.T) {
	many, err := pretok.Compile(` {2,}`)
	if err != nil {
		t.Fatal(err)
	}
	check := func(n Normalizer, in, want string) {
		t.Helper()
		if got := n.Normalize(in); got != want {
			t.Errorf("%T of %q: got %q, want %q", n, in, got, want)
		}
	}
	check(NFC(), "e\u0301 \u1112\u1161\u11ab \u212b", "é 한 Å")
	check(NFD(), "é 한", "e\u0301 \u1112\u1161\u11ab")
	check(NFKC(), "ﬁ㎏①", "fikg1")
	check(NFKD(), "Å½", "A\u030a1\u20442")
	check(NFC(), "\U00011935\U00011930", "\U00011935\U00011930") // composes since Unicode 13
	check(NFKC(), "\u32ff", "\u32ff")                            // the era Reiwa, Unicode 12.1
	check(NFC(), "a"+strings.Repeat("\u0301", 40), "á"+strings.Repeat("\u0301", 39))
	check(NFC(), "a\xff\u0301\xea\xb0", "a\xff\u0301\xea\xb0")
	check(Lowercase{}, "ÀΣİǅ\u1c89", "àσi\u0307ǆ\u1c8a")
	check(StripAccents{}, "e\u0301x", "ex")
	check(Strip{Left: true, Right: true}, "\u3000 a b\n", "a b")
	check(Strip{Right: true}, " a ", " a")
	check(Prepend{"▁"}, "", "")
	check(Prepend{"▁"}, "a", "▁a")
	check(ReplaceString("", "x"), "abc", "abc")
	check(Replace{many, "_"}, "a   b c  ", "a_b c_")
	check(Bert{Clean: true, CJK: true, StripAccents: true, Lower: true}, "É\t한\u200b中a\u00a0", "e \u1112\u1161\u11ab 中 a ")
	check(Nmt{}, "a\u200b\x07b", "a b")
}

// TestSlow compares the normal forms by the book with x/text, on strings of the
// kind it gets wrong but short enough for it.
func TestSlow(t *testing.T) {
	pool := []rune("aeAE가각한ㄱ\u1100\u1161\u11a8\u0301\u0308\u0327\u0323\u0345\u0334\u1e9b\u0f71\u0f72\u0f74ﬁ½Å\u0958\u09c7\u09be")
	r := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		in := make([]rune, 1+r.IntN(10))
		for i := range in {
			in[i] = pool[r.IntN(len(pool))]
		}
		for _, f := range []Form{NFC(), NFD(), NFKC(), NFKD()} {
			if got, want := f.slow(string(in)), f.form.String(string(in)); got != want {
				t.Fatalf("%v of %+q: got %+q, want %+q", f.form, string(in), got, want)
			}
		}
	}
}

func TestCharsmapIsChecked(t *testing.T) {
	for _, data := range [][]byte{nil, {1}, {4, 0, 0, 0}, {3, 0, 0, 0, 1, 2, 3}, {255, 255, 255, 255, 0, 0, 0, 0}} {
		if _, err := NewCharsmap(data); err == nil {
			t.Errorf("%v: no error", data)
		}
	}
}

// FuzzCharsmap runs damaged maps.
func FuzzCharsmap(f *testing.F) {
	f.Add([]byte{8, 0, 0, 0, 0, 4, 0, 0, 0x61, 1, 0, 0, 'b', 0}, "abc")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		c, err := NewCharsmap(data)
		if err != nil {
			return
		}
		out := c.Normalize(text)
		if c.unchanged(text) && out != text {
			t.Errorf("%q became %q though no key begins in it", text, out)
		}
	})
}

// FuzzForms checks that normal forms are stable and keep what is not UTF-8.
func FuzzForms(f *testing.F) {
	f.Add("e\u0301가\xff")
	f.Add(strings.Repeat("\u0301\u0327", 20))
	f.Fuzz(func(t *testing.T, text string) {
		for _, form := range []Form{NFC(), NFD(), NFKC(), NFKD()} {
			once := form.Normalize(text)
			if twice := form.Normalize(once); twice != once {
				t.Errorf("%q: once %q, twice %q", text, once, twice)
			}
			if utf8.ValidString(text) != utf8.ValidString(once) {
				t.Errorf("%q became %q", text, once)
			}
		}
	})
}
