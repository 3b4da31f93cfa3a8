package kernel

import (
	"sync"
	"testing"
	"unsafe"

	"malmoi/internal/num/quant"
)

// TestPackTellsWhatItReads holds that Reading and Read see every byte of every
// part once, pieces of other workers or not: who drops file pages relies on it.
func TestPackTellsWhatItReads(t *testing.T) {
	const C = 256
	part := func(ty quant.Type, rows int) Part {
		n, err := ty.RowBytes(C)
		if err != nil {
			t.Fatal(err)
		}
		return Part{ty, make([]byte, n*rows), rows}
	}
	// The first two share a form and meet inside a panel; all need several pieces.
	parts := []Part{part(quant.Q8_0, 9001), part(quant.Q8_0, 4099), part(quant.Q4_K, 8009), part(quant.Q8_0, 3)}
	for _, parallel := range []bool{false, true} {
		seen := [2][][]byte{}
		for k := range seen {
			for _, p := range parts {
				seen[k] = append(seen[k], make([]byte, len(p.Data)))
			}
		}
		var mu sync.Mutex
		mark := func(k int) func([]byte) {
			return func(data []byte) {
				mu.Lock()
				defer mu.Unlock()
				for i, p := range parts {
					off := uintptr(unsafe.Pointer(&data[0])) - uintptr(unsafe.Pointer(&p.Data[0]))
					if off < uintptr(len(p.Data)) {
						for j := range data {
							seen[k][i][int(off)+j]++
						}
					}
				}
			}
		}
		o := Options{Reading: mark(0), Read: mark(1)}
		pieces := 0
		if parallel {
			o.Run = func(n int, do func(int)) {
				var group sync.WaitGroup
				for i := range n {
					group.Go(func() { do(i) })
				}
				group.Wait()
				pieces += n
			}
		}
		if _, err := PackRows(parts, C, o); err != nil {
			t.Fatal(err)
		}
		for k := range seen {
			for i := range parts {
				for j, n := range seen[k][i] {
					if n != 1 {
						t.Fatalf("parallel %v: byte %d of part %d was told %d times", parallel, j, i, n)
					}
				}
			}
		}
		if parallel && pieces < 6 {
			t.Errorf("%d pieces: too few to test anything", pieces)
		}
	}
}
