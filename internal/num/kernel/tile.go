package kernel

import (
	"malmoi/internal/num/cpu"
)

// The product of a few rows with a strip of columns is the one loop under the
// float matmul, the scores and the mix of attention:
//
//	for r in rows, j in 16·vecs:
//	    out[r·ldo + j] = (acc ? out[r·ldo + j] : 0) + Σ_k a[r·lda + k]·b[k·ldb + (j/16)·bvec + j%16]
//
// The sum over k ascends in one accumulator per output, so how a caller cuts
// rows, strips, or (with acc) k changes no bit.

// elem is the element type of a product's b.
type elem int

const (
	elemF32 elem = iota
	elemF16
	elemBF16
)

// bytes returns the size of one element.
func (e elem) bytes() int {
	if e == elemF32 {
		return 4
	}
	return 2
}

// vec is the number of columns that lie side by side in b.
const vec = 16

// tileMul holds the operands. The assembly reads it by offset: see
// TestAssemblyOffsets.
type tileMul struct {
	a    []float32
	lda  int // between rows, values
	b    []byte
	ldb  int // between k and k+1, bytes
	bvec int // between 16 columns and the next, bytes
	k    int
	out  []float32
	ldo  int // between rows, values
	rows int // at most tileRows for the assembly
	acc  int // 1: add to what out holds

	// What follows is between run and the assembly: how many strips of its
	// width it does, one right of the other, and where it has got to.
	strips     int
	bAt, outAt int // bytes

	// ahead is how far behind an element of b lies what is read next, bytes.
	// The assembly for 16-bit elements asks for it in good time.
	ahead int
}

// tileRows is the number of rows that one product of 32 columns takes.
func tileRows() int {
	switch cpu.Current() {
	case cpu.AVX512:
		return 12
	case cpu.AVX2:
		return 6
	}
	return 64
}

// run computes the product for any number of rows and vecs·16 columns.
func (p *tileMul) run(e elem, vecs int) {
	// Tiles of even height: 7 rows are 4 and 3, not 6 and 1.
	for rows, tiles := p.rows, (p.rows+tileRows()-1)/tileRows(); tiles > 0; tiles-- {
		p.rows = (rows + tiles - 1) / tiles
		rows -= p.rows
		if cpu.Current() == cpu.Portable {
			tileMulGeneric(p, e, vecs)
		} else {
			tileMulAsm(p, e, vecs)
		}
		p.nextRows(p.rows)
	}
}

// nextRows moves on by n rows, if there are so many.
func (p *tileMul) nextRows(n int) {
	p.a, p.out = p.a[min(n*p.lda, len(p.a)):], p.out[min(n*p.ldo, len(p.out)):]
}
