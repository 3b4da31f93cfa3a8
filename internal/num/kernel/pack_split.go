package kernel

import "encoding/binary"

// This file cuts the 8-bit form in two, so that the upper six bits of all
// weights can be read without the lower two. Together they take the same bytes.

// packSplit fills panels [p0, p1) of a split section, each by way of whole, which
// holds a panel of the 8-bit form.
func (s *section) packSplit(whole []byte, parts []Part, p0, p1, C int) {
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
			splitBlock((*[256]byte)(upper[256*half:]), (*[128]byte)(upper[512+128*half:]),
				(*[128]byte)(low[128*half:]), (*[512]byte)(whole[512*half:]))
		}
		copy(upper[768:form8Split.unit], whole[1024:form8Zero.unit])
		upper, low = upper[form8Split.unit:], low[form8Split.low:]
	}
}

// splitGeneric cuts the values of a block into upper nibbles and the planes of
// bits 2 and 3 and of bits 0 and 1, eight bytes at a time.
func splitGeneric(nibbles *[256]byte, mid, low *[128]byte, q *[512]byte) {
	const top = 0xf0f0f0f0f0f0f0f0
	word := func(g, at int) uint64 { return binary.LittleEndian.Uint64(q[64*g+at:]) }
	for at := 0; at <= 64-8; at += 8 {
		for i := range 2 {
			a, b, c, d := word(4*i, at), word(4*i+1, at), word(4*i+2, at), word(4*i+3, at)
			binary.LittleEndian.PutUint64(mid[64*i+at:], pairsOf(a>>2, b>>2, c>>2, d>>2))
			binary.LittleEndian.PutUint64(low[64*i+at:], pairsOf(a, b, c, d))
		}
		for j := range 4 {
			binary.LittleEndian.PutUint64(nibbles[64*j+at:], word(j, at)&top>>4|word(j+4, at)&top)
		}
	}
}

// pairsOf puts the lowest two bits of each byte of four words beside each other.
func pairsOf(a, b, c, d uint64) uint64 {
	const pair = 0x0303030303030303
	return a&pair | b&pair<<2 | c&pair<<4 | d&pair<<6
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
