package quant

// Encoders of the "K" formats. Each searches a scale (and offset) for every
// sub-block, rounds these to small integers under one binary16 scale, and then
// chooses the final steps under the scales that a decoder will see.

// encodeQ2_K weighs errors by magnitude.
func encodeQ2_K(dst []byte, x []float32) {
	var steps [256]byte
	var weights [16]float32
	var scales, offsets [16]float32
	for s := range 16 {
		xs := x[s*16 : s*16+16]
		for i, v := range xs {
			weights[i] = abs(v)
		}
		scales[s], offsets[s] = searchOffset(steps[s*16:s*16+16], xs, weights[:], 3, span{-0.5, 0.1, 15, true})
	}
	packed := (*[16]byte)(dst)
	d := roundScales(packed[:], scales[:], 15)
	var mins [16]byte
	dmin := roundScales(mins[:], offsets[:], 15)
	d, dmin = putScale(dst[80:], d), putScale(dst[82:], dmin)
	for s := range 16 {
		packed[s] |= mins[s] << 4
		restep(steps[s*16:s*16+16], x[s*16:], d*small[packed[s]&15], float32(dmin*small[mins[s]]), 3)
	}
	packTwoBits((*[64]byte)(dst[16:]), &steps)
}

// roundScales gives the largest of values the step top and the others the
// nearest one; it returns the size of a step. Values are not negative.
func roundScales(out []byte, values []float32, top int32) float32 {
	var largest float32
	for _, v := range values {
		largest = max(largest, v)
	}
	if largest <= 0 {
		clear(out)
		return 0
	}
	inv := float32(top) / largest
	for i, v := range values {
		out[i] = byte(min(max(nearest(inv*v), 0), top))
	}
	return largest / float32(top)
}

// restep chooses the nearest steps 0..top of x = scale*step - offset. Under a
// scale of zero the steps mean nothing and stay.
func restep(steps []byte, x []float32, scale, offset float32, top int32) {
	if scale == 0 {
		return
	}
	for i := range steps {
		steps[i] = byte(min(max(nearest((x[i]+offset)/scale), 0), top))
	}
}

// packTwoBits puts value i of each half of 128 into bits 2k, 2k+1 of byte i%32,
// k = i/32.
func packTwoBits(dst *[64]byte, steps *[256]byte) {
	for i := range dst {
		s := (*[128]byte)(steps[i/32*128:])
		l := i % 32
		dst[i] = s[l]&3 | s[l+32]&3<<2 | s[l+64]&3<<4 | s[l+96]&3<<6
	}
}

func encodeQ3_K(dst []byte, x []float32) {
	var steps [256]byte // 0..7 mean -4..3
	var scales [16]float32
	for s := range 16 {
		scales[s] = searchSteps(steps[s*16:s*16+16], x[s*16:s*16+16], 4)
	}
	clear(dst)
	packed := (*[12]byte)(dst[96:])
	var d float32
	if extreme := maxMagnitude(scales[:]); extreme != 0 {
		inv := -32 / extreme
		for s, v := range scales {
			l := byte(min(max(nearest(inv*v), -32), 31) + 32)
			packed[s%8] |= l & 15 << (s / 8 * 4)
			packed[8+s%4] |= l >> 4 << (s / 4 * 2)
		}
		d = putScale(dst[108:], 1/inv)
	}
	for s, scale := range scalesQ3_K(packed) {
		restepSigned(steps[s*16:s*16+16], x[s*16:], d*float32(scale), 4)
	}
	for i, l := range steps {
		dst[i%32] |= l >> 2 << (i / 32)
	}
	packTwoBits((*[64]byte)(dst[32:]), &steps)
}

// restepSigned chooses the nearest steps -top..top-1 of x = scale*step and
// stores them with top added.
func restepSigned(steps []byte, x []float32, scale float32, top int32) {
	if scale == 0 {
		return
	}
	for i := range steps {
		steps[i] = byte(min(max(nearest(x[i]/scale), -top), top-1) + top)
	}
}

func encodeQ4_K(dst []byte, x []float32) {
	steps := searchK(dst, x, 15, span{-1, 0.1, 20, false})
	q := (*[128]byte)(dst[16:])
	for i := range q {
		at := i/32*64 + i%32
		q[i] = steps[at] | steps[at+32]<<4
	}
}

func encodeQ5_K(dst []byte, x []float32) {
	steps := searchK(dst, x, 31, span{-0.5, 0.1, 15, false})
	high := (*[32]byte)(dst[16:])
	q := (*[128]byte)(dst[48:])
	clear(high[:])
	for i, l := range steps {
		high[i%32] |= l >> 4 << (i / 32)
	}
	for i := range q {
		at := i/32*64 + i%32
		q[i] = steps[at]&15 | steps[at+32]<<4
	}
}

// searchK writes the 16 bytes of scales and offsets that open Q4_K and Q5_K
// blocks and returns the steps 0..top of all values. Errors weigh more the
// larger the value, and never less than the sub-block's root mean square.
func searchK(dst []byte, x []float32, top int32, s span) (steps [256]byte) {
	var weights [32]float32
	var scales, offsets [8]float32
	for b := range 8 {
		xs := x[b*32 : b*32+32]
		var squares float32
		for _, v := range xs {
			squares += float32(v * v)
		}
		rms := sqrt(squares / 32)
		for i, v := range xs {
			weights[i] = rms + abs(v)
		}
		scales[b], offsets[b] = searchOffset(steps[b*32:b*32+32], xs, weights[:], top, s)
	}
	var scale6, offset6 [8]byte
	d := putScale(dst, roundScales(scale6[:], scales[:], 63))
	dmin := putScale(dst[2:], roundScales(offset6[:], offsets[:], 63))
	packScalesK((*[12]byte)(dst[4:]), &scale6, &offset6)
	for b := range 8 {
		restep(steps[b*32:b*32+32], x[b*32:], d*small[scale6[b]], float32(dmin*small[offset6[b]]), top)
	}
	return steps
}

// packScalesK is the inverse of scalesK.
func packScalesK(p *[12]byte, scales, offsets *[8]byte) {
	for s := range 4 {
		p[s] = scales[s] | scales[s+4]>>4<<6
		p[s+4] = offsets[s] | offsets[s+4]>>4<<6
		p[s+8] = scales[s+4]&15 | offsets[s+4]<<4
	}
}

func encodeQ6_K(dst []byte, x []float32) {
	clear(dst)
	var scales [16]float32
	for s := range 16 {
		scales[s] = searchScale(x[s*16:s*16+16], 32)
	}
	extreme := maxMagnitude(scales[:])
	if abs(extreme) < negligible {
		return
	}
	inv := -128 / extreme
	d := putScale(dst[208:], 1/inv)
	var steps [256]byte
	for s, v := range scales {
		l := min(nearest(inv*v), 127)
		dst[192+s] = byte(l)
		restepSigned(steps[s*16:s*16+16], x[s*16:], d*float32(l), 32)
	}
	for i := range 64 {
		s := (*[128]byte)(steps[i/32*128:])
		l := i % 32
		low := dst[i/32*64:]
		low[l] = s[l]&15 | s[l+64]<<4
		low[l+32] = s[l+32]&15 | s[l+96]<<4
		dst[128+i] = s[l]>>4 | s[l+32]>>4<<2 | s[l+64]>>4<<4 | s[l+96]>>4<<6
	}
}
