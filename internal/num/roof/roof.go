// Package roof measures what this machine could do at best: bytes read from
// memory per second, and multiply-adds of small integers per second. A speed
// beside its roof says how much is left to gain.
//
// It does not know models or kernels; its loops do nothing else than what they
// measure.
package roof

import (
	"sync"
	"time"

	"malmoi/internal/num/cpu"
)

// streamBytes is read per thread and pass: far beyond any cache.
const streamBytes = 256 << 20

// ReadBandwidth returns the bytes per second that the given number of threads
// read from memory together, the best of several passes.
func ReadBandwidth(threads int) float64 {
	blocks := make([][]uint64, threads)
	for i := range blocks {
		blocks[i] = make([]uint64, streamBytes/8)
		for j := range blocks[i] {
			blocks[i][j] = uint64(j)
		}
	}
	best := 0.0
	for range 5 {
		elapsed := together(threads, func(i int) { keep(sum(blocks[i])) })
		best = max(best, float64(threads)*streamBytes/elapsed.Seconds())
	}
	return best
}

// macLoops is how often the inner loop of MultiplyAdds runs per pass.
const macLoops = 4 << 20

// MultiplyAdds returns the multiply-adds of 8-bit integers per second that the
// given number of threads compute from registers under the level in force, and
// whether there is such a measure: the portable kernels have none.
func MultiplyAdds(threads int) (perSecond float64, ok bool) {
	loop, macs := macLoop(cpu.Current())
	if loop == nil {
		return 0, false
	}
	best := 0.0
	for range 5 {
		elapsed := together(threads, func(int) { loop(macLoops) })
		best = max(best, float64(threads)*macLoops*float64(macs)/elapsed.Seconds())
	}
	return best, true
}

// together runs f on every thread at once and returns the time until all are
// done.
func together(threads int, f func(i int)) time.Duration {
	var group sync.WaitGroup
	start := time.Now()
	for i := range threads {
		group.Go(func() { f(i) })
	}
	group.Wait()
	return time.Since(start)
}

// sum reads x with eight independent chains, so that latency does not count.
func sum(x []uint64) uint64 {
	var a, b, c, d, e, f, g, h uint64
	for len(x) >= 8 {
		v := (*[8]uint64)(x)
		a += v[0]
		b += v[1]
		c += v[2]
		d += v[3]
		e += v[4]
		f += v[5]
		g += v[6]
		h += v[7]
		x = x[8:]
	}
	return a + b + c + d + e + f + g + h
}

// keep makes the compiler believe that x is used.
//
//go:noinline
func keep(uint64) {}
