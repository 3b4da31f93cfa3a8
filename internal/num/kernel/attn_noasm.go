//go:build !amd64 || purego

package kernel

// weighAsm stands in for the assembly, which this build has not.
func weighAsm(w *weighing) { weighGeneric(w) }
