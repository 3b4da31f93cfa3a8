package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"malmoi/internal/engine/sample"
)

// follow must find the newest earlier place of the last three tokens.
func TestFollowFindsTheNewestPlace(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var p past
		var tokens []int32
		for range 1 + r.IntN(300) {
			tokens = append(tokens, int32(r.IntN(4)))
			draft := slices.Repeat([]int32{int32(r.IntN(4))}, r.IntN(5))
			most := r.IntN(12)
			got := p.follow(slices.Clone(draft), tokens, most)
			if want := followed(draft, tokens, most); !slices.Equal(got, want) {
				t.Fatalf("tokens %v draft %v most %d: got %v, want %v", tokens, draft, most, got, want)
			}
		}
	}
}

// A long sequence keeps the table within its limit and the newer places in it.
func TestFollowForgetsWhatIsOld(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var p past
	var tokens []int32
	for len(tokens) < 3*pastSlots {
		tokens = append(tokens, int32(r.IntN(1<<18)))
		if len(tokens)%9973 != 0 {
			continue
		}
		for _, back := range []int{100, pastSlots/4 - 200} { // at the least
			if back+gram > len(tokens) {
				continue
			}
			at := len(tokens) - back
			all := slices.Concat(tokens, tokens[at-gram:at])
			if got := p.follow(nil, all, 5); !slices.Equal(got, all[at:at+5]) {
				t.Fatalf("%d tokens, %d back: got %v, want %v", len(tokens), back, got, all[at:at+5])
			}
			p = past{} // it has seen a text that does not go on like this
			p.note(tokens)
		}
		if len(p.after) > pastSlots || 2*p.used > len(p.after) {
			t.Fatalf("%d of %d slots are used", p.used, len(p.after))
		}
	}
}

func followed(draft, tokens []int32, most int) []int32 {
	all := slices.Concat(tokens, draft)
	if len(draft) >= most || len(tokens) <= gram {
		return draft
	}
	tail := all[len(all)-gram:]
	for at := len(tokens) - 1; at >= gram; at-- {
		if slices.Equal(tokens[at-gram:at], tail) {
			return append(slices.Clone(draft), tokens[at:min(len(tokens), at+most-len(draft))]...)
		}
	}
	return draft
}

// A source that is always wrong may cost two steps in a hundred, at eight rows a
// step; one that is always right soon guesses as far as it may.
func TestPaceStopsWhatDoesNotPay(t *testing.T) {
	for _, answer := range []int{100, 300, 1000, 5000} {
		var p pace
		rows := 0
		for drawn := range answer {
			if p.open(drawn) {
				rows += p.length()
				p.settle(drawn, p.length(), 0)
			}
		}
		if float64(rows)/8 > 0.02*float64(answer) {
			t.Errorf("answer of %d tokens: %d rows guessed in vain", answer, rows)
		}
	}
	var p pace
	drawn, steps := 0, 0
	for ; drawn < 1000; steps++ {
		n := p.length()
		drawn += n + 1
		p.settle(drawn, n, n)
	}
	if steps > 70 {
		t.Errorf("%d steps for 1000 tokens that were all guessed", steps)
	}
}

// A source that stops being right is stopped, and one that becomes right is
// noticed.
func TestPaceNoticesChange(t *testing.T) {
	var p pace
	wrong, right := 0, 0
	for drawn := range 2000 {
		if !p.open(drawn) {
			continue
		}
		n := p.length()
		switch {
		case drawn < 500:
			p.settle(drawn, n, n)
		case drawn < 1000:
			wrong += n
			p.settle(drawn, n, 0)
		default:
			right += n
			p.settle(drawn, n, n)
		}
	}
	if wrong > 100 || right < 5000 {
		t.Errorf("%d rows wasted, %d rows that would have paid", wrong, right)
	}
}

// cycle allows a repeating pattern of sets of tokens; with sets of one it knows
// what must come.
type cycle struct {
	sets [][]int32
	n    int
	most int
}

func (c *cycle) Mask(dst []uint64) bool {
	clear(dst)
	set := c.sets[c.n%len(c.sets)]
	for _, id := range set {
		dst[id>>6] |= 1 << (id & 63)
	}
	return len(set) == 1
}

func (c *cycle) Accept(id int32) error {
	if !slices.Contains(c.sets[c.n%len(c.sets)], id) {
		return fmt.Errorf("token %d at %d", id, c.n)
	}
	c.n++
	return nil
}

func (c *cycle) Done() bool { return c.n == c.most }

// guessingCycle is a cycle that helps.
type guessingCycle struct{ cycle }

func (c *guessingCycle) Extend(ids []int32, most int) []int32 {
	for i, id := range ids {
		if c.n+i >= c.most || !slices.Contains(c.sets[(c.n+i)%len(c.sets)], id) {
			return ids[:i]
		}
	}
	for len(ids) < most && c.n+len(ids) < c.most {
		set := c.sets[(c.n+len(ids))%len(c.sets)]
		if len(set) != 1 {
			break
		}
		ids = append(ids, set[0])
	}
	return ids
}

// What a form lets the engine guess changes nothing but the number of steps:
// greedy or drawn, with log probabilities or without, with lookup or without.
func TestFormGuessesChangeNothingButSteps(t *testing.T) {
	sets := [][]int32{{3}, {5}, {7}, {1, 2, 4, 8, 16}, {9}, {11, 12}}
	run := func(guess bool, lookup int, q Request) ([]Output, int64) {
		e := New(newMock(), Options{Lookup: lookup})
		defer e.Close()
		c := cycle{sets: sets, most: 120}
		q.Constraint = &c
		if guess {
			q.Constraint = &guessingCycle{c}
		}
		outs, err := drain(submit(t, e, q))
		if err != nil {
			t.Fatal(err)
		}
		return outs, e.Stats().Steps
	}
	for _, temperature := range []float32{0, 0.7} {
		for _, logProbs := range []int{0, 2} {
			q := Request{Prompt: prompt(40, 3), LogProbs: logProbs, Sampling: sample.Params{Temperature: temperature, Seed: 5, PresencePenalty: 0.3}}
			want, plain := run(false, 0, q)
			for _, lookup := range []int{0, 3, 15} {
				got, steps := run(true, lookup, q)
				if !slices.EqualFunc(got, want, same) || len(got) != 120 {
					t.Errorf("temperature %g, log probabilities %d, lookup %d: got %v, want %v", temperature, logProbs, lookup, ids(got), ids(want))
				}
				if steps > plain*6/10 {
					t.Errorf("lookup %d: %d steps, %d without guesses", lookup, steps, plain)
				}
			}
		}
	}
}

// Guessing is part of a decode step, which allocates nothing in steady state.
func TestGuessAllocatesNothing(t *testing.T) {
	s := &sequence{most: 1 << 20, stream: newStream(64, func() {})}
	for i := range 3000 {
		s.tokens = append(s.tokens, int32(i%700))
	}
	s.tokens = slices.Grow(s.tokens, 1000)
	step := func() {
		s.guess(15, 15)
		if len(s.draft) == 0 {
			t.Fatal("nothing was guessed in a text that repeats itself")
		}
		s.tokens = append(s.tokens, s.draft[0])
		s.drawn++
		s.judge(len(s.draft))
	}
	step()
	if n := testing.AllocsPerRun(100, step); n != 0 {
		t.Errorf("%g allocations a step", n)
	}
}
