package account

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestLoginsHaveOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		"Kim":                   "kim",
		"  kim.cs_01 ":          "kim.cs_01",
		"kim@corp.kr":           "kim@corp.kr",
		"홍길동":                   "홍길동",
		norm.NFD.String("홍길동"):  "홍길동", // as macOS types it
		"1004":                  "1004",
		"Ｋim":                   "", // full width
		"кim":                   "", // Cyrillic ka
		"ㅎㅎ":                    "", // letters of their own
		"ᄒ":                     "", // a leading consonant without its vowel
		"kim\u200b":             "", // zero width
		"kim lee":               "",
		"@kim":                  "",
		"-rf":                   "",
		"~local":                "",
		"":                      "",
		"   ":                   "",
		"kim\x00":               "",
		"k\u0131m":              "",    // Turkish dotless i
		"\u212aim":              "kim", // the Kelvin sign is K in NFC
		strings.Repeat("a", 64): strings.Repeat("a", 64),
		strings.Repeat("a", 65): "",
		strings.Repeat("가", 64): strings.Repeat("가", 64),
		"\xff":                  "",
	} {
		got, err := NormaliseLogin(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("NormaliseLogin(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func FuzzNormaliseLogin(f *testing.F) {
	for _, s := range []string{"kim", "홍길동", norm.NFD.String("각"), "İ", "\u212a", "a\xff", "ﬁ", strings.Repeat("ᄀ", 200)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := NormaliseLogin(s)
		if err != nil {
			if n != "" {
				t.Fatalf("%q: %q with error %v", s, n, err)
			}
			return
		}
		if again, err := NormaliseLogin(n); again != n || err != nil {
			t.Fatalf("%q became %q and then %q, %v: not one spelling", s, n, again, err)
		}
		if count := utf8.RuneCountInString(n); count < 1 || count > MaxLogin {
			t.Fatalf("%q has %d characters", n, count)
		}
		for _, r := range n {
			if r >= 0x80 && (r < '가' || r > '힣') || r >= 'A' && r <= 'Z' || r <= ' ' {
				t.Fatalf("%q holds %q", n, r)
			}
		}
		if got := suggestLogin(n); utf8.RuneCountInString(n) <= MaxLogin-4 && got != n {
			t.Fatalf("suggestLogin(%q) = %q", n, got)
		}
	})
}

func TestNamesHideNothing(t *testing.T) {
	for in, want := range map[string]string{
		" 김 부장 ":                  "김 부장",
		"Kim \U0001f600":          "Kim \U0001f600",
		"":                        "",
		" ":                       "",
		"a\u202eb":                "", // right to left
		"a\nb":                    "",
		"a\u200bb":                "",
		strings.Repeat("가", 100):  strings.Repeat("가", 100),
		strings.Repeat("가", 101):  "",
		strings.Repeat("가", 9999): "",
	} {
		got, err := label("name", in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("label(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	for in, ok := range map[string]bool{"": true, "kim@corp.kr": true, "김@회사.한국": true, "kim": false, "@corp.kr": false, "kim@": false, "a@b@c": false, "Kim <kim@corp.kr>": false, "a@b\r\nBcc: c@d": false, strings.Repeat("a", 255) + "@b": false} {
		if _, err := mail(in); (err == nil) != ok {
			t.Errorf("mail(%q): %v, want ok %t", in, err, ok)
		}
	}
}
