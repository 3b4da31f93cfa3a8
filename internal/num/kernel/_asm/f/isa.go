package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// isa is one of the two instruction sets. Every kernel is written once, with
// lanes float32 values to a register.
type isa struct {
	name  string
	lanes int
}

var (
	avx2   = isa{"AVX2", 8}
	avx512 = isa{"AVX512", 16}
	isas   = []isa{avx2, avx512}
)

// bytes is the size of a register.
func (s isa) bytes() int { return 4 * s.lanes }

// reg returns a new register.
func (s isa) reg() VecVirtual {
	if s.lanes == 16 {
		return ZMM()
	}
	return YMM()
}

func (s isa) regs(n int) []VecVirtual {
	r := make([]VecVirtual, n)
	for i := range r {
		r[i] = s.reg()
	}
	return r
}

// zero clears a register.
func (s isa) zero(r VecVirtual) {
	if s.lanes == 16 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// elem is the type of an element in memory.
type elem struct {
	name  string
	bytes int
}

var (
	f32  = elem{"F32", 4}
	f16  = elem{"F16", 2}
	bf16 = elem{"BF16", 2}
)

// load reads lanes elements as float32.
func (s isa) load(e elem, m Mem, r VecVirtual) {
	switch e {
	case f32:
		VMOVUPS(m, r)
	case f16:
		VCVTPH2PS(m, r)
	case bf16:
		VPMOVZXWD(m, r)
		VPSLLD(U8(16), r, r)
	}
}

// field loads a 64-bit field of the structure at p.
func field(p Register, offset int) GPVirtual {
	r := GP64()
	MOVQ(Mem{Base: p, Disp: offset}, r)
	return r
}
