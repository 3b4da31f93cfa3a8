//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

//go:generate sh -c "cd _asm/f && go run . -file tile -out ../../tile_amd64.s"

// tileMulAsm computes up to tileRows rows and as many columns as one call
// takes; it returns their number in units of vec.
func tileMulAsm(p *tileMul, e elem, vecs int) int {
	l := cpu.Current()
	n := 1
	switch {
	case l == cpu.AVX512 && p.rows <= 3 && vecs >= 4:
		n = 4
	case l == cpu.AVX512 && vecs >= 2:
		n = 2
	case p.rows == 1 && vecs >= 4:
		n = 4
	case p.rows <= 3 && vecs >= 2:
		n = 2
	}
	if p.rows <= 0 {
		return n
	}
	p.touch(e, n)
	if l == cpu.AVX512 {
		tileAVX512(p, e, n)
	} else {
		tileAVX2(p, e, n)
	}
	return n
}

// touch panics where the assembly would read or write past a slice.
func (p *tileMul) touch(e elem, vecs int) {
	_ = p.out[(p.rows-1)*p.ldo+vecs*vec-1]
	if p.k > 0 {
		_ = p.a[(p.rows-1)*p.lda+p.k-1]
		_ = p.b[(p.k-1)*p.ldb+(vecs-1)*p.bvec+vec*e.bytes()-1]
	}
}

func tileAVX512(p *tileMul, e elem, vecs int) {
	switch {
	case vecs == 2 && e == elemF32:
		tile2F32AVX512(p)
	case vecs == 2 && e == elemF16:
		tile2F16AVX512(p)
	case vecs == 2:
		tile2BF16AVX512(p)
	case vecs == 1 && e == elemF32:
		tile1F32AVX512(p)
	case vecs == 1 && e == elemF16:
		tile1F16AVX512(p)
	case vecs == 1:
		tile1BF16AVX512(p)
	case e == elemF32:
		tile4F32AVX512(p)
	case e == elemF16:
		tile4F16AVX512(p)
	default:
		tile4BF16AVX512(p)
	}
}

func tileAVX2(p *tileMul, e elem, vecs int) {
	switch {
	case vecs == 1 && e == elemF32:
		tile1F32AVX2(p)
	case vecs == 1 && e == elemF16:
		tile1F16AVX2(p)
	case vecs == 1:
		tile1BF16AVX2(p)
	case vecs == 2 && e == elemF32:
		tile2F32AVX2(p)
	case vecs == 2 && e == elemF16:
		tile2F16AVX2(p)
	case vecs == 2:
		tile2BF16AVX2(p)
	case e == elemF32:
		tile4F32AVX2(p)
	case e == elemF16:
		tile4F16AVX2(p)
	default:
		tile4BF16AVX2(p)
	}
}

//go:noescape
func tile1F32AVX2(p *tileMul)

//go:noescape
func tile1F16AVX2(p *tileMul)

//go:noescape
func tile1BF16AVX2(p *tileMul)

//go:noescape
func tile2F32AVX2(p *tileMul)

//go:noescape
func tile2F16AVX2(p *tileMul)

//go:noescape
func tile2BF16AVX2(p *tileMul)

//go:noescape
func tile4F32AVX2(p *tileMul)

//go:noescape
func tile4F16AVX2(p *tileMul)

//go:noescape
func tile4BF16AVX2(p *tileMul)

//go:noescape
func tile1F32AVX512(p *tileMul)

//go:noescape
func tile1F16AVX512(p *tileMul)

//go:noescape
func tile1BF16AVX512(p *tileMul)

//go:noescape
func tile2F32AVX512(p *tileMul)

//go:noescape
func tile2F16AVX512(p *tileMul)

//go:noescape
func tile2BF16AVX512(p *tileMul)

//go:noescape
func tile4F32AVX512(p *tileMul)

//go:noescape
func tile4F16AVX512(p *tileMul)

//go:noescape
func tile4BF16AVX512(p *tileMul)
