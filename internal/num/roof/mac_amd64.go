//go:build !purego

package roof

import "malmoi/internal/num/cpu"

// macVNNI runs n times 16 VPDPBUSD on 64-byte registers: 16·64 multiply-adds.
//
//go:noescape
func macVNNI(n int)

// macAVX2 runs n times 8 chains of VPMADDUBSW, VPMADDWD, VPADDD on 32-byte
// registers: 8·32 multiply-adds.
//
//go:noescape
func macAVX2(n int)

func macLoop(l cpu.Level) (loop func(n int), macs int) {
	switch l {
	case cpu.AVX512:
		return inPieces(macVNNI), 16 * 64
	case cpu.AVX2:
		return inPieces(macAVX2), 8 * 32
	}
	return nil, 0
}

// inPieces keeps each call into assembly short: it cannot be preempted.
func inPieces(f func(int)) func(int) {
	const piece = 1 << 14
	return func(n int) {
		for ; n > 0; n -= piece {
			f(min(n, piece))
		}
	}
}
