package kernel

import (
	"encoding/binary"
	"math"

	"malmoi/internal/num/half"
)

// tileMulGeneric is the definition of a product.
func tileMulGeneric(p *tileMul, e elem, vecs int) {
	if p.acc == 0 {
		for r := range p.rows {
			clear(p.out[r*p.ldo:][:vecs*vec])
		}
	}
	var col [vec]float32
	for v := range vecs {
		for k := range p.k {
			loadVec(&col, p.b[k*p.ldb+v*p.bvec:], e)
			for r := range p.rows {
				x := p.a[r*p.lda+k]
				out := (*[vec]float32)(p.out[r*p.ldo+v*vec:])
				for j := range out {
					out[j] += x * col[j]
				}
			}
		}
	}
}

// loadVec decodes 16 elements.
func loadVec(dst *[vec]float32, b []byte, e elem) {
	switch e {
	case elemF32:
		b = b[:4*vec]
		for j := range dst {
			dst[j] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*j:]))
		}
	case elemF16:
		b = b[:2*vec]
		for j := range dst {
			dst[j] = half.ToF32(binary.LittleEndian.Uint16(b[2*j:]))
		}
	case elemBF16:
		b = b[:2*vec]
		for j := range dst {
			dst[j] = half.BF16ToF32(binary.LittleEndian.Uint16(b[2*j:]))
		}
	}
}
