package kernel

import "encoding/binary"

// This file cuts the 8-bit form in two, so that the upper six bits of all
// weights can be read without the lower two. Together they take the same bytes.

// packSplit fills panels [p0, p1) of a split section.
func (s *section) packSplit(parts []Part, p0, p1, C int) {
	whole := alignedBytes(form8Zero.panelBytes(C))
	for p := p0; p < p1; p++ {
		clear(whole)
		packPanel(&form8Zero, whole, parts, p*PanelRows, C)
		splitPanel(s.panel(p), s.lowOf(p), whole)
		s.radii.measure(p, s.panel(p), s.lowOf(p))
	}
}

// splitPanel cuts a panel of the 8-bit form.
func splitPanel(upper, low, whole []byte) {
	for ; len(whole) >= form8Zero.unit; whole = whole[form8Zero.unit:] {
		for half := range 2 {
			splitBlock(upper[256*half:], upper[512+128*half:], low[128*half:], whole[512*half:])
		}
		copy(upper[768:form8Split.unit], whole[1024:form8Zero.unit])
		upper, low = upper[form8Split.unit:], low[form8Split.low:]
	}
}

// splitBlock cuts 512 bytes into upper nibbles (256 bytes) and the planes of
// bits 2 and 3 and of bits 0 and 1 (128 bytes each), eight bytes at a time.
func splitBlock(nibbles, mid, low, q []byte) {
	const top, pair = 0xf0f0f0f0f0f0f0f0, 0x0303030303030303
	for at := 0; at < 64; at += 8 {
		word := func(g int) uint64 { return binary.LittleEndian.Uint64(q[64*g+at:]) }
		for j := range 4 {
			binary.LittleEndian.PutUint64(nibbles[64*j+at:], word(j)&top>>4|word(j+4)&top)
		}
		for i := range 2 {
			var m, l uint64
			for g := range 4 {
				v := word(4*i + g)
				m |= v >> 2 & pair << (2 * g)
				l |= v & pair << (2 * g)
			}
			binary.LittleEndian.PutUint64(mid[64*i+at:], m)
			binary.LittleEndian.PutUint64(low[64*i+at:], l)
		}
	}
}

// unpackUpper writes the values of block half of a split unit to q, with bits 0
// and 1 zero.
func unpackUpper(q, unit []byte, half int) {
	for i, v := range unit[half*256:][:256] {
		q[i], q[i+256] = v<<4, v&0xf0
	}
	for i, v := range unit[512+half*128:][:128] {
		for g := range 4 {
			q[i/64*256+64*g+i%64] |= v >> (2 * g) & 3 << 2
		}
	}
}

// addLow puts bits 0 and 1 into what unpackUpper wrote.
func addLow(q, low []byte) {
	for i, v := range low[:128] {
		for g := range 4 {
			q[i/64*256+64*g+i%64] |= v >> (2 * g) & 3
		}
	}
}
