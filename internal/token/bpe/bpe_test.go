package bpe

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/token/vocab"
)

// trained is a small vocabulary of bytes with random merges.
func trained(t testing.TB, r *rand.Rand, alphabet string, merges int) (*vocab.Vocab, [][2]string) {
	t.Helper()
	pieces := strings.Split(alphabet, "")
	seen := map[string]bool{}
	var list [][2]string
	for range merges {
		a, b := pieces[r.IntN(len(pieces))], pieces[r.IntN(len(pieces))]
		if len(a)+len(b) <= 12 && !seen[a+b] && !slices.Contains(pieces, a+b) {
			seen[a+b] = true
			pieces, list = append(pieces, a+b), append(list, [2]string{a, b})
		}
	}
	return vocab.New(pieces, nil), list
}

// naive merges the best pair again and again, the leftmost of equals.
func naive(v *vocab.Vocab, rank func(a, b string) (int, bool), word string) []int32 {
	parts := strings.Split(word, "")
	for {
		best, at := 1<<30, -1
		for i := 0; i+1 < len(parts); i++ {
			if r, ok := rank(parts[i], parts[i+1]); ok && r < best {
				best, at = r, i
			}
		}
		if at < 0 {
			break
		}
		parts = slices.Replace(parts, at, at+2, parts[at]+parts[at+1])
	}
	ids := []int32{}
	for _, p := range parts {
		id, _ := v.ID(p)
		ids = append(ids, id)
	}
	return ids
}

// TestMergesLikeTheDefinition compares scanning, heap and definition, with merges
// by pair and by rank of the text.
func TestMergesLikeTheDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, alphabet := range []string{"ab", "abcde"} {
		v, merges := trained(t, r, alphabet, 60)
		b := NewBuilder(v, Options{ByteLevel: true, Unk: -1})
		byPair, byText := map[[2]string]int{}, map[string]int{}
		ranks := make([]int32, v.Size())
		for i := range ranks {
			ranks[i] = NoRank
		}
		for i, m := range merges {
			if err := b.Merge(m[0], m[1]); err != nil {
				t.Fatal(err)
			}
			id, _ := v.ID(m[0] + m[1])
			byPair[m], byText[m[0]+m[1]], ranks[id] = i, i, int32(i)
		}
		pair, err := b.Model()
		if err != nil {
			t.Fatal(err)
		}
		for i := range alphabet {
			ranks[i] = int32(len(merges) + i)
		}
		text, err := ByRank(v, Options{ByteLevel: true, Unk: -1}, ranks)
		if err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			word := make([]byte, r.IntN(3*shortWord))
			for i := range word {
				word[i] = alphabet[r.IntN(len(alphabet))]
			}
			w := string(word)
			want := naive(v, func(a, b string) (int, bool) { n, ok := byPair[[2]string{a, b}]; return n, ok }, w)
			if got := pair.Append([]int32{}, w); !slices.Equal(got, want) {
				t.Fatalf("by pair %q: got %v, want %v", w, got, want)
			}
			want = naive(v, func(a, b string) (int, bool) { n, ok := byText[a+b]; return n, ok }, w)
			if got := text.Append([]int32{}, w); !slices.Equal(got, want) {
				t.Fatalf("by text %q: got %v, want %v", w, got, want)
			}
			if len(w) > 1 && len(w) <= shortWord { // the heap on words that scanning would take
				k := &work{symbols: pair.split(nil, w)}
				var ids []int32
				for _, s := range pair.mergeLong(k, w) {
					ids = append(ids, s.id)
				}
				if got := pair.Append(nil, w); !slices.Equal(got, ids) {
					t.Fatalf("heap %q: got %v, want %v", w, ids, got)
				}
			}
		}
	}
}

// TestCuts checks that cutting before space marks changes nothing.
func TestCuts(t *testing.T) {
	pieces := []string{"▁", "a", "b", "▁a", "▁▁", "ab", "b▁", "▁ab", "▁▁▁▁"}
	score := make([]float32, len(pieces))
	for i := range score {
		score[i] = float32(i % 5)
	}
	v := vocab.New(pieces, nil)
	m, err := ByScore(v, Options{Unk: -1}, score, func(int32) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if m.cuts == nil || !m.cuts.before['b'] || m.cuts.before['a'] {
		t.Fatalf("cuts: %+v", m.cuts)
	}
	r := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString([]string{"▁", "▁", "a", "b"}[r.IntN(4)])
		}
		if got, want := m.Append(nil, b.String()), m.encode(nil, b.String()); !slices.Equal(got, want) {
			t.Fatalf("%q: got %v, want %v", b.String(), got, want)
		}
	}
}

func TestUnknownText(t *testing.T) {
	v := vocab.New([]string{"<unk>", "a", "<0xEA>", "<0xB0>", "<0x80>"}, nil)
	check := func(opt Options, word string, want ...int32) {
		t.Helper()
		m, err := NewBuilder(v, opt).Model()
		if err != nil {
			t.Fatal(err)
		}
		if got := m.Append(nil, word); !slices.Equal(got, want) {
			t.Errorf("%+v %q: got %v, want %v", opt, word, got, want)
		}
	}
	check(Options{Unk: -1}, "xay", 1)
	check(Options{Unk: 0}, "xyaz", 0, 0, 1, 0)
	check(Options{Unk: 0, FuseUnk: true}, "xyaz", 0, 1, 0)
	check(Options{Unk: 0, ByteFallback: true}, "가a각", 2, 3, 4, 1, 0)
	check(Options{Unk: 99}, "x")
	if _, err := ByRank(v, Options{}, nil); err == nil {
		t.Error("ranks of another size were taken")
	}
	if err := NewBuilder(v, Options{}).Merge("a", "z"); err == nil {
		t.Error("a merge of unknown pieces was taken")
	}
}
