//go:build unix && !linux

package mem

func adviseHuge([]byte) {}

// PageIn does nothing where there is no such request.
func PageIn([]byte) {}
