//go:build !amd64 || purego

package kernel

// weighAsm stands in for the assembly, which this build has not.
func weighAsm(w *weighing) { weighGeneric(w) }

// distance is for the assembly.
func distance(from, to []byte) int { return 0 }

// widen leaves the pages as they lie.
func (w *attnWide) widen(g *attnGroup, a *Attn) {}
