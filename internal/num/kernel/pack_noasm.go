//go:build !amd64 || purego

package kernel

func turn(dst *[256]byte, src []byte, stride int, flip uint32) { turnGeneric(dst, src, stride, flip) }

func splitBlock(nibbles *[256]byte, mid, low *[128]byte, q *[512]byte) {
	splitGeneric(nibbles, mid, low, q)
}
