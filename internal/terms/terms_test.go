package terms

import (
	"slices"
	"strings"
	"testing"
)

func TestFound(t *testing.T) {
	f := func(text, query string, want bool) {
		t.Helper()
		have := Of(text)
		all := len(Query(query)) > 0
		for _, q := range Query(query) {
			all = all && slices.ContainsFunc(have, func(h string) bool { return h == q.Text || q.Prefix && strings.HasPrefix(h, q.Text) })
		}
		got := all && Holds(Fold(text), Words(query))
		if got != want {
			t.Errorf("%q in %q: %v, want %v", query, text, got, want)
		}
	}
	f("개인정보보호법을 개정했다", "보호법", true)
	f("서울에서 만나요", "서울", true)
	f("내년 예산안을 심사한다", "예산 심사", true)
	f("내년 예산안을 통과시켰다", "예산 심사", false)
	f("책을 읽었다", "책", true)
	f("공책을 샀다", "책", true)
	f("호보법", "보호법", false)
	f("보호와 호법", "보호법", false) // both pairs, but not the word
	f("GGUF 파일", "gguf", true)
	f("quantization", "quant", true)
	f("quantization", "antiz", false)
	f("한글abc혼용", "abc", true)
	f("서울", "서울", true) // decomposed, as macOS writes file names
	f("ＡＢＣ", "abc", true)
	f("무엇이든", "", false)
	f("무엇이든", "?!", false)
}

func FuzzTerms(f *testing.F) {
	f.Add("개인정보보호법 GGUF ㅋㅋ", "보호법")
	f.Add("\xff\xfe한", "한")
	f.Fuzz(func(t *testing.T, text, query string) {
		have := Of(text)
		for _, h := range have {
			if h == "" || len(h) > MaxWord+16 {
				t.Fatalf("term %q", h)
			}
		}
		for _, q := range Query(query) {
			if q.Text == "" || len(q.Text) > MaxWord+16 {
				t.Fatalf("query term %q", q.Text)
			}
		}
		// A text holds itself, if it has any words.
		if w := Words(text); len(w) > 0 && !Holds(Fold(text), w) {
			t.Errorf("%q does not hold itself", text)
		}
	})
}
