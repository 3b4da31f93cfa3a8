package par

import "time"

const (
	// idleSpin is how long a helper waits awake for the next task: longer than
	// what usually lies between two tasks of a model's step, and about what it
	// costs to wake a helper that has parked (90 µs and more on a virtual
	// machine).
	idleSpin = 100 * time.Microsecond
	// joinSpin is how long the caller waits awake for the last chunks of others:
	// about as long as a chunk takes.
	joinSpin = 200 * time.Microsecond
)

// looksPerClock is the number of looks between two readings of the clock.
const looksPerClock = 64

// spin bounds a busy wait. Its zero value is the start of one.
//
// The wait is plain Go code, which the collector can stop, and short. It uses
// no PAUSE instruction: a hypervisor takes a loop of them for a guest that
// waits in vain, and a helper that spun so was away for 75 µs and more where a
// plain loop came within 0.5. It does not yield to the scheduler either: two
// workers that yield at once exchange processors, and one of them goes to
// sleep over it.
type spin struct {
	looks int
	begin time.Time
}

// again reports whether to look again.
func (s *spin) again(limit time.Duration) bool {
	s.looks++
	if s.looks%looksPerClock != 0 {
		return true
	}
	if s.looks == looksPerClock {
		s.begin = time.Now()
		return true
	}
	return time.Since(s.begin) < limit
}
