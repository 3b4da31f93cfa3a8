package kernel

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
)

// cache is keys and values in pages and, as stored, in float64.
type cache struct {
	kv    KV
	D     int
	pages [][]byte
	k, v  []float64 // (n, D)
}

// newCache stores n random tokens. The slots behind the last one hold NaN.
func newCache(kv KV, rng *rand.Rand, n, D int) *cache {
	c := &cache{kv: kv, D: D}
	size := kv.PageBytes(D)
	for range (n + PageTokens - 1) / PageTokens {
		page := make([]byte, size)
		for i := range page {
			page[i] = 0xff
		}
		c.pages = append(c.pages, page)
	}
	for i := range n {
		c.store(i, normals(rng, D), normals(rng, D))
	}
	return c
}

func (c *cache) store(i int, key, val []float32) {
	c.kv.Store(c.pages[i/PageTokens], i%PageTokens, key, val)
	held := func(x []float32) []float64 {
		e := c.kv.elem()
		y := put(e, make([]byte, 4*len(x)), x)
		out := make([]float64, len(x))
		for j, v := range y {
			if e == elemF16 && math.IsInf(float64(v), 0) {
				v = float32(math.Copysign(65504, float64(v)))
			}
			out[j] = float64(v)
		}
		return out
	}
	for len(c.k) < (i+1)*c.D {
		c.k, c.v = append(c.k, 0), append(c.v, 0)
	}
	copy(c.k[i*c.D:], held(key))
	copy(c.v[i*c.D:], held(val))
}

// attend is the definition in float64, one row.
func (c *cache) attend(q []float32, first, last int, softcap float64) []float64 {
	out := make([]float64, c.D)
	var s []float64
	m := math.Inf(-1)
	for i := first; i <= last; i++ {
		var dot float64
		for d, x := range q {
			dot += float64(x) * c.k[i*c.D+d]
		}
		if softcap != 0 {
			dot = softcap * math.Tanh(dot/softcap)
		}
		s = append(s, dot)
		m = math.Max(m, dot)
	}
	if len(s) == 0 || math.IsInf(m, -1) {
		return out
	}
	var sum float64
	for i, x := range s {
		p := math.Exp(x - m)
		sum += p
		for d := range out {
			out[d] += p * c.v[(first+i)*c.D+d]
		}
	}
	for d := range out {
		out[d] /= sum
	}
	return out
}

func (c *cache) args(q []float32, first, last []int32) (*Attn, func() error) {
	out, stands := guarded(len(q))
	for i := range out {
		out[i] = float32(math.NaN())
	}
	return &Attn{Q: q, Out: out, R: len(first), D: c.D, First: first, Last: last, Pages: c.pages}, stands
}

func (c *cache) check(t *testing.T, what string, a *Attn, tol float64) {
	t.Helper()
	for r := range a.R {
		want := c.attend(a.Q[r*c.D:(r+1)*c.D], int(a.First[r]), int(a.Last[r]), float64(a.Softcap))
		for d, w := range want {
			if got := a.Out[r*c.D+d]; !near(got, w, 1, tol) {
				t.Fatalf("%s: row %d (%d…%d) value %d is %v, want %v", what, r, a.First[r], a.Last[r], d, got, w)
			}
		}
	}
}

const attnTol = 3e-6

func queries(rng *rand.Rand, R, D int) []float32 {
	q := normals(rng, R*D)
	Scale(q, float32(1/math.Sqrt(float64(D))))
	return q
}

func TestAttendAgainstFloat64(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, kv := range []KV{{}, {F32: true}} {
			for _, D := range []int{16, 32, 64, 80, 128, 256, 8, 24, 36} {
				rng := seeded(uint64(D))
				const n = 300
				c := newCache(kv, rng, n, D)
				var s AttnScratch
				for _, R := range []int{1, 2, 3, 6, 7, 12, 13, 30} {
					q := queries(rng, R, D)
					first, last := make([]int32, R), make([]int32, R)
					for r := range R { // causal, with a window for every third
						last[r] = int32(n - R + r)
						if r%3 == 2 {
							first[r] = max(0, last[r]-70)
						}
					}
					a, stands := c.args(q, first, last)
					kv.Attend(a, &s)
					if err := stands(); err != nil {
						t.Fatal(err)
					}
					c.check(t, fmt.Sprintf("%+v D %d R %d", kv, D, R), a, attnTol)
				}
			}
		}
	})
}

// TestAttendLengths walks over the edges of pages and groups.
func TestAttendLengths(t *testing.T) {
	const D = 32
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(5)
		var s AttnScratch
		for n := 1; n <= 200; n++ {
			c := newCache(KV{}, rng, n, D) // beyond n: NaN
			for _, from := range []int{0, n / 2, n - 1} {
				a, _ := c.args(queries(rng, 2, D), []int32{int32(from), 0}, []int32{int32(n - 1), int32(n - 1)})
				KV{}.Attend(a, &s)
				c.check(t, fmt.Sprintf("length %d from %d", n, from), a, attnTol)
			}
		}
	})
}

// TestAttendSameBits computes rows alone, in pairs, and all together, with
// different visible spans beside each other.
func TestAttendSameBits(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, kv := range []KV{{}, {F32: true}} {
			for _, D := range []int{24, 64, 128} {
				rng := seeded(6)
				const n, R = 1500, 61 // three segments
				c := newCache(kv, rng, n, D)
				q := queries(rng, R, D)
				first, last := make([]int32, R), make([]int32, R)
				for r := range R {
					first[r] = int32(rng.IntN(n))
					last[r] = first[r] + int32(rng.IntN(n-int(first[r]))) - int32(rng.IntN(2)*rng.IntN(3))
				}
				all, _ := c.args(q, first, last)
				kv.Attend(all, &AttnScratch{})
				for _, step := range []int{1, 2, 5, 7, 13, 40} {
					got := make([]float32, R*D)
					var s AttnScratch
					for r := 0; r < R; r += step {
						e := min(r+step, R)
						a, _ := c.args(q[r*D:e*D], first[r:e], last[r:e])
						kv.Attend(a, &s)
						copy(got[r*D:], a.Out)
					}
					sameBits(t, fmt.Sprintf("%+v D %d, %d rows at once", kv, D, step), got, all.Out)
				}
			}
		}
	})
}

// TestAttendAcrossSegments holds long rows against float64, also with the largest
// score in the first segment, in the last, and in the middle.
func TestAttendAcrossSegments(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		const n, D = 1700, 64
		for _, peak := range []int{3, 700, n - 2} {
			rng := seeded(uint64(peak))
			c := newCache(KV{F32: true}, rng, n, D)
			q := queries(rng, 5, D)
			key := make([]float32, D)
			for d := range key {
				key[d] = 3 * q[d] // row 0 looks there
			}
			c.store(peak, key, normals(rng, D))
			a, _ := c.args(q, []int32{0, 0, 511, 512, 900}, []int32{n - 1, 512, 1024, 1023, n - 1})
			KV{F32: true}.Attend(a, &AttnScratch{})
			c.check(t, fmt.Sprintf("peak at %d", peak), a, attnTol)
		}
	})
}

// TestPartsJoin computes each segment with scratch of its own, in any order, and
// joins them: the bits of Attend.
func TestPartsJoin(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(16)
		const n, R, D = 1800, 9, 72
		c := newCache(KV{}, rng, n, D)
		q := queries(rng, R, D)
		first, last := make([]int32, R), make([]int32, R)
		for r := range R {
			first[r] = int32(rng.IntN(n))
			last[r] = first[r] + int32(rng.IntN(n-int(first[r])))
		}
		last[3] = first[3] - 1 // sees nothing
		a, _ := c.args(q, first, last)
		KV{}.Attend(a, &AttnScratch{})
		lo, hi := Segments(first, last)
		if hi-lo != 4 {
			t.Fatalf("segments %d to %d", lo, hi)
		}
		parts := make([]AttnPart, hi-lo)
		for _, i := range rng.Perm(len(parts)) {
			KV{}.AttendPart(&parts[i], a, &AttnScratch{}, lo+i)
		}
		for i := range parts[1:] {
			parts[0].Join(&parts[1+i], D)
		}
		got := make([]float32, R*D)
		parts[0].Finish(got, D)
		sameBits(t, "joined", got, a.Out)
	})
}

func TestAttendSeesNothing(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		c := newCache(KV{}, seeded(7), 40, 64)
		a, _ := c.args(queries(seeded(8), 3, 64), []int32{3, 5, 0}, []int32{2, 39, -1})
		KV{}.Attend(a, &AttnScratch{})
		c.check(t, "two rows without a position", a, attnTol)
		none, _ := c.args(queries(seeded(8), 1, 64), []int32{9}, []int32{8})
		none.Pages = nil
		KV{}.Attend(none, &AttnScratch{})
		for _, v := range none.Out {
			if v != 0 {
				t.Fatalf("no position seen: %v", v)
			}
		}
	})
}

func TestAttendExtremeScores(t *testing.T) {
	inf := float32(math.Inf(1))
	const D, n = 16, 150
	f := func(t *testing.T, what string, want float64, key func(i int) float32) {
		t.Helper()
		c := newCache(KV{F32: true}, seeded(9), n, D)
		k, v := make([]float32, D), make([]float32, D)
		for i := range n {
			k[0], v[3] = key(i), float32(i)
			c.store(i, k, v)
		}
		q := make([]float32, D)
		q[0] = 1
		a, _ := c.args(q, []int32{0}, []int32{n - 1})
		KV{F32: true}.Attend(a, &AttnScratch{})
		if !near(a.Out[3], want, n, 1e-6) {
			t.Errorf("%s: %v, want %v", what, a.Out[3], want)
		}
	}
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		at := func(i, j int, x, y float32) float32 {
			if i == j {
				return x
			}
			return y
		}
		f(t, "one huge", 140, func(i int) float32 { return at(i, 140, 2e38, -2e38) })
		f(t, "one less low", 3, func(i int) float32 { return at(i, 3, -1e30, -2e38) })
		f(t, "all -Inf", 0, func(int) float32 { return -inf })
		f(t, "all but one -Inf", 77, func(i int) float32 { return at(i, 77, -5, -inf) })
		f(t, "equal", 74.5, func(int) float32 { return 88 })
		f(t, "+Inf", math.NaN(), func(i int) float32 { return at(i, 9, inf, 0) })
		f(t, "NaN", math.NaN(), func(i int) float32 { return at(i, 130, float32(math.NaN()), 0) })
	})
}

func TestAttendSoftcap(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		rng := seeded(10)
		c := newCache(KV{}, rng, 200, 64)
		for _, limit := range []float32{1, 20, 50} {
			q := normals(rng, 5*64)
			a, _ := c.args(q, make([]int32, 5), []int32{199, 150, 100, 31, 0})
			a.Softcap = limit
			KV{}.Attend(a, &AttnScratch{})
			// Scores of ±30 carry 1e-6 of rounding each.
			c.check(t, fmt.Sprintf("softcap %v", limit), a, 2e-5)
		}
	})
}

// TestStore reads keys and values back from where the layout says they are, and
// looks that nothing else changed.
func TestStore(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for _, kv := range []KV{{}, {F32: true}} {
			for _, D := range []int{8, 12, 64, 80, 130, 256} {
				rng := seeded(uint64(D))
				key, val := normals(rng, D), normals(rng, D)
				key[1], val[2], val[3], key[4] = 1e6, float32(math.Inf(-1)), 65519.9, 3e-8
				page := make([]byte, kv.PageBytes(D))
				slot := rng.IntN(PageTokens)
				kv.Store(page, slot, key, val)
				e := kv.elem()
				want := make([]byte, len(page))
				for d := range D {
					for _, x := range []struct {
						at int
						v  float32
					}{{d*PageTokens + slot, key[d]}, {PageTokens*D + slot*D + d, val[d]}} {
						if !kv.F32 {
							x.v = min(max(x.v, -65504), 65504)
						}
						put(e, want[x.at*e.bytes():], []float32{x.v})
					}
				}
				if !bytes.Equal(page, want) {
					t.Fatalf("%+v D %d: the page is not laid out as documented", kv, D)
				}
			}
		}
	})
}

func TestAttendAllocatesNothing(t *testing.T) {
	c := newCache(KV{}, seeded(1), 300, 64)
	a, _ := c.args(queries(seeded(2), 7, 64), make([]int32, 7), []int32{299, 299, 299, 299, 299, 299, 299})
	var s AttnScratch
	KV{}.Attend(a, &s)
	if n := testing.AllocsPerRun(10, func() { KV{}.Attend(a, &s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAttend is one key/value head at depth 2048; tokens is how many
// tokens' query heads go together.
func BenchmarkAttend(b *testing.B) {
	old := cpu.Current()
	defer cpu.Force(old)
	for l := cpu.Portable; l <= cpu.Best(); l++ {
		for _, m := range []struct {
			name string
			G, D int
		}{{"qwen0.5b", 7, 64}, {"qwen1.5b", 6, 128}, {"gemma270m", 4, 256}, {"mha", 1, 64}} {
			for _, tokens := range []int{1, 9, 18} {
				for _, kv := range []KV{{}, {F32: true}} {
					name := fmt.Sprintf("%v/%s/tokens%d/f32=%v", l, m.name, tokens, kv.F32)
					b.Run(name, func(b *testing.B) { cpu.Force(l); benchAttend(b, kv, tokens*m.G, m.D) })
				}
			}
		}
	}
}

func benchAttend(b *testing.B, kv KV, R, D int) {
	const depth = 2048
	rng := seeded(1)
	c := newCache(kv, rng, depth, D)
	first, last := make([]int32, R), make([]int32, R)
	for r := range R {
		last[r] = depth - 1
	}
	a, _ := c.args(queries(rng, R, D), first, last)
	var s AttnScratch
	for b.Loop() {
		kv.Attend(a, &s)
	}
	seconds := b.Elapsed().Seconds()
	b.ReportMetric(2*2*float64(R*D*depth)*float64(b.N)/seconds/1e9, "GFLOP/s")
	b.ReportMetric(float64(depth/PageTokens*kv.PageBytes(D))*float64(b.N)/seconds/1e9, "GB/s")
}

func BenchmarkStore(b *testing.B) {
	const D = 128
	page := make([]byte, KV{}.PageBytes(D))
	x := normals(seeded(1), D)
	for b.Loop() {
		KV{}.Store(page, 5, x, x)
	}
}
