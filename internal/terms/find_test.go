package terms

import (
	"reflect"
	"testing"
	"unicode/utf8"
)

func TestMarks(t *testing.T) {
	f := func(text, query string, want ...string) {
		t.Helper()
		var got []string
		for _, m := range Marks(text, Words(query)) {
			got = append(got, text[m[0]:m[1]])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q in %q: %q, want %q", query, text, got, want)
		}
		if at := First(text, Words(query)); len(want) > 0 && text[at:at+len(want[0])] != want[0] || len(want) == 0 && at != -1 {
			t.Errorf("%q in %q is first at %d", query, text, at)
		}
	}
	f("개인정보보호법은 보호법이다", "보호법", "보호법", "보호법")
	f("ＡＢＣ와 abc", "abc", "ＡＢＣ", "abc")
	f("서울 사람", "서울", "서울") // decomposed
	f("①번 답", "1번", "①번")
	f("㎏당 가격", "g", "㎏") // half a character is marked as a whole
	f("하하하", "하하", "하하")
	f("없음", "있음")
	f("İstanbul 서울", "서울", "서울") // a letter that grows when it is folded
}

func FuzzMarks(f *testing.F) {
	f.Add("개인정보보호법 GGUF", "보호법")
	f.Add("İ\xff①각", "1")
	f.Fuzz(func(t *testing.T, text, query string) {
		words := Words(query)
		last := 0
		for _, m := range Marks(text, words) {
			if m[0] < last || m[1] <= m[0] || m[1] > len(text) {
				t.Fatalf("mark %v after %d of %d bytes", m, last, len(text))
			}
			if utf8.ValidString(text) && (!utf8.RuneStart(text[m[0]]) || m[1] < len(text) && !utf8.RuneStart(text[m[1]])) {
				t.Fatalf("%q is cut at %v", text, m)
			}
			last = m[1]
		}
		if at := First(text, words); at < -1 || at > len(text) {
			t.Fatalf("first at %d of %d", at, len(text))
		}
	})
}
