package quant

// The "K" formats: 256 values share one binary16 scale (and perhaps one scale
// of the offsets); sub-blocks of 16 or 32 have small integer scales of their
// own.

// Q2_K: scales[16], q[64], d, dmin. Sub-block s of 16 values has the scale
// d*(scales[s]&15) and the offset dmin*(scales[s]>>4); value = scale*q - offset.
// 32 bytes of q hold 128 values: bits 2k, 2k+1 are the k-th 32 of them.
func decodeQ2_K(dst []float32, src []byte) {
	for ; len(src) >= 84 && len(dst) >= 256; src, dst = src[84:], dst[256:] {
		scales := (*[16]byte)(src)
		qs := (*[64]byte)(src[16:])
		d, dmin := scale16(src[80:]), scale16(src[82:])
		y := (*[256]float32)(dst)
		for s := range 16 {
			scale, offset := d*small[scales[s]&15], float32(dmin*small[scales[s]>>4])
			q := (*[16]byte)(qs[s/8*32+s%2*16:])
			shift := s % 8 / 2 * 2
			ys := (*[16]float32)(y[s*16:])
			for j := range q {
				ys[j] = float32(scale*small[q[j]>>shift&3]) - offset
			}
		}
	}
}

// Q3_K: high[32], q[64], scales[12], d. The low two bits of a value lie as in
// Q2_K; its third bit is bit i/32 of high[i%32], and a clear one means minus 4.
// value = d*(scale-32)*q.
func decodeQ3_K(dst []float32, src []byte) {
	for ; len(src) >= 110 && len(dst) >= 256; src, dst = src[110:], dst[256:] {
		high := (*[32]byte)(src)
		qs := (*[64]byte)(src[32:])
		scales := scalesQ3_K((*[12]byte)(src[96:]))
		d := scale16(src[108:])
		y := (*[256]float32)(dst)
		for s := range 16 {
			scale := d * float32(scales[s])
			q := (*[16]byte)(qs[s/8*32+s%2*16:])
			h := (*[16]byte)(high[s%2*16:])
			shift, hshift := s%8/2*2, s/2
			ys := (*[16]float32)(y[s*16:])
			for j := range q {
				v := q[j]>>shift&3 | h[j]>>hshift&1<<2
				ys[j] = scale * signed[v-4]
			}
		}
	}
}

// scalesQ3_K unpacks sixteen six-bit scales, given less 32: the low nibbles lie
// in bytes 0..7 (first eight scales low, last eight high), the upper two bits
// in bytes 8..11.
func scalesQ3_K(p *[12]byte) (scales [16]int8) {
	for s := range scales {
		low := p[s%8] >> (s / 8 * 4) & 15
		high := p[8+s%4] >> (s / 4 * 2) & 3
		scales[s] = int8(low|high<<4) - 32
	}
	return scales
}

// scalesK unpacks the eight six-bit scales and eight six-bit offsets that Q4_K
// and Q5_K keep in 12 bytes: the first four of each lie in the low six bits of
// bytes 0..3 and 4..7; the nibbles of the others lie in bytes 8..11, their
// upper two bits above the first four.
func scalesK(p *[12]byte) (scales, offsets [8]byte) {
	for s := range 4 {
		scales[s] = p[s] & 63
		offsets[s] = p[s+4] & 63
		scales[s+4] = p[s+8]&15 | p[s]>>6<<4
		offsets[s+4] = p[s+8]>>4 | p[s+4]>>6<<4
	}
	return scales, offsets
}

// Q4_K: d, dmin, scales[12], q[128]. 32 bytes of q hold 64 values: the low
// nibbles are the first sub-block of 32, the high nibbles the second.
// value = d*scale*q - dmin*offset.
func decodeQ4_K(dst []float32, src []byte) {
	for ; len(src) >= 144 && len(dst) >= 256; src, dst = src[144:], dst[256:] {
		d, dmin := scale16(src), scale16(src[2:])
		scales, offsets := scalesK((*[12]byte)(src[4:]))
		for s := 0; s < 8; s += 2 {
			q := (*[32]byte)(src[16+s*16:])
			y := (*[64]float32)(dst[s*32:])
			scale0, offset0 := d*small[scales[s]], float32(dmin*small[offsets[s]])
			scale1, offset1 := d*small[scales[s+1]], float32(dmin*small[offsets[s+1]])
			for j := range q {
				y[j] = float32(scale0*small[q[j]&15]) - offset0
				y[j+32] = float32(scale1*small[q[j]>>4]) - offset1
			}
		}
	}
}

// Q5_K: d, dmin, scales[12], high[32], q[128]. As Q4_K, and bit i/32 of
// high[i%32] is the fifth bit of value i.
func decodeQ5_K(dst []float32, src []byte) {
	for ; len(src) >= 176 && len(dst) >= 256; src, dst = src[176:], dst[256:] {
		d, dmin := scale16(src), scale16(src[2:])
		scales, offsets := scalesK((*[12]byte)(src[4:]))
		high := (*[32]byte)(src[16:])
		for s := 0; s < 8; s += 2 {
			q := (*[32]byte)(src[48+s*16:])
			y := (*[64]float32)(dst[s*32:])
			scale0, offset0 := d*small[scales[s]], float32(dmin*small[offsets[s]])
			scale1, offset1 := d*small[scales[s+1]], float32(dmin*small[offsets[s+1]])
			for j := range q {
				h := high[j] >> s
				y[j] = float32(scale0*small[q[j]&15|h&1<<4]) - offset0
				y[j+32] = float32(scale1*small[q[j]>>4|h>>1&1<<4]) - offset1
			}
		}
	}
}

// Q6_K: low[128], high[64], scales[16] int8, d. Each half of 128 values is four
// quarters of 32: byte l of low holds the low nibbles of quarters 0 and 2,
// byte l+32 those of 1 and 3, byte l of high the upper two bits of all four.
// value = d*scale*(q-32).
func decodeQ6_K(dst []float32, src []byte) {
	for ; len(src) >= 210 && len(dst) >= 256; src, dst = src[210:], dst[256:] {
		d := scale16(src[208:])
		for half := range 2 {
			low := (*[64]byte)(src[half*64:])
			high := (*[32]byte)(src[128+half*32:])
			scales := (*[8]byte)(src[192+half*8:])
			y := (*[128]float32)(dst[half*128:])
			for sub := range 2 { // 16 values of each quarter share a scale
				d0, d1 := d*signed[scales[sub]], d*signed[scales[sub+2]]
				d2, d3 := d*signed[scales[sub+4]], d*signed[scales[sub+6]]
				l0, l1 := (*[16]byte)(low[sub*16:]), (*[16]byte)(low[32+sub*16:])
				h := (*[16]byte)(high[sub*16:])
				y0, y1 := (*[16]float32)(y[sub*16:]), (*[16]float32)(y[32+sub*16:])
				y2, y3 := (*[16]float32)(y[64+sub*16:]), (*[16]float32)(y[96+sub*16:])
				for j := range h {
					y0[j] = d0 * signed[l0[j]&15|h[j]&3<<4-32]
					y1[j] = d1 * signed[l1[j]&15|h[j]>>2&3<<4-32]
					y2[j] = d2 * signed[l0[j]>>4|h[j]>>4&3<<4-32]
					y3[j] = d3 * signed[l1[j]>>4|h[j]>>6<<4-32]
				}
			}
		}
	}
}
