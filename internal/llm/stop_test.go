package llm

import (
	"strings"
	"testing"
)

func TestStopMatcherAgreesWithWholeText(t *testing.T) {
	f := func(text string, stops []string) {
		t.Helper()
		want, wantStop := text, false
		for i := range text {
			for _, s := range stops {
				if !wantStop && strings.HasPrefix(text[i:], s) {
					want, wantStop = text[:i], true
				}
			}
		}
		for size := 1; size <= len(text); size++ {
			m := stopMatcher{stops: stops}
			var got strings.Builder
			stopped := false
			for i := 0; i < len(text) && !stopped; i += size {
				var emit string
				emit, stopped = m.push(text[i:min(i+size, len(text))])
				got.WriteString(emit)
			}
			if !stopped {
				got.WriteString(m.flush())
			}
			if got.String() != want || stopped != wantStop {
				t.Errorf("%q stops %q in pieces of %d: got %q %v, want %q %v", text, stops, size, got.String(), stopped, want, wantStop)
			}
		}
	}
	f("hello world", nil)
	f("hello world", []string{"zzz"})
	f("hello world", []string{"o w"})
	f("aabaabaaab", []string{"aaab", "baaa"})
	f("abcabcabd", []string{"abcabd"})
	f("끝입니다. 끝", []string{"니다", "끝입니까"})
	f("a\n\nb", []string{"\n\n"})
}
