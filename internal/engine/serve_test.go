package engine

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"malmoi/internal/engine/kv"
	"malmoi/internal/engine/sample"
)

// A step of this mock takes a millisecond per row, as on a slow machine.
func slowMock() *mock {
	m := &mock{V: 50, context: 8192}
	m.onStep = func(b *Batch) { time.Sleep(time.Duration(len(b.Tokens)) * time.Millisecond) }
	return m
}

func TestLongPromptDoesNotStarveOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(slowMock(), Options{PrefillChunk: 64})
		defer e.Close()
		chat := submit(t, e, Request{Prompt: prompt(10, 1), MaxTokens: 100})
		if _, err := chat.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		long := submit(t, e, Request{Prompt: prompt(5000, 2), MaxTokens: 1})
		short := submit(t, e, Request{Prompt: prompt(20, 3), MaxTokens: 1})
		began := time.Now()
		took := make(chan time.Duration, 1)
		go func() { drain(short); took <- time.Since(began) }()
		last := began
		for {
			if _, err := chat.Next(t.Context()); err != nil {
				break
			}
			if gap := time.Since(last); gap > 70*time.Millisecond {
				t.Errorf("%v between two tokens while a prompt is read, want a chunk of 64 rows at most", gap)
			}
			last = time.Now()
		}
		if _, err := drain(long); err != nil {
			t.Error(err)
		}
		if shortTook := <-took; shortTook > 100*time.Millisecond {
			t.Errorf("a prompt of 20 tokens beside one of 5000 took %v", shortTook)
		}
		if took := time.Since(began); took > 5300*time.Millisecond {
			t.Errorf("the long prompt took %v", took)
		}
	})
}

func TestUsageTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(slowMock(), Options{MaxRunning: 1})
		defer e.Close()
		first := submit(t, e, Request{Prompt: prompt(100, 1), MaxTokens: 11})
		second := submit(t, e, Request{Prompt: prompt(50, 2), MaxTokens: 1})
		drain(first)
		drain(second)
		if u := first.Usage(); u != (Usage{100, 0, 11, 0, 100 * time.Millisecond, 10 * time.Millisecond}) {
			t.Errorf("first: %+v", u)
		}
		if u := second.Usage(); u != (Usage{50, 0, 1, 110 * time.Millisecond, 50 * time.Millisecond, 0}) {
			t.Errorf("second: %+v", u)
		}
	})
}

// lattice allows even tokens only, then forces 5, 6, 7 and is done.
type lattice struct {
	n    int
	fail error
}

func (l *lattice) Mask(dst []uint64) (forced bool) {
	clear(dst)
	if l.n < 4 {
		for id := 0; id < 50; id += 2 {
			dst[id/64] |= 1 << (id % 64)
		}
		return false
	}
	id := l.n + 1
	dst[id/64] |= 1 << (id % 64)
	return true
}

func (l *lattice) Accept(int32) error {
	l.n++
	if l.n == 3 {
		return l.fail
	}
	return nil
}

func (l *lattice) Done() bool { return l.n == 7 }

func TestConstraint(t *testing.T) {
	e := New(newMock(), Options{Lookup: 4})
	defer e.Close()
	for _, logProbs := range []int{0, -1} {
		s := submit(t, e, Request{Prompt: prompt(10, 1), Constraint: &lattice{}, LogProbs: logProbs, Sampling: sample.Params{Temperature: 1}})
		outs, err := drain(s)
		got := ids(outs)
		if err != nil || s.Finish() != FinishStop || len(got) != 7 || !slices.Equal(got[4:], []int32{5, 6, 7}) {
			t.Fatalf("got %v %q %v; want four even tokens, 5, 6, 7", got, s.Finish(), err)
		}
		for _, id := range got[:4] {
			if id%2 != 0 {
				t.Errorf("token %d is not allowed", id)
			}
		}
	}
	broken := errors.New("broken")
	s := submit(t, e, Request{Prompt: prompt(10, 1), Constraint: &lattice{fail: broken}})
	if outs, err := drain(s); !errors.Is(err, broken) || len(outs) != 3 {
		t.Errorf("%d tokens, %v; want the constraint's error after the third", len(outs), err)
	}
}

// An answer that repeats itself is guessed, in fewer steps, with the same
// tokens.
func TestLookupChangesNothingButSteps(t *testing.T) {
	r := Request{Prompt: prompt(60, 1), MaxTokens: 300, LogProbs: 2, Sampling: sample.Params{LogitBias: map[int32]float32{}}}
	for id := range int32(50) {
		if id%3 == 0 {
			r.Sampling.LogitBias[id] = 6 // few tokens, so that they recur
		}
	}
	steps := map[int]int64{}
	for _, lookup := range []int{0, 5} {
		m := newMock()
		e := New(m, Options{Lookup: lookup})
		check(t, m, e, r)
		e.Close()
		steps[lookup] = e.Stats().Steps
	}
	if steps[5] >= steps[0]*9/10 {
		t.Errorf("%d steps with guesses, %d without; want at least a tenth fewer", steps[5], steps[0])
	}
}

// Real goroutines, for the race detector.
func TestManyClients(t *testing.T) {
	m := newMock()
	e := New(m, Options{KVPages: 130, MaxRunning: 4, StreamBuffer: 3})
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			r := Request{Prompt: prompt(50+n, n%3), MaxTokens: 20, Sampling: sample.Params{Temperature: 1, Seed: uint64(n)}}
			s, err := e.Submit(t.Context(), r)
			if err != nil {
				t.Error(err)
				return
			}
			if n%5 == 0 {
				s.Cancel()
			}
			outs, err := drain(s)
			s.Usage()
			e.Stats()
			want, _ := m.alone(r, e.Limit())
			if s.Finish() == FinishCancelled {
				want = want[:len(outs)]
			}
			if err != nil || !slices.EqualFunc(outs, want, same) {
				t.Errorf("client %d: got %v %v, want %v", n, ids(outs), err, ids(want))
			}
		})
	}
	wg.Go(func() {
		if err := e.Score(t.Context(), prompt(100, 1), func(int, []float32) error { return nil }); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	e.Close()
}

// decodeSteps returns a function that runs one decode step for the given
// number of sequences, driving the loop's functions by hand.
func decodeSteps(tb testing.TB, sequences int, p sample.Params) func() {
	e := prepared(newNull(2048), Options{MaxRunning: sequences, StreamBuffer: 2}.withDefaults(1<<20))
	var streams []*Stream
	for n := range sequences {
		p.Seed = uint64(n)
		s, err := e.Submit(tb.Context(), Request{Prompt: prompt(40, n), MaxTokens: 1 << 19, Sampling: p})
		if err != nil {
			tb.Fatal(err)
		}
		streams = append(streams, s)
	}
	turn := func() {
		e.turn()
		for _, s := range streams {
			select {
			case <-s.out:
			default:
			}
		}
	}
	for range 1500 { // until slices and maps have grown
		turn()
	}
	return turn
}

// null is a network without work: its logits are constant noise.
type null struct {
	mock
	row []float32
}

func newNull(V int) *null {
	m := &null{mock: mock{V: V, context: 1 << 20}, row: make([]float32, V)}
	m.logits(m.row, 1, 77)
	return m
}

func (m *null) Reserve(int) error { return nil }
func (m *null) CopyPage(_, _ int) {}
func (m *null) Step(b *Batch) error {
	for i := range b.Out {
		copy(b.Logits[i*m.V:(i+1)*m.V], m.row)
	}
	return nil
}

func TestDecodeStepDoesNotAllocate(t *testing.T) {
	if kv.Invariants {
		t.Skip("the checks of -tags invariants allocate")
	}
	for _, p := range []sample.Params{{}, {Temperature: 0.7, TopK: 20, TopP: 0.8, RepetitionPenalty: 1.1}, {Temperature: 1, TopP: 0.9}} {
		turn := decodeSteps(t, 3, p)
		if n := testing.AllocsPerRun(300, turn); n != 0 {
			t.Errorf("%+v: %v allocations per step, want 0", p, n)
		}
	}
}

// What the engine itself costs per step, apart from model and sampling.
func BenchmarkDecodeStep(b *testing.B) {
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprintf("sequences=%d", n), func(b *testing.B) {
			turn := decodeSteps(b, n, sample.Params{})
			for b.Loop() {
				turn()
			}
		})
	}
}
