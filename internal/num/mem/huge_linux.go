package mem

import "golang.org/x/sys/unix"

func adviseHuge(b []byte) { _ = unix.Madvise(b, unix.MADV_HUGEPAGE) }

// PageIn maps b's file pages in one call instead of one fault each. A kernel
// that does not know the request (before 5.14) takes the faults as they come.
func PageIn(b []byte) {
	if b = wholePages(b); len(b) > 0 {
		_ = unix.Madvise(b, unix.MADV_POPULATE_READ)
	}
}
