package quant

import "encoding/binary"

// IQ4_NL and IQ4_XS: as the levels are not symmetric, the search tries spans
// that map the extreme value around the lowest level, and keeps the least
// squares scale of the best.

// triesIQ4 is the number of spans tried on either side.
const triesIQ4 = 7

// searchLevels finds the scale of 32 values with weights x².
func searchLevels(x []float32) float32 {
	extreme := maxMagnitude(x)
	if abs(extreme) < negligible {
		return 0
	}
	try := func(inv float32) (f fit) {
		for _, v := range x {
			f.add(v*v, v, valuesIQ4[nearestLevel(inv*v)])
		}
		return f
	}
	first := try(1 / (-extreme / valuesIQ4[0]))
	scale := first.xl / first.ll
	best := scale * first.xl
	for i := -triesIQ4; i <= triesIQ4; i++ {
		f := try((float32(i) + valuesIQ4[0]) / extreme)
		if f.ll > 0 && float32(f.xl*f.xl) > float32(best*f.ll) {
			scale = f.xl / f.ll
			best = scale * f.xl
		}
	}
	return scale
}

// nearestLevel returns the index of the nearest of valuesIQ4, the upper one if
// two are equally near.
func nearestLevel(v float32) byte {
	switch {
	case v >= valuesIQ4[15]:
		return 15
	case v <= valuesIQ4[0]:
		return 0
	}
	// float64 holds the sum exactly but around -256, where no boundary is.
	return levelsIQ4[uint(float64(v)*2+256)&511]
}

// levelsIQ4 holds nearestLevel for n/2 - 128 and everything up to the next
// half: all boundaries are multiples of one half.
var levelsIQ4 = func() (table [512]byte) {
	for n := range table {
		v := float32(n)/2 - 128
		for i := 1; i < 16; i++ {
			if v >= (valuesIQ4[i-1]+valuesIQ4[i])/2 {
				table[n] = byte(i)
			}
		}
	}
	return table
}()

// putLevels packs the nearest levels of 32 values under the multiplier inv.
func putLevels(dst []byte, x []float32, inv float32) {
	q := (*[16]byte)(dst)
	for j := range q {
		q[j] = nearestLevel(inv*x[j]) | nearestLevel(inv*x[j+16])<<4
	}
}

func encodeIQ4_NL(dst []byte, x []float32) {
	scale := searchLevels(x)
	putScale(dst, scale)
	putLevels(dst[2:], x, inverse(scale))
}

func encodeIQ4_XS(dst []byte, x []float32) {
	var scales [8]float32
	for s := range scales {
		scales[s] = searchLevels(x[s*32 : s*32+32])
	}
	d := -maxMagnitude(scales[:]) / 32
	putScale(dst, d)
	inv := inverse(d)
	var high uint16
	low := (*[4]byte)(dst[4:])
	clear(low[:])
	for s, v := range scales {
		l := min(max(nearest(inv*v), -32), 31)
		putLevels(dst[8+s*16:], x[s*32:], inverse(d*float32(l)))
		low[s/2] |= byte(l+32) & 15 << (s % 2 * 4)
		high |= uint16(l+32) >> 4 << (2 * s)
	}
	binary.LittleEndian.PutUint16(dst[2:], high)
}
