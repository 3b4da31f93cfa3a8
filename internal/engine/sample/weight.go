package sample

import "math"

// Weights are powers of two of u/64, u ≤ 0 being a logit's distance from the
// greatest in 64ths of an octave: a sixty-fourth part of u is looked up, the
// rest is a polynomial.

const (
	octave     = 64
	weightBits = 40                   // the best token weighs 2^40; 2^18 tokens still sum below 2^58
	lightest   = -weightBits * octave // at this u and below a token weighs nothing
	offset     = 64 * octave          // makes u positive, so that truncation is the floor

	// 2^(r/64) = 1 + c1·r + c2·r² + c3·r³ for r in [0, 1): (ln2/64)^n/n!,
	// relative error below 6e-10.
	c1 = 0.6931471805599453 / octave
	c2 = 0.24022650695910072 / octave / octave
	c3 = 0.05550410866482158 / octave / octave / octave
)

// split returns k = ⌊u⌋ + offset and the rest r, for −offset < u ≤ 0.
func split(u float64) (k int, r float64) {
	v := u + offset
	k = int(v)
	return k, v - float64(k)
}

// power returns 2^(u/64 + 40) for lightest < u ≤ 0, given split(u). The
// conversions forbid fused multiply-add: same bits on every machine.
func power(k int, r float64) float64 {
	p := c2 + float64(r*c3)
	p = c1 + float64(r*p)
	p = 1 + float64(r*p)
	return powers[k] * p
}

// powers[k] is 2^(k/64 − 64 + 40). Scaling by powers of two is exact, so the
// table is as good as the literals behind it.
var powers = func() (t [offset + octave]float64) {
	for k := range t {
		t[k] = math.Ldexp(exp2Table[k%octave], k/octave-offset/octave+weightBits)
	}
	return t
}()

// weight returns ⌊2^40·2^(u/64)⌋, and 0 where u ≤ lightest.
func weight(u float64) uint64 {
	if !(u > lightest) {
		return 0
	}
	k, r := split(u)
	return weigh(k, r)
}

func weigh(k int, r float64) uint64 { return uint64(int64(power(k, r))) }

// logSumExp returns ln Σ exp(x−greatest) over all x. Terms below 2^-60 of the
// greatest vanish in the sum and are left out.
func logSumExp(logits []float32, greatest float32) float64 {
	low := greatest - 60*math.Ln2
	sum := 0.0
	for _, x := range logits {
		if x > low {
			sum += power(split((float64(x) - float64(greatest)) * (math.Log2E * octave)))
		}
	}
	return math.Log(sum / (1 << weightBits))
}

// scale maps logits to u under a temperature.
type scale struct {
	max, perT float64
	low       float64 // min-p as a bound on u; −Inf if off
}

func newScale(p *Params, max float32) scale {
	s := scale{float64(max), math.Log2E * octave / float64(p.Temperature), math.Inf(-1)}
	if p.MinP > 0 {
		s.low = math.Log2(float64(p.MinP)) * octave
	}
	return s
}

func (s *scale) at(x float32) float64 { return (float64(x) - s.max) * s.perT }

// above returns a logit below which u is less than −steps, erring on the low
// side by rounding and one octave.
func (s *scale) above(steps int) float32 {
	return float32(s.max - float64(steps+octave)/s.perT)
}
