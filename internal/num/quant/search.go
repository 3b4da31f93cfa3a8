package quant

import "math"

// Searches for the scale, or scale and offset, with which a few integer steps
// come nearest to a group of values by weighted squares. For fixed steps the
// best scale is a least squares solution in closed form; the searches try
// several ways of choosing the steps and keep the best. Every operation is
// float32 in the order of ggml's reference, so that results are equal to its
// bytes.

// negligible is the magnitude below which a group counts as all zero.
const negligible = 1e-15

// fit accumulates the normal equations of x = scale*step.
type fit struct{ xl, ll float32 }

func (f *fit) add(w, x, l float32) {
	f.xl += float32(float32(w*x) * l)
	f.ll += float32(float32(w*l) * l)
}

// searchScale finds the scale for steps -top..top-1 with weights x², trying
// nineteen spans around the one that maps the extreme value to -top.
func searchScale(x []float32, top int32) float32 {
	extreme := maxMagnitude(x)
	if abs(extreme) < negligible {
		return 0
	}
	try := func(inv float32) (f fit) {
		for _, v := range x {
			l := min(max(nearest(inv*v), -top), top-1)
			f.add(v*v, v, float32(l))
		}
		return f
	}
	var scale float32
	first := try(float32(-top) / extreme)
	if first.ll != 0 {
		scale = first.xl / first.ll
	}
	best := scale * first.xl
	for i := -9; i <= 9; i++ {
		if i == 0 {
			continue
		}
		f := try(-(float32(top) + float32(0.1*float32(i))) / extreme)
		if f.ll > 0 && float32(f.xl*f.xl) > float32(best*f.ll) {
			scale = f.xl / f.ll
			best = scale * f.xl
		}
	}
	return scale
}

// searchSteps finds steps -top..top-1 and their scale with weights x²: from
// rounded steps on, single steps move as long as that helps, five rounds at
// most. The steps go to out, top added.
func searchSteps(out []byte, x []float32, top int32) float32 {
	extreme := maxMagnitude(x)
	if abs(extreme) < negligible {
		clear(out)
		return 0
	}
	steps := make([]float32, 16)[:len(x)]
	inv := float32(-top) / extreme
	var f fit
	for i, v := range x {
		steps[i] = float32(min(max(nearest(inv*v), -top), top-1))
		f.add(v*v, v, steps[i])
	}
	for round, moved := 0, true; round < 5 && moved; round++ {
		moved = false
		for i, v := range x {
			w := v * v
			rest := fit{f.xl - float32(float32(w*v)*steps[i]), f.ll - float32(float32(w*steps[i])*steps[i])}
			if rest.xl <= 0 {
				continue
			}
			l := float32(min(max(nearest(float32(v*rest.ll)/rest.xl), -top), top-1))
			if l == steps[i] {
				continue
			}
			rest.add(w, v, l)
			if rest.ll > 0 && float32(float32(rest.xl*rest.xl)*f.ll) > float32(float32(f.xl*f.xl)*rest.ll) {
				steps[i], f, moved = l, rest, true
			}
		}
	}
	for i, l := range steps {
		out[i] = byte(int32(l) + top)
	}
	if f.ll > 0 {
		return f.xl / f.ll
	}
	return 0
}

// span says how searchOffset varies the range of steps: count tries, the i-th
// with from+by*i steps more than there are. absolute measures a try by weighted
// absolute instead of squared errors.
type span struct {
	from, by float32
	count    int
	absolute bool
}

// searchOffset finds steps 0..top, a scale and an offset >= 0 such that
// x = scale*step - offset. weights has the length of x, at most 32; the steps
// go to out.
func searchOffset(out []byte, x, weights []float32, top int32, s span) (scale, offset float32) {
	low, high := extremes(x)
	if low > 0 {
		low = 0
	}
	if high == low {
		clear(out)
		return 0, -low
	}
	var sums sums
	for i, v := range x {
		sums.w += weights[i]
		sums.x += float32(weights[i] * v)
	}
	var buf [32]byte
	steps := buf[:len(x)]
	inv := float32(top) / (high - low)
	sums.choose(steps, x, weights, low, inv, top)
	copy(out, steps)
	scale = 1 / inv
	best := sums.error(steps, x, weights, scale, low, float32(math.Inf(1)), s.absolute)
	for i := range s.count + 1 {
		inv := (s.from + float32(s.by*float32(i)) + float32(top)) / (high - low)
		sums.choose(steps, x, weights, low, inv, top)
		tryScale, tryLow, ok := sums.solve()
		if !ok {
			continue
		}
		if err := sums.error(steps, x, weights, tryScale, tryLow, best, s.absolute); err < best {
			best, scale, low = err, tryScale, tryLow // later tries count from here
			copy(out, steps)
		}
	}
	return scale, -low
}

// sums are the weighted sums over a group that the least squares solution of
// x = scale*step + low needs; l is the step.
type sums struct{ w, x, l, ll, xl float32 }

// choose sets steps to the nearest of (x-low)*inv and sums them up.
func (s *sums) choose(steps []byte, x, weights []float32, low, inv float32, top int32) {
	steps, weights = steps[:len(x)], weights[:len(x)]
	var sumL, sumLL, sumXL float32
	for i, v := range x {
		n := byte(min(max(nearest(inv*(v-low)), 0), top))
		steps[i] = n
		l := small[n]
		wl := float32(weights[i] * l)
		sumL += wl
		sumLL += float32(wl * l)
		sumXL += float32(wl * v)
	}
	s.l, s.ll, s.xl = sumL, sumLL, sumXL
}

// solve returns the solution with low <= 0; false if the steps do not
// determine it.
func (s *sums) solve() (scale, low float32, ok bool) {
	det := float32(s.w*s.ll) - float32(s.l*s.l)
	if !(det > 0) {
		return 0, 0, false
	}
	scale = (float32(s.w*s.xl) - float32(s.x*s.l)) / det
	low = (float32(s.ll*s.x) - float32(s.l*s.xl)) / det
	if low > 0 {
		low = 0
		scale = s.xl / s.ll
	}
	return scale, low, true
}

// error is the weighted error of a solution. It may stop at any number that is
// not below limit.
func (s *sums) error(steps []byte, x, weights []float32, scale, low, limit float32, absolute bool) float32 {
	steps, weights = steps[:len(x)], weights[:len(x)]
	var sum float32
	for i, v := range x {
		diff := float32(scale*small[steps[i]]) + low - v
		if absolute {
			diff = abs(diff)
		} else {
			diff = diff * diff
		}
		sum += float32(weights[i] * diff)
		if i%8 == 7 && sum >= limit {
			break
		}
	}
	return sum
}
