//go:build !amd64 || purego

package kernel

// weighAsm stands in for the assembly, which this build has not.
func weighAsm(w *weighing) { weighGeneric(w) }

// widen returns a part of a page as it lies.
func (s *AttnScratch) widen(e elem, part []byte, rows int) ([]byte, elem) { return part, e }
