//go:build !amd64 || purego

package cpu

// features is empty: this build has no assembly.
func features() []feature { return nil }
