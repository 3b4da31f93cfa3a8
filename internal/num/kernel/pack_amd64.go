//go:build !purego

package kernel

//go:generate sh -c "cd _asm/f && go run . -file pack -out ../../pack_amd64.s"

// turn is turnGeneric with SSE2, which needs no question to the processor.
func turn(dst *[256]byte, src []byte, stride int, flip uint32) {
	_ = src[15*stride+15]
	turnSSE2(&dst[0], &src[0], stride, flip)
}

// splitBlock is splitGeneric with SSE2.
func splitBlock(nibbles *[256]byte, mid, low *[128]byte, q *[512]byte) {
	splitSSE2(&nibbles[0], &mid[0], &low[0], &q[0])
}

//go:noescape
func turnSSE2(dst, src *byte, stride int, flip uint32)

//go:noescape
func splitSSE2(nibbles, mid, low, q *byte)
