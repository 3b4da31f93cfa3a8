package account

import (
	"sync"
	"time"
)

// throttle counts tries per key (a login, an address) in a bucket that fills
// again with time. Its memory is bounded: when there are too many keys, those
// go whose buckets are fullest, which are the least suspicious.
type throttle struct {
	burst int           // tries at once
	every time.Duration // until one more is allowed
	keys  int           // at most so many are remembered

	mu      sync.Mutex
	buckets map[string]time.Time // when the bucket will be full again
}

// Tries at signing in. A person mistypes a few times; an office behind one
// address has many people. A login's own limit is wider than that of a login
// from one address, so that nobody can easily keep somebody else out.
const (
	pairBurst    = 8
	pairEvery    = 30 * time.Second
	loginBurst   = 40
	loginEvery   = 10 * time.Second
	addressBurst = 60
	addressEvery = 2 * time.Second
	throttleKeys = 10_000
)

func newThrottle(burst int, every time.Duration, keys int) *throttle {
	return &throttle{burst: burst, every: every, keys: keys, buckets: map[string]time.Time{}}
}

// take counts a try at now; wait is 0 if it is allowed, and otherwise how long
// until the next one is.
func (t *throttle) take(key string, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := t.buckets[key]
	if full.Before(now) {
		full = now
	}
	if missing := full.Sub(now) + t.every; missing > time.Duration(t.burst)*t.every {
		return missing - time.Duration(t.burst)*t.every
	}
	if _, known := t.buckets[key]; !known && len(t.buckets) >= t.keys {
		t.drop(now)
	}
	t.buckets[key] = full.Add(t.every)
	return 0
}

// giveBack takes one try of key back: it ended well.
func (t *throttle) giveBack(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if full, ok := t.buckets[key]; ok {
		t.buckets[key] = full.Add(-t.every)
	}
}

// forgive takes all tries of key back: they ended well.
func (t *throttle) forgive(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.buckets, key)
}

// drop forgets full buckets, and if there are none, the half that is fullest.
// The caller holds the lock.
func (t *throttle) drop(now time.Time) {
	var last time.Time
	for key, full := range t.buckets {
		if full.Before(now) {
			delete(t.buckets, key)
		} else if full.After(last) {
			last = full
		}
	}
	if len(t.buckets) < t.keys {
		return
	}
	middle := now.Add(last.Sub(now) / 2)
	for key, full := range t.buckets {
		if !full.After(middle) {
			delete(t.buckets, key)
		}
	}
	for key := range t.buckets { // all were alike
		if len(t.buckets) < t.keys {
			return
		}
		delete(t.buckets, key)
	}
}
