// Package cputest runs a test under every implementation of the kernels that
// the machine has. It is for tests only.
package cputest

import (
	"testing"

	"malmoi/internal/num/cpu"
)

// ForEach runs f as a subtest under every level up to the machine's best, and
// restores the level in force afterwards. The subtests must not be parallel:
// the level belongs to the process.
func ForEach(t *testing.T, f func(t *testing.T, l cpu.Level)) {
	t.Helper()
	old := cpu.Current()
	defer force(t, old)
	for l := cpu.Portable; l <= cpu.Best(); l++ {
		force(t, l)
		t.Run(l.String(), func(t *testing.T) { f(t, l) })
	}
}

func force(t *testing.T, l cpu.Level) {
	t.Helper()
	if err := cpu.Force(l); err != nil {
		t.Fatal(err)
	}
}
