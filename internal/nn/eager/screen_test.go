package eager

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"malmoi/internal/nn"
	"malmoi/internal/num/cpu"
	"malmoi/internal/num/cpu/cputest"
	"malmoi/internal/num/kernel"
	"malmoi/internal/num/par"
	"malmoi/internal/num/quant"
)

// screenHeads are ways to fill a row of a head; each also says whether so much
// of it is near that screening may give up.
var screenHeads = map[string]struct {
	scale func(r int, rng *rand.Rand) uint16
	quant func(r, c int, rng *rand.Rand) byte
	flat  bool
}{
	"random":     {halfOne, randomQuant, false},
	"flat":       {halfOne, func(_, c int, _ *rand.Rand) byte { return byte(c * 37) }, true},
	"ties":       {halfOne, func(r, c int, _ *rand.Rand) byte { return byte((r%7 + 1) * (c*11%17 - 8)) }, true},
	"one peak":   {func(r int, _ *rand.Rand) uint16 { return map[bool]uint16{true: 0x3c00, false: 0x0c00}[r == 777] }, randomQuant, false},
	"many sizes": {func(r int, rng *rand.Rand) uint16 { return uint16(rng.IntN(0x7c00)) }, randomQuant, false},
	"zeros":      {func(int, *rand.Rand) uint16 { return 0 }, randomQuant, true},
	"infinity": {func(r int, _ *rand.Rand) uint16 { return map[bool]uint16{true: 0x7c00, false: 0x2c00}[r == 900] },
		randomQuant, false},
}

func halfOne(int, *rand.Rand) uint16            { return 0x2c00 }
func randomQuant(_, _ int, rng *rand.Rand) byte { return byte(rng.Uint32()) }
func plainNorm(C int) *nn.Norm                  { return &nn.Norm{W: slices.Repeat([]float32{1}, C), Eps: 1e-6} }
func screenHead(t *testing.T, name string) *nn.Linear {
	t.Helper()
	const V, C = 16*80 + 5, 96
	h, rng := screenHeads[name], rand.New(rand.NewPCG(31, 31))
	data := make([]byte, 0, V*C/32*34)
	for r := range V {
		for c := range C {
			if c%32 == 0 {
				data = binary.LittleEndian.AppendUint16(data, h.scale(r, rng))
			}
			data = append(data, h.quant(r, c, rng))
		}
	}
	w, err := kernel.Pack(quant.Q8_0, data, V, C, kernel.Options{Screen: true})
	if err != nil {
		t.Fatal(err)
	}
	return &nn.Linear{W: w}
}

// logitsOf computes the logits of hidden rows, each with the greatest k asked
// for; 0 asks for all.
func logitsOf(e *Exec, head *nn.Linear, h nn.Rows, k int32, scale float32) []float32 {
	b := &nn.Batch{Logits: make([]float32, h.T*head.W.Rows())}
	for i := range h.T {
		b.Out = append(b.Out, int32(i))
		b.Best = append(b.Best, k)
	}
	e.b, e.T, e.err = b, h.T, nil
	e.Logits(h, plainNorm(h.C), head, scale)
	return b.Logits
}

func hiddenRows(T, C int, seed uint64) nn.Rows {
	rng := rand.New(rand.NewPCG(seed, 7))
	h := nn.Rows{Data: make([]float32, T*C), T: T, C: C}
	for i := range h.Data {
		h.Data[i] = float32(rng.NormFloat64() * math.Exp(rng.NormFloat64()))
	}
	return h
}

// TestScreenedLogits compares screened with whole logits over heads that are
// made to be hard: the greatest must have the same bits and the rest lie below.
func TestScreenedLogits(t *testing.T) {
	cputest.ForEach(t, func(t *testing.T, _ cpu.Level) {
		for name := range screenHeads {
			head := screenHead(t, name)
			for _, threads := range []int{1, 3} {
				pool := par.New(threads)
				e := New(pool, NewCache(1, 1, 8, false))
				tried := int64(0)
				for seed := range uint64(12) {
					for _, k := range []int32{1, 2, 40, MostBest, MostBest + 1} {
						T := 1 + int(seed)%max(1, kernel.ScreenRows())
						h := hiddenRows(T, head.W.Cols(), seed)
						e.screen.rest = 0
						want, got := logitsOf(e, head, h, 0, 1), logitsOf(e, head, h, k, 1)
						for i := range T {
							checkBest(t, name, want[i*head.W.Rows():(i+1)*head.W.Rows()], got[i*head.W.Rows():], int(k))
						}
						tried++
					}
				}
				s := e.Screened()
				if kernel.ScreenRows() > 0 && (s.Steps == 0 || !screenHeads[name].flat && s.Whole == s.Steps) {
					t.Errorf("%s: of %d products %d screened, %d in vain", name, tried, s.Steps, s.Whole)
				}
				if kernel.ScreenRows() == 0 && s.Steps > 0 {
					t.Errorf("%s: %d screened where it saves nothing", name, s.Steps)
				}
				pool.Close()
			}
		}
	})
}

func checkBest(t *testing.T, name string, want, got []float32, k int) {
	t.Helper()
	sorted := slices.Sorted(slices.Values(want)) // NaNs first
	least := sorted[len(sorted)-k]
	for r, w := range want {
		switch g := got[r]; {
		case w >= least || w != w:
			if math.Float32bits(g) != math.Float32bits(w) {
				t.Fatalf("%s k=%d: logit %d is %g, want %g (least %g)", name, k, r, g, w, least)
			}
		case !(g < least):
			t.Fatalf("%s k=%d: logit %d is %g, want less than %g (it is %g)", name, k, r, g, least, w)
		}
	}
}

// TestWhatIsNotScreened asks for logits that screening must leave alone.
func TestWhatIsNotScreened(t *testing.T) {
	pool := par.New(1)
	defer pool.Close()
	plain := screenHead(t, "random")
	biased := &nn.Linear{W: plain.W, Bias: make([]float32, plain.W.Rows())}
	biased.Bias[5] = 1e6
	h := hiddenRows(1, plain.W.Cols(), 1)
	broken := hiddenRows(1, plain.W.Cols(), 1)
	broken.Data[3] = float32(math.NaN())
	many := hiddenRows(kernel.ScreenRows()+1, plain.W.Cols(), 1)
	f := func(what string, head *nn.Linear, h nn.Rows, k int32, scale float32, off bool) {
		t.Helper()
		e := New(pool, NewCache(1, 1, 8, false))
		e.SetScreening(!off)
		want, got := logitsOf(e, head, h, 0, scale), logitsOf(e, head, h, k, scale)
		for i, w := range want {
			if math.Float32bits(w) != math.Float32bits(got[i]) {
				t.Fatalf("%s: logit %d is %g, want %g", what, i, got[i], w)
			}
		}
		if s := e.Screened(); s.Steps > 0 {
			t.Errorf("%s: screened", what)
		}
	}
	f("all logits", plain, h, 0, 1, false)
	f("too many logits", plain, h, MostBest+1, 1, false)
	f("a bias", biased, h, 1, 1, false)
	f("a scale, which may make equal what was not", plain, h, 1, 0.125, false)
	f("too many rows", plain, many, 1, 1, false)
	f("not a number", plain, broken, 1, 1, false)
	f("switched off", plain, h, 1, 1, true)
}

// TestScreeningRests: in vain it is tried less and less often, and again at once
// for fewer logits.
func TestScreeningRests(t *testing.T) {
	if kernel.ScreenRows() == 0 {
		t.Skip("this machine does not screen")
	}
	pool := par.New(1)
	defer pool.Close()
	e := New(pool, NewCache(1, 1, 8, false))
	flat := screenHead(t, "flat")
	h := hiddenRows(1, flat.W.Cols(), 2)
	for range 500 {
		logitsOf(e, flat, h, 8, 1)
	}
	// Rests of 8, 16, 32, 64, 128 and 256 steps.
	if s := e.Screened(); s.Steps != 6 || s.Whole != 6 {
		t.Errorf("%d of 500 steps screened, %d in vain; want 6 and 6", s.Steps, s.Whole)
	}
	logitsOf(e, screenHead(t, "one peak"), h, 1, 1)
	if s := e.Screened(); s.Steps != 7 {
		t.Errorf("one logit is not screened while eight rest")
	}
}

// TestScreeningAllocatesNothing in steady state.
func TestScreeningAllocatesNothing(t *testing.T) {
	pool := par.New(2)
	defer pool.Close()
	e := New(pool, NewCache(1, 1, 8, false))
	head := screenHead(t, "random")
	h := hiddenRows(1, head.W.Cols(), 3)
	b := &nn.Batch{Out: []int32{0}, Best: []int32{8}, Logits: make([]float32, head.W.Rows())}
	n := plainNorm(h.C)
	step := func() {
		e.b, e.T = b, 1
		e.Logits(h, n, head, 1)
	}
	step()
	if n := testing.AllocsPerRun(50, step); n > 0 {
		t.Errorf("%g allocations a step", n)
	}
}
