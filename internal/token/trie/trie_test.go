package trie

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestLongest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	word := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab\x00\xff"[r.IntN(4)]
		}
		return string(b)
	}
	var keys []string
	var values []int32
	for i := range 200 {
		keys, values = append(keys, word(r.IntN(7))), append(values, int32(i))
	}
	tr := New(keys, values)
	for range 5000 {
		text := word(r.IntN(12))
		want, wantLen := int32(0), 0
		for i, k := range keys {
			if len(k) > wantLen && strings.HasPrefix(text, k) {
				want, wantLen = int32(i), len(k)
			}
		}
		if got, n := tr.Longest(text); n != wantLen || n > 0 && got != want {
			t.Fatalf("%q: got %d of %d bytes, want %d of %d", text, got, n, want, wantLen)
		}
	}
	empty := New(nil, nil)
	if _, n := empty.Longest("a"); n != 0 || empty.Starts('a') {
		t.Error("the empty trie finds something")
	}
}
