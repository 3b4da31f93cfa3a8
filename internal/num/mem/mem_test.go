package mem

import (
	"testing"
	"unsafe"
)

func TestArenaAlignsAndZeroes(t *testing.T) {
	var a Arena
	defer a.Free()
	var blocks [][]byte
	for _, n := range []int{1, 63, 64, 65, 4096, slabBytes / 4, slabBytes/4 + 1, slabBytes + 3} {
		b := a.Alloc(n)
		if len(b) != n {
			t.Fatalf("asked for %d bytes, got %d", n, len(b))
		}
		if off := uintptr(unsafe.Pointer(&b[0])) % align; off != 0 {
			t.Errorf("%d bytes lie %d off a 64-byte line", n, off)
		}
		for i, v := range b {
			if v != 0 {
				t.Fatalf("%d bytes: byte %d is %d", n, i, v)
			}
		}
		for i := range b {
			b[i] = byte(len(blocks) + 1)
		}
		blocks = append(blocks, b)
	}
	for k, b := range blocks {
		for i, v := range b {
			if v != byte(k+1) {
				t.Fatalf("block %d byte %d was overwritten with %d", k, i, v)
			}
		}
	}
}

func TestDropPagesKeepsContent(t *testing.T) {
	DropPages(nil)
	DropPages(make([]byte, 3)) // less than a page: nothing to drop, nothing to break
}
