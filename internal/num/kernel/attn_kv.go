package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/cpu"
	"malmoi/internal/num/half"
)

// PageTokens is the number of tokens whose keys and values one page holds.
const PageTokens = 32

// KV is the layout of the pages of one (layer, key/value head): the keys
// transposed, (D, 32), so that one position after another lies side by side,
// then the values, (32, D). The zero value stores float16.
type KV struct {
	F32 bool // float32 elements
}

func (k KV) elem() elem {
	if k.F32 {
		return elemF32
	}
	return elemF16
}

// PageBytes returns the size of a page for head dimension D.
func (k KV) PageBytes(D int) int { return 2 * PageTokens * D * k.elem().bytes() }

// Store writes one token's key and value, (D) each, to a slot in [0, 32).
// float16 pages hold what is beyond their range as the largest value: an
// infinity would turn into NaN in rows of queries that do not see the token.
func (k KV) Store(page []byte, slot int, key, val []float32) {
	D := len(key)
	page = page[:k.PageBytes(D)]
	values := page[len(page)/2:][slot*D*k.elem().bytes():]
	if k.F32 {
		for d, x := range key {
			putF32(page[4*(d*PageTokens+slot):], x)
			putF32(values[4*d:], val[d])
		}
		return
	}
	// A piece at a time is rounded side by side, then laid where it belongs.
	var piece [64]uint16
	for d := 0; d < D; d += len(piece) {
		h := piece[:min(len(piece), D-d)]
		narrow(h, key[d:])
		for i, x := range h {
			binary.LittleEndian.PutUint16(page[2*((d+i)*PageTokens+slot):], x)
		}
		narrow(h, val[d:])
		for i, x := range h {
			binary.LittleEndian.PutUint16(values[2*(d+i):], x)
		}
	}
}

func putF32(b []byte, x float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(x)) }

// narrow rounds as many values as dst holds to float16, those beyond its range
// to its largest.
func narrow(dst []uint16, x []float32) {
	x = x[:len(dst)]
	whole := 0
	if cpu.Current() != cpu.Portable {
		whole = len(dst) &^ 7
		narrowAsm(dst[:whole], x)
	}
	narrowGeneric(dst[whole:], x[whole:])
}

func narrowGeneric(dst []uint16, x []float32) {
	const largest = 65504
	for i := range dst {
		dst[i] = half.FromF32(max(-largest, min(largest, x[i])))
	}
}
