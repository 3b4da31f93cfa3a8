//go:build unix

package mem

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mapAnonymous maps n zeroed bytes and asks for huge pages: packed weights are
// read from end to end for every token, and 4 KiB pages cost a third of the
// bandwidth of a cache-resident stream.
func mapAnonymous(n int) ([]byte, error) {
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	adviseHuge(b)
	return b, nil
}

func unmap(b []byte) { _ = unix.Munmap(b) }

// DropPages tells the system that the file pages behind b, part of a read-only
// mapping, are not needed for now. They are read again on the next touch.
func DropPages(b []byte) {
	if b = wholePages(b); len(b) > 0 {
		_ = unix.Madvise(b, unix.MADV_DONTNEED)
	}
}

// wholePages is the part of b that fills whole pages.
func wholePages(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (page - 1)
	if len(b) <= skip {
		return nil
	}
	b = b[skip:]
	return b[:len(b)/page*page]
}
