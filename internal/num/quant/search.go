package quant

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
func searchScale(x []float32, top int) float32 {
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
func searchSteps(out []byte, x []float32, top int) float32 {
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
		out[i] = byte(int(l) + top)
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
// x = scale*step - offset. weights has the length of x; the steps go to out.
func searchOffset(out []byte, x, weights []float32, top int, s span) (scale, offset float32) {
	lowest, highest := extremes(x)
	if lowest > 0 {
		lowest = 0
	}
	if highest == lowest {
		clear(out)
		return 0, -lowest
	}
	var sumW, sumX float32
	for i, v := range x {
		sumW += weights[i]
		sumX += float32(weights[i] * v)
	}
	var buf [32]byte
	steps := buf[:len(x)]
	base := lowest // steps are counted from here, in every try
	choose := func(inv float32) {
		for i, v := range x {
			steps[i] = byte(min(max(nearest(inv*(v-base)), 0), top))
		}
	}
	inv := float32(top) / (highest - lowest)
	choose(inv)
	copy(out, steps)
	scale = 1 / inv
	best := offsetError(x, weights, steps, scale, lowest, s.absolute)
	for i := range s.count + 1 {
		choose((s.from + float32(s.by*float32(i)) + float32(top)) / (highest - base))
		tryScale, tryLow, ok := solveOffset(x, weights, steps, sumW, sumX)
		if !ok {
			continue
		}
		if err := offsetError(x, weights, steps, tryScale, tryLow, s.absolute); err < best {
			best, scale, lowest = err, tryScale, tryLow
			base = lowest
			copy(out, steps)
		}
	}
	return scale, -lowest
}

// solveOffset is the weighted least squares solution of x = scale*step + low
// with low <= 0; false if the steps do not determine it.
func solveOffset(x, weights []float32, steps []byte, sumW, sumX float32) (scale, low float32, ok bool) {
	var sumL, sumLL, sumXL float32
	for i, v := range x {
		l := small[steps[i]]
		wl := weights[i] * l
		sumL += wl
		sumLL += float32(wl * l)
		sumXL += float32(wl * v)
	}
	det := float32(sumW*sumLL) - float32(sumL*sumL)
	if !(det > 0) {
		return 0, 0, false
	}
	scale = (float32(sumW*sumXL) - float32(sumX*sumL)) / det
	low = (float32(sumLL*sumX) - float32(sumL*sumXL)) / det
	if low > 0 {
		low = 0
		scale = sumXL / sumLL
	}
	return scale, low, true
}

func offsetError(x, weights []float32, steps []byte, scale, low float32, absolute bool) float32 {
	var sum float32
	for i, v := range x {
		diff := float32(scale*small[steps[i]]) + low - v
		if absolute {
			diff = abs(diff)
		} else {
			diff = diff * diff
		}
		sum += float32(weights[i] * diff)
	}
	return sum
}
