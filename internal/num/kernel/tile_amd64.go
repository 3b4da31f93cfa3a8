//go:build !purego

package kernel

// tileMulAsm stands in for the assembly, which this build has not.
func tileMulAsm(p *tileMul, e elem, vecs int) int {
	tileMulGeneric(p, e, vecs)
	return vecs
}
