package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of tileMul's fields; TestAssemblyOffsets holds them to the type.
const (
	tileA    = 0
	tileLDA  = 24
	tileB    = 32
	tileLDB  = 56
	tileBVec = 64
	tileK    = 72
	tileOut  = 80
	tileLDO  = 104
	tileRows = 112
	tileAcc  = 120

	tileStrips = 128
	tileBAt    = 136
	tileOutAt  = 144
	tileAhead  = 152
)

// rowGroup is the number of rows that one pointer and one stride address:
// (p), (p)(lda*1), (p)(lda*2).
const rowGroup = 3

// tiles writes all shapes: vecs·16 columns by up to rows rows, as many as the
// registers hold as accumulators beside the operands.
func tiles() {
	for _, e := range []elem{f32, f16, bf16} {
		tile(avx2, e, 1, 6)
		tile(avx2, e, 2, 3)
		tile(avx2, e, 4, 1)
		tile(avx512, e, 1, 12)
		tile(avx512, e, 2, 12)
		tile(avx512, e, 4, 3)
	}
}

type tileRegs struct {
	a        []GPVirtual // one for each rowGroup
	lda      GPVirtual   // bytes
	b        GPVirtual
	ldb      GPVirtual
	bvec     GPVirtual
	bvec3    GPVirtual
	k        GPVirtual
	out, ldo GPVirtual // ldo in bytes
	acc      GPVirtual
	ahead    GPVirtual // of 16-bit elements only
}

// tile writes one function: p.out (rows, 16·vecs) from p.a (rows, k) and p.b,
// and p.strips-1 more like it to the right.
func tile(s isa, e elem, vecs, maxRows int) {
	name := fmt.Sprintf("tile%d%s%s", vecs, e.name, s.name)
	TEXT(name, NOSPLIT, "func(p *byte)")
	Doc(fmt.Sprintf("%s multiplies up to %d rows with %d columns.", name, maxRows, 16*vecs))
	p := Load(Param("p"), GP64())
	t := tileRegs{
		lda: field(p, tileLDA), b: field(p, tileB), ldb: field(p, tileLDB), bvec: field(p, tileBVec),
		k: field(p, tileK), out: field(p, tileOut), ldo: field(p, tileLDO), acc: field(p, tileAcc),
	}
	if e.bytes == 2 {
		t.ahead = field(p, tileAhead)
	}
	rows := field(p, tileRows)
	SHLQ(U8(2), t.lda)
	SHLQ(U8(2), t.ldo)
	t.a = append(t.a, field(p, tileA))
	for len(t.a)*rowGroup < maxRows {
		next := GP64()
		LEAQ(Mem{Base: t.a[len(t.a)-1], Index: t.lda, Scale: 2}, next)
		ADDQ(t.lda, next)
		t.a = append(t.a, next)
	}
	if vecs > 3 {
		t.bvec3 = GP64()
		LEAQ(Mem{Base: t.bvec, Index: t.bvec, Scale: 2}, t.bvec3)
	}
	for r := maxRows; r > 1; r-- {
		CMPQ(rows, U8(r))
		JEQ(LabelRef(fmt.Sprintf("rows%d", r)))
	}
	for r := 1; r <= maxRows; r++ {
		t.body(s, e, vecs, r)
	}
}

// row returns the address of a[r][k].
func (t *tileRegs) row(r int) Mem {
	m := Mem{Base: t.a[r/rowGroup]}
	if i := r % rowGroup; i > 0 {
		m.Index, m.Scale = t.lda, uint8(i)
	}
	return m
}

// column returns the address of register j of the strip of columns.
func (t *tileRegs) column(s isa, e elem, j int) Mem {
	perVec := 16 / s.lanes
	m := Mem{Base: t.b, Disp: j % perVec * s.lanes * e.bytes}
	switch j / perVec {
	case 1:
		m.Index, m.Scale = t.bvec, 1
	case 2:
		m.Index, m.Scale = t.bvec, 2
	case 3:
		m.Index, m.Scale = t.bvec3, 1
	}
	return m
}

func (t *tileRegs) body(s isa, e elem, vecs, rows int) {
	label := func(what string) string { return fmt.Sprintf("%s%d", what, rows) }
	n := vecs * 16 / s.lanes
	acc := make([][]VecVirtual, rows)
	Label(label("rows"))
	for r := range acc {
		acc[r] = s.regs(n)
		for _, x := range acc[r] {
			s.zero(x)
		}
	}
	TESTQ(t.acc, t.acc)
	JEQ(LabelRef(label("start")))
	at := GP64()
	MOVQ(t.out, at)
	for r := range acc {
		for j, x := range acc[r] {
			VMOVUPS(Mem{Base: at, Disp: j * s.bytes()}, x)
		}
		if r+1 < rows {
			ADDQ(t.ldo, at)
		}
	}
	Label(label("start"))
	TESTQ(t.k, t.k)
	JEQ(LabelRef(label("store")))
	Label(label("loop"))
	t.step(s, e, acc)
	for i := range (rows + rowGroup - 1) / rowGroup {
		ADDQ(U8(4), t.a[i])
	}
	ADDQ(t.ldb, t.b)
	DECQ(t.k)
	JNE(LabelRef(label("loop")))
	Label(label("store"))
	for r := range acc {
		for j, x := range acc[r] {
			VMOVUPS(x, Mem{Base: t.out, Disp: j * s.bytes()})
		}
		if r+1 < rows {
			ADDQ(t.ldo, t.out)
		}
	}
	t.nextStrip(vecs, rows)
	JNE(LabelRef(label("rows")))
	VZEROUPPER()
	RET()
}

// nextStrip counts the strips down and moves on; the flags say whether to go
// on. The position is kept as offsets, since a pointer that assembly changes in
// memory would escape the collector.
func (t *tileRegs) nextStrip(vecs, rows int) {
	p := Load(Param("p"), GP64())
	back := field(p, tileK)
	MOVQ(back, t.k)
	NEGQ(back)
	for i := range (rows + rowGroup - 1) / rowGroup {
		LEAQ(Mem{Base: t.a[i], Index: back, Scale: 4}, t.a[i])
	}
	MOVQ(Mem{Base: p, Disp: tileBAt}, t.b)
	LEAQ(Mem{Base: t.b, Index: t.bvec, Scale: uint8(vecs)}, t.b)
	MOVQ(t.b, Mem{Base: p, Disp: tileBAt})
	ADDQ(Mem{Base: p, Disp: tileB}, t.b)
	MOVQ(Mem{Base: p, Disp: tileOutAt}, t.out)
	ADDQ(I32(64*vecs), t.out)
	MOVQ(t.out, Mem{Base: p, Disp: tileOutAt})
	ADDQ(Mem{Base: p, Disp: tileOut}, t.out)
	DECQ(Mem{Base: p, Disp: tileStrips})
}

// step adds a[:,k]·b[k,:].
func (t *tileRegs) step(s isa, e elem, acc [][]VecVirtual) {
	n := len(acc[0])
	t.fetch(e, n*s.lanes/16)
	if len(acc) == 1 {
		x := s.reg()
		VBROADCASTSS(t.row(0), x)
		for j := range n {
			if e == f32 {
				VFMADD231PS(t.column(s, e, j), x, acc[0][j])
				continue
			}
			b := s.reg()
			s.load(e, t.column(s, e, j), b)
			VFMADD231PS(b, x, acc[0][j])
		}
		return
	}
	b := s.regs(n)
	for j := range b {
		s.load(e, t.column(s, e, j), b[j])
	}
	for r := range acc {
		if s == avx512 && n == 1 {
			VFMADD231PS_BCST(t.row(r), b[0], acc[r][0])
			continue
		}
		x := s.reg()
		VBROADCASTSS(t.row(r), x)
		for j := range b {
			VFMADD231PS(b[j], x, acc[r][j])
		}
	}
}

// fetch asks for the lines that lie p.ahead behind those of this step. Two
// registers of 16-bit elements, mostly side by side, are one line.
func (t *tileRegs) fetch(e elem, vecs int) {
	if e.bytes != 2 {
		return
	}
	for v := 0; v < vecs; v += 2 {
		PREFETCHT0(Mem{Base: t.b, Index: t.ahead, Scale: 1, Disp: 32 * v})
	}
}
