package llm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// shelfOf has models by name and size.
type shelfOf map[string]int64

func (s shelfOf) Installed() []Info {
	var out []Info
	for name, bytes := range s {
		out = append(out, Info{Name: name, Bytes: bytes, Embedding: strings.HasPrefix(name, "vec")})
	}
	return out
}

func (s shelfOf) Path(name string) (string, error) {
	if _, ok := s[name]; !ok {
		return "", fmt.Errorf("%w: %q", ErrUnknownModel, name)
	}
	return "/" + name, nil
}

// stub is a model that does nothing but count how often it is closed.
type stub struct {
	Generator
	info   Info
	closed func()
}

func (s *stub) Info() Info   { return s.info }
func (s *stub) Stats() Stats { return Stats{Running: 2} }
func (s *stub) Close() error { s.closed(); return nil }

// rack is a pool of stubs with a log of what it loads (+) and closes (-).
type rack struct {
	*Pool
	mu    sync.Mutex
	log   []string
	gates map[string]chan error // a load waits for its gate, if there is one
}

func newRack(o PoolOptions, shelf shelfOf) *rack {
	r := &rack{gates: map[string]chan error{}}
	if o.Estimate == nil {
		o.Estimate = func(_ string, i Info) int64 { return i.Bytes }
	}
	r.Pool = NewBoundedPool(shelf, o, func(_ context.Context, _ string, i Info) (Generator, error) {
		r.note("+" + i.Name)
		r.mu.Lock()
		gate := r.gates[i.Name]
		r.mu.Unlock()
		if gate != nil {
			if err := <-gate; err != nil {
				return nil, err
			}
		}
		return &stub{info: i, closed: func() { r.note("-" + i.Name) }}, nil
	})
	return r
}

func (r *rack) note(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log = append(r.log, s)
}

func (r *rack) want(t *testing.T, log string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got := strings.Join(r.log, " "); got != log {
		t.Errorf("log %q, want %q", got, log)
	}
}

func (r *rack) get(t *testing.T, name string) (release func()) {
	t.Helper()
	_, release, err := r.Acquire(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return release
}

// TestPoolMemory: the model unused longest goes, no more of them than needed,
// and none if that would not help.
func TestPoolMemory(t *testing.T) {
	r := newRack(PoolOptions{Limit: 10, Memory: 10_000_000_000, Working: 1_000_000_000},
		shelfOf{"a": 2e9, "b": 3e9, "c": 1e9, "d": 2e9, "vec": 1e9})
	r.get(t, "a")()
	r.get(t, "b")()
	r.get(t, "c")()
	r.get(t, "vec")() // makes no vectors with keys and values: it just fits
	r.get(t, "a")()   // now b is the oldest
	r.get(t, "d")()
	r.want(t, "+a +b +c +vec -b +d")
}

func TestPoolMemoryLimits(t *testing.T) {
	r := newRack(PoolOptions{Limit: 10, Memory: 10_000_000_000, Working: 1_000_000_000},
		shelfOf{"a": 2e9, "b": 3e9, "c": 1e9, "big": 6e9, "huge": 10e9, "vec": 1e9})
	a := r.get(t, "a")
	r.get(t, "b")()
	r.get(t, "c")()
	r.get(t, "big")() // needs 7, a holds 3: b and c must go
	r.want(t, "+a +b +c -b -c +big")
	_, _, err := r.Acquire(t.Context(), "huge")
	if !errors.Is(err, ErrNoRoom) || !strings.Contains(err.Error(), "needs about 11.0 GB and models may take 10.0 GB") {
		t.Errorf("one that never fits: %v", err)
	}
	big := r.get(t, "big")
	_, _, err = r.Acquire(t.Context(), "c")
	if !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "in use by a, big") {
		t.Errorf("all in use: %v", err)
	}
	a()
	r.get(t, "c")()
	r.want(t, "+a +b +c -b -c +big -a +c")
	s := r.State()
	if s.Limit != 10 || s.Memory != 10_000_000_000 || len(s.Residents) != 2 {
		t.Fatalf("state %+v", s)
	}
	for i, want := range []Resident{{Name: "big", Bytes: 7e9, Users: 1}, {Name: "c", Bytes: 2e9}} {
		want.Stats.Running = 2
		if s.Residents[i] != want {
			t.Errorf("resident %+v, want %+v", s.Residents[i], want)
		}
	}
	big()
	big() // twice is once
	if !r.Unload("big") || r.Unload("big") || r.Unload("none") {
		t.Error("unload")
	}
	r.Close()
	r.want(t, "+a +b +c -b -c +big -a +c -big -c")
}

func TestPoolCount(t *testing.T) {
	r := newRack(PoolOptions{Limit: 2}, shelfOf{"a": 1, "b": 1, "c": 1})
	a := r.get(t, "a")
	b := r.get(t, "b")
	if _, _, err := r.Acquire(t.Context(), "c"); !errors.Is(err, ErrBusy) || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("error %v", err)
	}
	if r.Unload("a") {
		t.Error("a model in use was unloaded")
	}
	b()
	r.get(t, "c")()
	r.want(t, "+a +b -b +c")
	a()
}

// TestPoolKeepAlive: a model goes when nobody used it for the time, counted
// from the end of its last use.
func TestPoolKeepAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRack(PoolOptions{Limit: 3, KeepAlive: time.Minute}, shelfOf{"a": 1, "b": 1})
		release := r.get(t, "a")
		time.Sleep(time.Hour)
		synctest.Wait()
		r.want(t, "+a")
		release()
		time.Sleep(50 * time.Second)
		r.get(t, "a")()
		time.Sleep(50 * time.Second)
		synctest.Wait()
		r.want(t, "+a")
		r.get(t, "b")()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		r.want(t, "+a +b -a")
		r.Close()
		time.Sleep(time.Hour)
		synctest.Wait()
		r.want(t, "+a +b -a -b")
	})
}

// TestPoolWatched: a model that is only looked at goes as if nobody did, and
// one on its way is said to be so.
func TestPoolWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRack(PoolOptions{KeepAlive: time.Minute}, shelfOf{"a": 1})
		gate := make(chan error)
		r.gates["a"] = gate
		go func() {
			_, release, err := r.Acquire(t.Context(), "a")
			if err != nil {
				t.Error(err)
				return
			}
			release()
		}()
		synctest.Wait()
		if s := r.State().Residents; len(s) != 1 || !s[0].Loading || s[0].Users != 1 || s[0].Stats != (Stats{}) {
			t.Errorf("while it is loaded: %+v", s)
		}
		if r.Unload("a") {
			t.Error("a model was unloaded that is being loaded")
		}
		gate <- nil
		for range 13 {
			synctest.Wait()
			if s := r.State().Residents; len(s) == 1 && s[0].Loading {
				t.Errorf("it still loads: %+v", s)
			}
			time.Sleep(5 * time.Second)
		}
		r.want(t, "+a -a")
		if s := r.State(); len(s.Residents) != 0 || s.KeepAlive != time.Minute || s.Limit != 1 {
			t.Errorf("state %+v", s)
		}
	})
}

// TestPoolAbandonedLoad: a model that is still being loaded when all who waited
// have left is neither evicted nor lost.
func TestPoolAbandonedLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRack(PoolOptions{Limit: 1, KeepAlive: time.Minute}, shelfOf{"a": 1, "b": 1})
		gate := make(chan error)
		r.gates["a"] = gate
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() {
			_, _, err := r.Acquire(ctx, "a")
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if _, _, err := r.Acquire(t.Context(), "b"); !errors.Is(err, ErrBusy) {
			t.Errorf("while a is loading: %v", err)
		}
		gate <- nil
		synctest.Wait()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		r.want(t, "+a -a")
		go func() { gate <- errors.New("broken file") }()
		if _, _, err := r.Acquire(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "broken file") {
			t.Errorf("error %v", err)
		}
		r.get(t, "b")() // a failed load holds no room
		r.Close()
	})
}

func TestEstimate(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a.gguf": 1000, "b.json": 500} {
		if err := os.WriteFile(filepath.Join(dir, name), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := func(path string, i Info, want int64) {
		t.Helper()
		if got := EstimateBytes(path, i) - fixedBytes; got != want {
			t.Errorf("%s %+v: got %d, want %d", path, i, got, want)
		}
	}
	f("/none", Info{Bytes: 1000, Quant: "Q4_K"}, 1000)
	f("/none", Info{Bytes: 1000, Quant: "IQ9"}, 1200)
	f(filepath.Join(dir, "a.gguf"), Info{}, 1200)
	f(dir, Info{}, 1800)
	f("/none", Info{}, 0)
}
