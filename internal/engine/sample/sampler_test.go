package sample

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// check draws with the fast path and compares with the definition, and that
// the row came back unchanged.
func check(t *testing.T, m *Sampler, p Params, history []int32, index int, logits []float32, mask []uint64, logProbs int) {
	t.Helper()
	if err := p.Check(len(logits)); err != nil {
		t.Fatal(err)
	}
	want, wantErr := define(p, history, index, logits, mask)
	s := NewState(p)
	s.Seen(history...)
	before := append([]float32(nil), logits...)
	got, err := m.Sample(s, index, logits, mask, logProbs)
	if logProbs != 0 && errors.Is(err, ErrNaN) {
		return // log probabilities look at masked tokens too
	}
	if (err == nil) != (wantErr == nil) || wantErr != nil && !errors.Is(err, wantErr) {
		t.Fatalf("%+v: error %v, want %v", p, err, wantErr)
	}
	if err == nil && got.ID != want {
		t.Fatalf("%+v history %v index %d V %d: got %d (%g), want %d (%g)", p, history, index, len(logits), got.ID, logits[got.ID], want, logits[want])
	}
	for i := range logits {
		if math.Float32bits(logits[i]) != math.Float32bits(before[i]) {
			t.Fatalf("%+v: logit %d was changed from %g to %g", p, i, before[i], logits[i])
		}
	}
}

// scenario makes a random row, history, mask and parameters.
func scenario(r *rand.Rand) (p Params, history []int32, logits []float32, mask []uint64) {
	V := 1 + r.IntN(3000)
	spread := []float64{0, 0.1, 1, 3, 10, 100}[r.IntN(6)]
	step := []float64{0, 0.25, 1}[r.IntN(3)] // coarse logits make ties
	logits = make([]float32, V)
	for i := range logits {
		x := r.NormFloat64() * spread
		if step > 0 {
			x = math.Round(x/step) * step
		}
		logits[i] = float32(x)
		if r.IntN(50) == 0 {
			logits[i] = negInf
		}
	}
	p.Temperature = []float32{0, 0.01, 0.5, 0.7, 1, 1.5, 10, 1e-30, 1e30}[r.IntN(9)]
	p.TopK = []int{0, 0, 1, 5, 20, 40, 513, 1000, 5000}[r.IntN(9)]
	p.TopP = []float32{0, 1, 0.01, 0.5, 0.9, 0.95, 0.9999}[r.IntN(7)]
	p.MinP = []float32{0, 0, 0.01, 0.1, 0.5, 1, 1e-13}[r.IntN(7)]
	if r.IntN(2) == 0 {
		p.RepetitionPenalty = []float32{0, 1, 1.1, 1.2, 5, 0.5}[r.IntN(6)]
		p.PresencePenalty = []float32{0, 0.5, -1}[r.IntN(3)]
		p.FrequencyPenalty = []float32{0, 0.3, -0.1}[r.IntN(3)]
		p.PenaltyWindow = []int{0, 0, 1, 7, 64}[r.IntN(5)]
		for range r.IntN(100) {
			history = append(history, int32(r.IntN(min(V, 20+r.IntN(V)))))
		}
	}
	if r.IntN(3) == 0 {
		p.LogitBias = map[int32]float32{}
		for range 1 + r.IntN(5) {
			p.LogitBias[int32(r.IntN(V))] = float32(r.NormFloat64() * 20)
		}
	}
	if r.IntN(3) == 0 {
		mask = make([]uint64, (V+63)/64)
		for i := range mask {
			mask[i] = []uint64{0, 0, ^uint64(0), r.Uint64(), 1 << r.IntN(64)}[r.IntN(5)]
		}
	}
	p.Seed = r.Uint64()
	return p, history, logits, mask
}

func TestFastPathIsTheDefinition(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	var m Sampler
	for range 3000 {
		p, history, logits, mask := scenario(r)
		check(t, &m, p, history, r.IntN(1000), logits, mask, []int{0, 0, -1, 5}[r.IntN(4)])
	}
}

func FuzzSample(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, float32(0.7), 20, float32(0.8), float32(0), float32(1.1), uint32(0x3f800000))
	}
	f.Add(uint64(1), float32(1), 0, float32(0.5), float32(0.1), float32(0), uint32(0x7fc00000)) // NaN
	f.Add(uint64(1), float32(1), 600, float32(1), float32(0), float32(0), uint32(0x7f800000))   // +Inf
	var m Sampler
	f.Fuzz(func(t *testing.T, seed uint64, temperature float32, topK int, topP, minP, repeat float32, logit uint32) {
		p, history, logits, mask := scenario(rand.New(rand.NewPCG(seed, 1)))
		p.Temperature, p.TopK, p.TopP, p.MinP, p.RepetitionPenalty = temperature, topK, topP, minP, repeat
		logits[seed%uint64(len(logits))] = math.Float32frombits(logit)
		if p.Check(len(logits)) != nil {
			return
		}
		check(t, &m, p, history, int(seed%100), logits, mask, int(seed%3)-1)
	})
}

func TestGreedyTakesTheLowestOfEquals(t *testing.T) {
	var m Sampler
	c, err := m.Sample(NewState(Params{}), 0, []float32{1, 3, 2, 3}, nil, 0)
	if err != nil || c.ID != 1 {
		t.Fatalf("got %d, %v; want 1", c.ID, err)
	}
}

func TestPenaltiesFollowTheirFormula(t *testing.T) {
	f := func(p Params, history []int32, want ...float32) {
		t.Helper()
		s := NewState(p)
		s.Seen(history...)
		row := []float32{2, -2, 1}
		s.adjust(row, nil)
		for i := range row {
			if row[i] != want[i] {
				t.Errorf("%+v after %v: got %v, want %v", p, history, row, want)
				return
			}
		}
	}
	f(Params{}, []int32{0, 1}, 2, -2, 1)
	f(Params{RepetitionPenalty: 2}, []int32{0, 1, 1}, 1, -4, 1)
	f(Params{FrequencyPenalty: 0.5}, []int32{0, 1, 1}, 1.5, -3, 1)
	f(Params{PresencePenalty: 0.5}, []int32{0, 1, 1}, 1.5, -2.5, 1)
	f(Params{RepetitionPenalty: 2, FrequencyPenalty: 0.5, PresencePenalty: 0.25}, []int32{0, 0}, -0.25, -2, 1)
	f(Params{FrequencyPenalty: 1, PenaltyWindow: 2}, []int32{0, 0, 0, 1, 2}, 2, -3, 0)
	f(Params{PresencePenalty: 1, LogitBias: map[int32]float32{0: 5, 2: 1}}, []int32{2}, 7, -2, 1)
}

// The distribution of draws must be the softmax: chi-squared over 40,000 draws.
func TestDrawsFollowTheSoftmax(t *testing.T) {
	logits := []float32{0, 1, 2, 0.5, -1, 1.5}
	for _, p := range []Params{{Temperature: 1}, {Temperature: 0.7}, {Temperature: 1, TopK: 6}, {Temperature: 1.3, TopK: 4}, {Temperature: 1, TopP: 0.8}} {
		const draws = 40000
		want := make([]float64, len(logits))
		keep := map[int32]bool{0: true, 1: true, 2: true, 3: true, 4: true, 5: true}
		if p.TopK == 4 {
			keep = map[int32]bool{1: true, 2: true, 3: true, 5: true}
		}
		if p.TopP > 0 { // 0.42, 0.25, 0.15: the third reaches 0.8
			keep = map[int32]bool{1: true, 2: true, 5: true}
		}
		sum := 0.0
		for i, x := range logits {
			if keep[int32(i)] {
				want[i] = math.Exp(float64(x) / float64(p.Temperature))
				sum += want[i]
			}
		}
		var m Sampler
		got := make([]float64, len(logits))
		s := NewState(p)
		for i := range draws {
			c, err := m.Sample(s, i, logits, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			got[c.ID]++
		}
		chi := 0.0
		for i := range want {
			expect := want[i] / sum * draws
			if expect == 0 {
				if got[i] != 0 {
					t.Errorf("%+v: token %d drawn %v times, want never", p, i, got[i])
				}
				continue
			}
			chi += (got[i] - expect) * (got[i] - expect) / expect
		}
		if chi > 20.5 { // p = 0.001 for 5 degrees of freedom
			t.Errorf("%+v: chi² %.1f, counts %v", p, chi, got)
		}
	}
}

func TestLogProbsAreOfTheRawRow(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	logits := make([]float32, 5000)
	for i := range logits {
		logits[i] = float32(r.NormFloat64() * 4)
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x))
	}
	var m Sampler
	p := Params{Temperature: 0.7, TopK: 5, RepetitionPenalty: 2, LogitBias: map[int32]float32{17: 100}}
	s := NewState(p)
	s.Seen(17, 17)
	c, err := m.Sample(s, 0, logits, nil, 3)
	if err != nil || c.ID != 17 || len(c.Top) != 3 {
		t.Fatalf("got %+v, %v; want the biased token 17 and three likeliest", c, err)
	}
	for _, got := range append(c.Top, LogProb{c.ID, c.LogProb}) {
		want := float64(logits[got.ID]) - math.Log(sum)
		if math.Abs(float64(got.LogProb)-want) > 2e-6 {
			t.Errorf("token %d: log probability %g, want %g", got.ID, got.LogProb, want)
		}
	}
	if c.Top[0].LogProb < c.Top[1].LogProb || c.Top[1].LogProb < c.Top[2].LogProb {
		t.Errorf("likeliest tokens are not in order: %v", c.Top)
	}
}

func TestBrokenRowsAreErrors(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	f := func(want error, mask []uint64, row ...float32) {
		t.Helper()
		for _, p := range []Params{{}, {Temperature: 1}, {Temperature: 1, TopK: 2}} {
			var m Sampler
			if _, err := m.Sample(NewState(p), 0, row, mask, 0); !errors.Is(err, want) {
				t.Errorf("%v %+v: got %v, want %v", row, p, err, want)
			}
		}
	}
	f(ErrNaN, nil, 1, nan, 2)
	f(ErrNaN, nil, nan)
	f(ErrNaN, nil, 1, 2, inf)
	f(ErrNoToken, nil, negInf, negInf)
	f(ErrNoToken, []uint64{0}, 1, 2)
	f(ErrNoToken, []uint64{1}, negInf, 2)
	f(nil, []uint64{1}, 1, nan)
}

func TestWeight(t *testing.T) {
	for i := range 2560 * 8 {
		u := -float64(i) / 8.1
		k, r := split(u)
		got, want := math.Ldexp(power(k, r), -weightBits), math.Exp2(u/64)
		if math.Abs(got-want) > 1e-9*want {
			t.Fatalf("2^(%g/64): got %g, want %g", u, got, want)
		}
		if w := float64(weight(u)); math.Abs(w-want*(1<<weightBits)) > 1+w*1e-9 {
			t.Fatalf("weight at %g: got %g, want %g", u, w, want*(1<<weightBits))
		}
	}
	if weight(0) != 1<<weightBits || weight(lightest) != 0 || weight(math.Inf(-1)) != 0 || weight(lightest+0.01) == 0 {
		t.Error("weights at the ends of their range")
	}
}

func TestParamsOutOfRange(t *testing.T) {
	nan := float32(math.NaN())
	for i, p := range []Params{
		{Temperature: -1}, {Temperature: nan}, {TopK: -1}, {TopP: 1.1}, {TopP: nan}, {MinP: -0.1}, {RepetitionPenalty: -1},
		{RepetitionPenalty: 1000}, {PresencePenalty: nan}, {FrequencyPenalty: float32(math.Inf(1))}, {PenaltyWindow: -1},
		{LogitBias: map[int32]float32{10: 1}}, {LogitBias: map[int32]float32{-1: 1}}, {LogitBias: map[int32]float32{1: nan}},
	} {
		if p.Check(10) == nil {
			t.Errorf("case %d: %+v was accepted", i, p)
		}
	}
}

// chatRow is a row shaped like a language model's: a few likely tokens over a
// wide bell.
func chatRow(V int) []float32 {
	r := rand.New(rand.NewPCG(1, 2))
	row := make([]float32, V)
	for i := range row {
		row[i] = float32(r.NormFloat64()*3 - 2)
	}
	for i := range 20 {
		row[r.IntN(V)] = 18 - float32(i)*0.6
	}
	return row
}

var settings = []struct {
	name     string
	p        Params
	masked   bool
	logProbs int
}{
	{"greedy", Params{}, false, 0},
	{"chat", Params{Temperature: 0.7, TopK: 20, TopP: 0.8, RepetitionPenalty: 1.1}, false, 0},
	{"top-p", Params{Temperature: 1, TopP: 0.95}, false, 0},
	{"plain", Params{Temperature: 1}, false, 0},
	{"masked", Params{Temperature: 0.7, TopK: 20, TopP: 0.8}, true, 0},
	{"logprobs", Params{}, false, 5},
}

func prepare(p Params, masked bool, V int) (*State, []uint64) {
	s := NewState(p)
	for i := range int32(500) {
		s.Seen(i * 3)
	}
	if !masked {
		return s, nil
	}
	mask := make([]uint64, (V+63)/64)
	for i := range mask {
		mask[i] = ^uint64(0)
		if i%4 == 0 {
			mask[i] = 0x5555555555555555
		}
	}
	return s, mask
}

func TestSampleDoesNotAllocate(t *testing.T) {
	row := chatRow(8192)
	for _, c := range settings {
		var m Sampler
		s, mask := prepare(c.p, c.masked, len(row))
		i := 0
		run := func() {
			choice, err := m.Sample(s, i, row, mask, c.logProbs)
			if err != nil {
				t.Fatal(err)
			}
			s.Seen(choice.ID)
			i++
		}
		for range 200 { // until the scratch has grown
			run()
		}
		if n := testing.AllocsPerRun(200, run); n != 0 {
			t.Errorf("%s: %v allocations per token, want 0", c.name, n)
		}
	}
}

func BenchmarkSample(b *testing.B) {
	for _, V := range []int{151936, 262144} {
		row := chatRow(V)
		for _, c := range settings {
			b.Run(fmt.Sprintf("%s/V=%d", c.name, V), func(b *testing.B) {
				var m Sampler
				s, mask := prepare(c.p, c.masked, V)
				for i := 0; b.Loop(); i++ {
					if _, err := m.Sample(s, i, row, mask, c.logProbs); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
