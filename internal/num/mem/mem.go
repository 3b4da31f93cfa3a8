// Package mem hands out large memory that the garbage collector does not see:
// packed weights and the key/value cache live there, so that a gigabyte of
// numbers neither counts towards the collector's goal nor moves it. It does
// not know what is stored. Arenas are safe for concurrent use.
package mem

import "sync"

// align is the alignment of every allocation: a cache line, and one AVX-512
// register.
const align = 64

// slabBytes is what an arena asks of the system at a time. It is a multiple of
// the 2 MiB huge page.
const slabBytes = 32 << 20

// Arena is a bump allocator that is freed as a whole.
type Arena struct {
	mu    sync.Mutex
	slabs [][]byte
	free  []byte // what is left of the newest slab
}

// Alloc returns n zeroed bytes, aligned to 64. It panics with an
// OutOfMemory when the system has none left.
func (a *Arena) Alloc(n int) []byte {
	size := (n + align - 1) &^ (align - 1)
	a.mu.Lock()
	defer a.mu.Unlock()
	if size > slabBytes/4 {
		slab := a.grow(size)
		return slab[:n:n]
	}
	if len(a.free) < size {
		a.free = a.grow(slabBytes)
	}
	out := a.free[:n:n]
	a.free = a.free[size:]
	return out
}

// grow maps a new slab. The caller holds mu.
func (a *Arena) grow(n int) []byte {
	slab, err := mapAnonymous(n)
	if err != nil {
		panic(OutOfMemory{Bytes: n, Err: err})
	}
	a.slabs = append(a.slabs, slab)
	return slab
}

// Bytes is what the arena holds of the system's address space.
func (a *Arena) Bytes() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var n int64
	for _, s := range a.slabs {
		n += int64(len(s))
	}
	return n
}

// Free gives everything back. Nothing that Alloc returned may be used after it.
func (a *Arena) Free() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.slabs {
		unmap(s)
	}
	a.slabs, a.free = nil, nil
}

// Catch, deferred, turns the panic of Alloc into *err.
func Catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case OutOfMemory:
		*err = r
	default:
		panic(r)
	}
}

// OutOfMemory is the panic of Alloc; see Catch.
type OutOfMemory struct {
	Bytes int
	Err   error
}

func (e OutOfMemory) Error() string {
	return "mem: the system refused memory: " + e.Err.Error()
}
