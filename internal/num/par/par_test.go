package par

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// marks counts how often each chunk was done and by whom.
type marks struct {
	done    []atomic.Int32
	byHand  []atomic.Int32 // per worker
	plain   []int          // written without synchronisation: the race detector checks Run's
	perform func(worker, chunk int)
}

func newMarks(threads, chunks int) *marks {
	return &marks{done: make([]atomic.Int32, chunks), byHand: make([]atomic.Int32, threads), plain: make([]int, chunks)}
}

func (m *marks) Do(worker, chunk int) {
	m.done[chunk].Add(1)
	m.byHand[worker].Add(1)
	m.plain[chunk]++
	if m.perform != nil {
		m.perform(worker, chunk)
	}
}

func (m *marks) check(t *testing.T, times int) {
	t.Helper()
	for i := range m.done {
		if n := int(m.done[i].Load()); n != times || m.plain[i] != times {
			t.Fatalf("chunk %d was done %d times (%d seen), want %d", i, n, m.plain[i], times)
		}
	}
}

func withProcs(t *testing.T, f func(t *testing.T)) {
	for _, procs := range []int{1, 2, 4} {
		old := runtime.GOMAXPROCS(procs)
		t.Run(string(rune('0'+procs)), f)
		runtime.GOMAXPROCS(old)
	}
}

func TestRunDoesEveryChunkOnce(t *testing.T) {
	withProcs(t, func(t *testing.T) {
		for threads := 0; threads <= 5; threads++ {
			p := New(threads)
			if want := max(threads, 1); p.Threads() != want {
				t.Fatalf("Threads() = %d, want %d", p.Threads(), want)
			}
			for _, chunks := range []int{0, 1, 2, 3, 7, 64, 1000} {
				m := newMarks(p.Threads(), chunks)
				for range 3 {
					p.Run(chunks, m)
				}
				m.check(t, 3)
			}
			p.Close()
			p.Close()
			m := newMarks(p.Threads(), 5)
			p.Run(5, m) // after Close: the caller alone
			m.check(t, 1)
		}
	})
}

// TestStress lets helpers fall asleep, come late and be held up at random,
// while the collector stops the world.
func TestStress(t *testing.T) {
	runs := 4000
	if testing.Short() {
		runs = 500
	}
	withProcs(t, func(t *testing.T) {
		stop := make(chan struct{})
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
					runtime.GC()
				}
			}
		}()
		defer close(stop)
		p := New(3)
		defer p.Close()
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range runs {
			chunks := 1 + rng.IntN(9)
			m := newMarks(3, chunks)
			hold := rng.IntN(50) == 0
			m.perform = func(worker, chunk int) {
				if hold && worker != 0 {
					time.Sleep(100 * time.Microsecond) // a partner that the system took away
				}
			}
			p.Run(chunks, m)
			m.check(t, 1)
			if i%100 == 0 {
				time.Sleep(2 * idleSpin) // the helpers park
			}
		}
	})
}

// TestPartnerAwayCostsNothing holds one helper inside its first chunk and
// expects the caller to do all the others meanwhile.
func TestPartnerAwayCostsNothing(t *testing.T) {
	p := New(2)
	defer p.Close()
	const chunks = 1000
	held := make(chan struct{})
	var byCaller atomic.Int32
	m := newMarks(2, chunks)
	m.perform = func(worker, _ int) {
		if worker == 1 {
			<-held
			return
		}
		if byCaller.Add(1) == chunks-1 {
			close(held)
		}
		time.Sleep(time.Microsecond)
	}
	// The helper may never come: then the caller does all and nobody waits.
	ok := make(chan struct{})
	go func() { p.Run(chunks, m); close(ok) }()
	select {
	case <-ok:
	case <-time.After(20 * time.Second):
		t.Fatal("Run waits for a helper that cannot come")
	}
	m.check(t, 1)
	if n := m.byHand[0].Load(); n < chunks-1 {
		t.Errorf("the caller did %d of %d chunks, the absent helper the rest", n, chunks)
	}
}

func TestHelpersHelp(t *testing.T) {
	if runtime.GOMAXPROCS(0) < 2 {
		t.Skip("one processor")
	}
	p := New(2)
	defer p.Close()
	var both atomic.Bool
	for range 200 {
		m := newMarks(2, 2)
		m.perform = func(int, int) { time.Sleep(time.Millisecond) }
		p.Run(2, m)
		if m.byHand[1].Load() == 1 {
			both.Store(true)
			break
		}
	}
	if !both.Load() {
		t.Error("the helper never took a chunk although the caller was held up")
	}
}

func TestPanicOnTheCallerLeavesThePoolUsable(t *testing.T) {
	p := New(3)
	defer p.Close()
	func() {
		defer func() {
			if r := recover(); r != "here" {
				t.Errorf("recovered %v", r)
			}
		}()
		m := newMarks(3, 1000)
		m.perform = func(worker, chunk int) {
			if worker == 0 {
				panic("here")
			}
		}
		p.Run(1000, m)
		t.Error("Run returned")
	}()
	m := newMarks(3, 100)
	p.Run(100, m)
	m.check(t, 1)
}

func TestOneThreadOwnsNoGoroutine(t *testing.T) {
	before := runtime.NumGoroutine()
	p := New(1)
	if n := runtime.NumGoroutine(); n != before {
		t.Errorf("%d goroutines before New(1), %d after", before, n)
	}
	p.Close()
	q := New(4)
	q.Close()
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines before New(4) and Close, %d after", before, n)
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	for _, threads := range []int{1, 2, 4} {
		p := New(threads)
		m := newMarks(p.Threads(), 8)
		if n := testing.AllocsPerRun(200, func() { p.Run(8, m) }); n >= 1 {
			t.Errorf("%d threads: %v allocations per Run", threads, n)
		}
		p.Close()
	}
}

// idle is a task without work: what Run itself costs.
type idle struct{}

func (idle) Do(int, int) {}

func BenchmarkRunAwake(b *testing.B) {
	p := New(2)
	defer p.Close()
	b.ReportAllocs()
	for b.Loop() {
		p.Run(2, idle{})
	}
}

// meet is a task of two chunks that each wait for the other to have begun,
// within a bound: the time until a helper really runs.
type meet struct{ here atomic.Int32 }

func (m *meet) Do(int, int) {
	m.here.Add(1)
	for i := 0; m.here.Load() < 2 && i < 1<<20; i++ {
	}
}

// benchmarkMeet reports the median: on a shared machine the mean tells how
// often the system gave the second processor to somebody else.
func benchmarkMeet(b *testing.B, sleep time.Duration) {
	p := New(2)
	defer p.Close()
	var took []time.Duration
	for b.Loop() {
		if sleep > 0 {
			time.Sleep(sleep)
		}
		m := &meet{}
		begin := time.Now()
		p.Run(2, m)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "ns/median-meeting")
}

func BenchmarkMeetAwake(b *testing.B)  { benchmarkMeet(b, 0) }
func BenchmarkMeetParked(b *testing.B) { benchmarkMeet(b, 3*idleSpin) }
