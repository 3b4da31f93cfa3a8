package grammar

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
)

const registerSchema = `{"type":"object","properties":{"이름":{"type":"string","maxLength":5},"n":{"type":"array","items":{"type":"integer"},"maxItems":3},"city":{"enum":["Seoul","Sejong"]}},"required":["이름","n","city"],"additionalProperties":false}`

func registerVocab() *Vocab {
	return byteVocab(`{"`, `"이`, `이름`, `름":`, `"이름"`, `":`, `":[`, `,1`, "]}", "}}", `{"이름":"`, "서울", "Se", "oul", `oul"`, "jong")
}

// Extend gives only what may follow, as the longest tokens of the only text, and
// leaves the machine where it is.
func TestExtendFollowsTheOnlyText(t *testing.T) {
	g, err := JSONSchema([]byte(registerSchema))
	if err != nil {
		t.Fatal(err)
	}
	v := registerVocab()
	id := func(s string) int32 {
		return int32(slices.IndexFunc(v.bytes, func(b []byte) bool { return string(b) == s }))
	}
	m := NewMachine(g, v, []int32{256})
	check := func(most int, want ...string) {
		t.Helper()
		var got []string
		for _, id := range m.Extend(nil, most) {
			got = append(got, string(v.bytes[id]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	accept := func(tokens ...string) {
		t.Helper()
		for _, s := range tokens {
			if err := m.Accept(id(s)); err != nil {
				t.Fatal(err)
			}
		}
	}
	check(9, "{") // then white space or a key
	accept(`{"`)
	check(9, "이름", `":`)
	check(1, "이름")
	if got := m.Extend([]int32{id("이름"), id(`"`), id("1"), id(":")}, 9); len(got) != 2 {
		t.Errorf("%d ids of a text that goes wrong at the third", len(got))
	}
	if got := m.Extend([]int32{id("이름"), 256}, 9); len(got) != 1 {
		t.Errorf("an end token was left in: %v", got)
	}
	if got := m.Extend([]int32{id("이름"), int32(v.size), -1}, 9); len(got) != 1 {
		t.Errorf("an id outside the vocabulary was left in: %v", got)
	}
	accept("이름", `":`, `"`, "서울", `"`, ",", `"`, "n", `":[`, "]", ",", `"`)
	check(9, "c", "i", "t", "y", `":`)
	accept("c", "i", "t", "y", `":`, `"`)
	check(9, "Se") // Seoul or Sejong
	accept("Se", "o")
	check(9, "u", "l", `"`)
}

// Many answers share a form's tables, also beyond their limits, and each finds
// the masks that it would have found alone.
func TestPreparedIsShared(t *testing.T) {
	g, err := JSONObject()
	if err != nil {
		t.Fatal(err)
	}
	v := registerVocab()
	p := Prepare(g, v)
	var group sync.WaitGroup
	for seed := range uint64(4) {
		group.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			text := strings.Repeat(`{"a":`, 600+r.IntN(300)) + "1"
			text += strings.Repeat("}", strings.Count(text, "{"))
			m, alone := p.Machine([]int32{256}), NewMachine(g, v, []int32{256})
			got, want := make([]uint64, (v.size+63)/64), make([]uint64, (v.size+63)/64)
			for i := range len(text) {
				if forced := m.Mask(got); forced != alone.Mask(want) || !slices.Equal(got, want) {
					t.Errorf("seed %d: another mask at byte %d", seed, i)
					return
				}
				if ahead := m.Extend(nil, 4); len(ahead) > 0 && text[i] != v.bytes[ahead[0]][0] {
					t.Errorf("seed %d: byte %d is %q, forced %q", seed, i, text[i], v.bytes[ahead[0]])
				}
				if m.Accept(int32(text[i])) != nil || alone.Accept(int32(text[i])) != nil {
					t.Errorf("seed %d: byte %d does not match", seed, i)
					return
				}
			}
			if !m.Done() {
				t.Errorf("seed %d: the text is complete", seed)
			}
		})
	}
	group.Wait()
}

// The masks of one answer serve the next.
func TestPreparedKeepsMasks(t *testing.T) {
	g, err := JSONSchema([]byte(registerSchema))
	if err != nil {
		t.Fatal(err)
	}
	v := registerVocab()
	p := Prepare(g, v)
	mask := make([]uint64, (v.size+63)/64)
	spent := 0
	for range 3 {
		m := p.Machine([]int32{256})
		for _, c := range `{"이름":"a","n":[12],"city":"Sejong"}` {
			for _, b := range []byte(string(c)) {
				m.Mask(mask)
				if err := m.Accept(int32(b)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if !m.Done() {
			t.Fatal("the text is complete")
		}
		if spent > 0 && p.t.maskBytes != spent {
			t.Errorf("the second answer computed %d more bytes of masks", p.t.maskBytes-spent)
		}
		spent = p.t.maskBytes
	}
}
