//go:build !purego

package kernel

import "malmoi/internal/num/cpu"

//go:generate sh -c "cd _asm/f && go run . -file tile -out ../../tile_amd64.s"

// tileMulAsm computes up to tileRows rows, with the widest strips that keep
// all accumulators in registers.
func tileMulAsm(p *tileMul, e elem, vecs int) {
	if p.rows <= 0 || vecs <= 0 {
		return
	}
	p.touch(e, vecs)
	p.bAt, p.outAt = 0, 0
	l := cpu.Current()
	width := 1
	switch {
	case l == cpu.AVX512 && p.rows <= 3, p.rows == 1:
		width = 4
	case l == cpu.AVX512, p.rows <= 3:
		width = 2
	}
	q := *p
	for {
		if q.strips = vecs / width; q.strips > 0 {
			if l == cpu.AVX512 {
				tileAVX512(&q, e, width)
			} else {
				tileAVX2(&q, e, width)
			}
			n := vecs / width * width
			if vecs -= n; vecs == 0 {
				return
			}
			q.b, q.out, q.bAt, q.outAt = q.b[n*q.bvec:], q.out[n*vec:], 0, 0
		}
		width /= 2
	}
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
