//go:build !purego

package kernel

// weighAsm stands in for the assembly, which this build has not.
func weighAsm(w *weighing) { weighGeneric(w) }
