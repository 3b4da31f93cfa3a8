//go:build !purego

package par

// pause tells the processor that this is a busy wait.
//
//go:noescape
func pause()
