//go:build !unix

package mem

// mapAnonymous falls back to the garbage collected heap where there is no mmap.
func mapAnonymous(n int) ([]byte, error) { return make([]byte, n), nil }

func unmap([]byte) {}

// DropPages does nothing where there is no madvise.
func DropPages([]byte) {}

// PageIn does nothing where there is no madvise.
func PageIn([]byte) {}
