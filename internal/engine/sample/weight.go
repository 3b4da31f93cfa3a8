package sample

import "math"

const (
	weightBits = 40 // the best token weighs 2^40; 2^18 tokens still sum below 2^58

	// Coefficients of 2^r = 1 + c1·r + c2·r² + c3·r³ for r in [0, 1/64):
	// ln2^n/n!, relative error below 6e-10.
	c1 = 0.6931471805599453
	c2 = 0.24022650695910072
	c3 = 0.05550410866482158
)

// exp2 returns m in [1, 2) and e ≤ 0 with 2^t ≈ m·2^e, for −1000 < t ≤ 0.
// The conversions forbid fused multiply-add: same bits on every machine.
func exp2(t float64) (m float64, e int) {
	e = int(t)
	if float64(e) > t {
		e--
	}
	f := t - float64(e)
	j := int(f * 64)
	r := f - float64(j)*(1.0/64)
	poly := c2 + float64(r*c3)
	poly = c1 + float64(r*poly)
	poly = 1 + float64(r*poly)
	return exp2Table[j&63] * poly, e
}

// weight returns ⌊2^40·2^t⌋ for t ≤ 0, and 0 where t ≤ −40.
func weight(t float64) uint64 {
	if !(t > -weightBits) {
		return 0
	}
	m, e := exp2(t)
	return uint64(m*(1<<weightBits)) >> uint(-e)
}

// logSumExp returns ln Σ exp(x−max) over all x, given the greatest of them.
// Terms below 2^-60 of the greatest vanish in the sum and are left out.
func logSumExp(logits []float32, max float32) float64 {
	low := max - 60*math.Ln2
	sum := 0.0
	for _, x := range logits {
		if x > low {
			m, e := exp2((float64(x) - float64(max)) * math.Log2E)
			sum += m * math.Float64frombits(uint64(1023+e)<<52)
		}
	}
	return math.Log(sum)
}
