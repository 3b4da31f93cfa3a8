package kernel

// A strip is weights of some panels unpacked to eight bits: what a large batch
// multiplies with, and what every unpacking is defined by.
//
// It is a sequence of blocks of 32 columns × 16 rows, 640 bytes each:
//
//	q      8 × 64 bytes, a group of four columns each, row r, column k at 4r+k
//	scale  16 float32
//	second 16 float32: what is added per sum of activations (kindMin), or the
//	       scale of columns 16..31 (kindHalf, where scale is that of 0..15)
const (
	stripBlock  = 640
	stripScale  = 512
	stripSecond = 576
)
