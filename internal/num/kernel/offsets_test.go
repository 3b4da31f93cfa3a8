package kernel

import (
	"testing"
	"unsafe"
)

// TestAssemblyOffsets holds the structures that assembly reads to the offsets
// that _asm/f was written with.
func TestAssemblyOffsets(t *testing.T) {
	f := func(what string, got, want uintptr) {
		t.Helper()
		if got != want {
			t.Errorf("%s lies at %d, the assembly reads it at %d", what, got, want)
		}
	}
	if unsafe.Sizeof(int(0)) != 8 {
		t.Skip("the assembly is for 64-bit machines")
	}
	var p tileMul
	f("tileMul.a", unsafe.Offsetof(p.a), 0)
	f("tileMul.lda", unsafe.Offsetof(p.lda), 24)
	f("tileMul.b", unsafe.Offsetof(p.b), 32)
	f("tileMul.ldb", unsafe.Offsetof(p.ldb), 56)
	f("tileMul.bvec", unsafe.Offsetof(p.bvec), 64)
	f("tileMul.k", unsafe.Offsetof(p.k), 72)
	f("tileMul.out", unsafe.Offsetof(p.out), 80)
	f("tileMul.ldo", unsafe.Offsetof(p.ldo), 104)
	f("tileMul.rows", unsafe.Offsetof(p.rows), 112)
	f("tileMul.acc", unsafe.Offsetof(p.acc), 120)
	f("tileMul.strips", unsafe.Offsetof(p.strips), 128)
	f("tileMul.bAt", unsafe.Offsetof(p.bAt), 136)
	f("tileMul.outAt", unsafe.Offsetof(p.outAt), 144)
	f("tileMul.ahead", unsafe.Offsetof(p.ahead), 152)
	var w weighing
	f("weighing.s", unsafe.Offsetof(w.s), 0)
	f("weighing.lds", unsafe.Offsetof(w.lds), 24)
	f("weighing.rows", unsafe.Offsetof(w.rows), 32)
	f("weighing.width", unsafe.Offsetof(w.width), 40)
	f("weighing.max", unsafe.Offsetof(w.max), 48)
	f("weighing.sum", unsafe.Offsetof(w.sum), 72)
	f("weighing.factor", unsafe.Offsetof(w.factor), 96)
}
