package kernel

import "malmoi/internal/num/cpu"

// RoPE turns pairs of each head's first rot values by the angles of one
// position (Su et al., arXiv:2104.09864). x is (heads, D); cos and sin are
// (rot/2). Pair i is (x[i], x[i+rot/2]), or (x[2i], x[2i+1]) if interleaved.
func RoPE(x []float32, heads, D, rot int, cos, sin []float32, interleaved bool) {
	half := rot / 2
	cos, sin = cos[:half], sin[:half]
	for h := range heads {
		head := x[h*D : h*D+rot]
		switch {
		case interleaved && cpu.Current() != cpu.Portable:
			ropePairsAsm(head, cos, sin)
		case interleaved:
			ropePairsGeneric(head, cos, sin)
		case cpu.Current() != cpu.Portable:
			ropeHalvesAsm(head[:half], head[half:], cos, sin)
		default:
			ropeHalvesGeneric(head[:half], head[half:], cos, sin)
		}
	}
}

// ropeHalvesGeneric turns (a[i], b[i]).
func ropeHalvesGeneric(a, b, cos, sin []float32) {
	for i, c := range cos {
		s, x, y := sin[i], a[i], b[i]
		a[i] = x*c - y*s
		b[i] = y*c + x*s
	}
}

// ropePairsGeneric turns (x[2i], x[2i+1]).
func ropePairsGeneric(x, cos, sin []float32) {
	for i, c := range cos {
		s, a, b := sin[i], x[2*i], x[2*i+1]
		x[2*i] = a*c - b*s
		x[2*i+1] = b*c + a*s
	}
}
