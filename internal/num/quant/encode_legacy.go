package quant

import (
	"encoding/binary"
	"math"
)

// Encoders of the formats with one scale per 32 values: the extreme value of
// the block fixes the scale, every value then goes to its nearest step.

// encodeQ8_0 gives the largest magnitude the step 127. Halves round away from
// zero: truncation after adding the number just below one half does that, where
// adding one half would also round up the number just below it.
func encodeQ8_0(dst []byte, x []float32) {
	const sign, belowHalf = 1 << 31, 0x3effffff
	d := math.Float32frombits(largestBits(x)) / 127
	id := inverse(d)
	putScale(dst, d)
	q := (*[32]byte)(dst[2:])
	for j, v := range (*[32]float32)(x) {
		v = float32(v * id)
		q[j] = byte(int32(v + math.Float32frombits(math.Float32bits(v)&sign|belowHalf)))
	}
}

// encodeQ4_0 gives the value of largest magnitude the step -8, whatever its
// sign, since there is no step 8.
func encodeQ4_0(dst []byte, x []float32) {
	d := maxMagnitude(x) / -8
	id := inverse(d)
	putScale(dst, d)
	q := (*[16]byte)(dst[2:])
	for j := range q {
		q[j] = step(float32(x[j]*id)+8.5, 15) | step(float32(x[j+16]*id)+8.5, 15)<<4
	}
}

// encodeQ5_0 is encodeQ4_0 with five bits.
func encodeQ5_0(dst []byte, x []float32) {
	d := maxMagnitude(x) / -16
	id := inverse(d)
	putScale(dst, d)
	var high uint32
	q := (*[16]byte)(dst[6:])
	for j := range q {
		lo, hi := step(float32(x[j]*id)+16.5, 31), step(float32(x[j+16]*id)+16.5, 31)
		q[j] = lo&15 | hi<<4
		high |= uint32(lo>>4)<<j | uint32(hi>>4)<<(j+16)
	}
	binary.LittleEndian.PutUint32(dst[2:], high)
}

// encodeQ4_1 spreads the steps 0..15 from the smallest to the largest value.
func encodeQ4_1(dst []byte, x []float32) {
	lowest, highest := extremes(x)
	d := (highest - lowest) / 15
	id := inverse(d)
	putScale(dst, d)
	putScale(dst[2:], lowest)
	q := (*[16]byte)(dst[4:])
	for j := range q {
		q[j] = step(float32((x[j]-lowest)*id)+0.5, 15) | step(float32((x[j+16]-lowest)*id)+0.5, 15)<<4
	}
}

// encodeQ5_1 is encodeQ4_1 with five bits.
func encodeQ5_1(dst []byte, x []float32) {
	lowest, highest := extremes(x)
	d := (highest - lowest) / 31
	id := inverse(d)
	putScale(dst, d)
	putScale(dst[2:], lowest)
	var high uint32
	q := (*[16]byte)(dst[8:])
	for j := range q {
		lo, hi := step(float32((x[j]-lowest)*id)+0.5, 31), step(float32((x[j+16]-lowest)*id)+0.5, 31)
		q[j] = lo&15 | hi<<4
		high |= uint32(lo>>4)<<j | uint32(hi>>4)<<(j+16)
	}
	binary.LittleEndian.PutUint32(dst[4:], high)
}

// step truncates v, which is not negative, to a step of at most limit.
func step(v float32, limit int32) byte { return byte(min(int32(v), limit)) }

func extremes(x []float32) (lowest, highest float32) {
	lowest, highest = x[0], x[0]
	for _, v := range x[1:] {
		lowest, highest = min(lowest, v), max(highest, v)
	}
	return lowest, highest
}

// encodeMXFP4 takes the power of two that puts the largest magnitude into the
// top binade of E2M1 (4 to 6) and gives each value the nearest of its levels.
func encodeMXFP4(dst []byte, x []float32) {
	dst[0] = exponentMXFP4(abs(maxMagnitude(x)))
	d := scaleMXFP4(dst[0])
	var scaled [16]float32
	for i, v := range valuesFP4 {
		scaled[i] = d * v
	}
	q := (*[16]byte)(dst[1:])
	for j := range q {
		q[j] = nearestFP4(&scaled, x[j]) | nearestFP4(&scaled, x[j+16])<<4
	}
}

// exponentMXFP4 is floor(log2(largest)) - 2 with bias 127. The logarithm is
// rounded to float32 first, as the reference has it: a number a hair below a
// power of two counts as that power.
func exponentMXFP4(largest float32) byte {
	if largest == 0 {
		return 0
	}
	e := math.Floor(float64(float32(math.Log2(float64(largest))))) - 2 + 127
	return byte(max(e, 0))
}

// nearestFP4 returns the first of the nearest levels.
func nearestFP4(levels *[16]float32, v float32) byte {
	best, err := 0, abs(levels[0]-v)
	for i := 1; i < 16; i++ {
		if e := abs(levels[i] - v); e < err {
			best, err = i, e
		}
	}
	return byte(best)
}
