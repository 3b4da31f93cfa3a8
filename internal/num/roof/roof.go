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
	"unsafe"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/mem"
)

// streamBytes is read per thread and pass: far beyond any cache.
const streamBytes = 256 << 20

// ReadBandwidth returns the bytes per second that the given number of threads
// read from memory together, the best of several passes. Each reads in eight
// places at a time, from huge pages where there are any: that is what a core
// gets most from.
func ReadBandwidth(threads int) (perSecond float64, err error) {
	var arena mem.Arena
	defer arena.Free()
	defer mem.Catch(&err)
	blocks := make([][]uint64, threads)
	for i := range blocks {
		raw := arena.Alloc(streamBytes)
		blocks[i] = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(raw))), streamBytes/8)
		for j := range blocks[i] {
			blocks[i][j] = uint64(j)
		}
	}
	for range 8 {
		elapsed := together(threads, func(i int) { keep(sum(blocks[i])) })
		perSecond = max(perSecond, float64(threads)*streamBytes/elapsed.Seconds())
	}
	return perSecond, nil
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

// sum reads a word of every cache line, in turns from eight parts of x, whose
// length is a multiple of 64 lines.
func sum(x []uint64) uint64 {
	const line = 64 / 8
	var a, b, c, d, e, f, g, h uint64
	n := len(x) / 8
	p0, p1, p2, p3 := x[:n], x[n:2*n], x[2*n:3*n], x[3*n:4*n]
	p4, p5, p6, p7 := x[4*n:5*n], x[5*n:6*n], x[6*n:7*n], x[7*n:]
	for i := 0; i < n; i += 4 * line { // a few lines of a part at a time
		for j := i; j < i+4*line; j += line {
			a += p0[j]
			b += p1[j]
			c += p2[j]
			d += p3[j]
			e += p4[j]
			f += p5[j]
			g += p6[j]
			h += p7[j]
		}
	}
	return a + b + c + d + e + f + g + h
}

// keep makes the compiler believe that x is used.
//
//go:noinline
func keep(uint64) {}
