//go:build !amd64 || purego

package kernel

// tileMulAsm stands in for the assembly, which this build has not.
func tileMulAsm(p *tileMul, e elem, vecs int) { tileMulGeneric(p, e, vecs) }
