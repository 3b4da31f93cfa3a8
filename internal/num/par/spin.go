package par

import (
	"runtime"
	"time"
)

// spinTime is how long a worker waits awake: about the distance between two
// tasks of a model's step, and more than it takes to wake a parked goroutine.
const spinTime = 40 * time.Microsecond

// looksPerCheck is the number of pauses between two looks at the clock,
// roughly a microsecond.
const looksPerCheck = 24

// spin bounds a busy wait. Its zero value is the start of one.
type spin struct {
	looks int
	begin time.Time
}

// again pauses for some ten nanoseconds and reports whether to look again. It
// is Go code and yields its processor to other goroutines, so neither the
// collector's stop of the world nor a machine with one core waits for it.
func (s *spin) again() bool {
	s.looks++
	if s.looks%looksPerCheck != 0 {
		pause()
		return true
	}
	if s.looks == looksPerCheck {
		s.begin = time.Now()
		return true
	}
	runtime.Gosched()
	return time.Since(s.begin) < spinTime
}
