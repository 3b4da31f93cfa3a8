package token

import (
	"syscall"
	"time"
)

// cpuTime is the processor time of the calling thread, which a busy machine does
// not stretch as it does wall time.
func cpuTime() time.Duration {
	const thread = 1
	var u syscall.Rusage
	if syscall.Getrusage(thread, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
