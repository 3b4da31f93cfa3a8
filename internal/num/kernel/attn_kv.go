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
	narrowColumn(page[2*slot:], key)
	narrow(values, val)
}

func putF32(b []byte, x float32) { binary.LittleEndian.PutUint32(b, math.Float32bits(x)) }

// narrow writes values side by side as float16, those beyond its range as its
// largest.
func narrow(dst []byte, x []float32) {
	done := 0
	if cpu.Current() != cpu.Portable {
		done = narrowAsm(dst, x)
	}
	for i, v := range x[done:] {
		putF16(dst[2*(done+i):], v)
	}
}

// narrowColumn does so down a column of a page of keys.
func narrowColumn(dst []byte, x []float32) {
	done := 0
	if cpu.Current() != cpu.Portable {
		done = narrowColumnAsm(dst, x)
	}
	for i, v := range x[done:] {
		putF16(dst[2*PageTokens*(done+i):], v)
	}
}

func putF16(b []byte, x float32) {
	const largest = 65504
	binary.LittleEndian.PutUint16(b, half.FromF32(max(-largest, min(largest, x))))
}
