package kernel

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"malmoi/internal/num/mem"
	"malmoi/internal/num/quant"
)

// BenchmarkHead reads a head of 100 MB once: whole, split, and screened.
func BenchmarkHead(b *testing.B) {
	const C = 640
	rows := 100 << 20 / (C / 32 * 34) / 16 * 16
	rng := rand.New(rand.NewPCG(1, 1))
	data := randomWeights(rng, quant.Q8_0, rows, C)
	var arena mem.Arena
	defer arena.Free()
	split, _ := Pack(quant.Q8_0, data, rows, C, Options{Alloc: arena.Alloc, Screen: true})
	whole, _ := Pack(quant.Q8_0, data, rows, C, Options{Alloc: arena.Alloc})
	for _, T := range []int{1, 2, 4, 8} {
		x := randomActs(rng, T, C)
		out, best := make([]float32, T*rows), make([]float32, T*whole.Panels())
		run := func(name string, do func(p0, p1 int)) {
			for threads := 1; threads <= 2; threads++ {
				b.Run(fmt.Sprintf("%s/T=%d/threads=%d", name, T, threads), func(b *testing.B) {
					b.SetBytes(int64(whole.Bytes()))
					for b.Loop() {
						inChunks(threads, whole.Panels(), do)
					}
				})
			}
		}
		run("whole", func(p0, p1 int) { whole.Mul(out, rows, x, p0, p1) })
		run("split", func(p0, p1 int) { split.Mul(out, rows, x, p0, p1) })
		run("screened", func(p0, p1 int) { split.Screen(out, rows, best, x, p0, p1) })
	}
}

// inChunks lets goroutines take chunks of panels from a counter.
func inChunks(threads, panels int, do func(p0, p1 int)) {
	const step = 256
	var next atomic.Int64
	var wait sync.WaitGroup
	for range threads {
		wait.Go(func() {
			for p := int(next.Add(step)) - step; p < panels; p = int(next.Add(step)) - step {
				do(p, min(p+step, panels))
			}
		})
	}
	wait.Wait()
}
