package kernel

import "sync"

// Acts is a batch of activation rows (T, C) in every form that a Matrix may
// need: float32, and eight bits with a scale for each 32 values. The zero value
// is ready for Reset. Different rows may be filled and quantised by different
// goroutines at once; Mul may then run on it from any number.
type Acts struct {
	t, c   int
	rows   []float32 // (T, C)
	blocks int       // of 32 columns in a row, made even
	q      []byte    // (⌈T/4⌉, blocks) records

	mu   sync.Mutex
	free []*strip // unpacked weights of former calls of Mul, for reuse
}

// The 8-bit form keeps four rows (a quad) together, so that a kernel that works
// on several rows reaches them from one address. A record is one block of 32
// columns of a quad:
//
//	x      4 × 32 int8, row after row
//	then per field four values, one a row, in two lines of 64 bytes:
//	scale  float32          sum·scale float32   -8·sum int32     -16·sum int32
//	-32·sum of columns 0..15, of 16..31 int32   -128·sum int32   scale again
//
// sum is the sum of the block's x. The multiples are what the integer dot
// product begins with where the weights have that zero point: Σ(q-z)x =
// Σqx - z·Σx, exactly.
const (
	quadRows    = 4
	recordBytes = 256

	offScale  = 128
	offSum    = 144
	offZero8  = 160
	offZero16 = 176
	offZero32 = 192 // and 208
	offZero7  = 224 // 128
	offScale2 = 240
)

// Reset makes x hold T rows of C columns, whose values are then undefined. It
// allocates only when x grows beyond what it ever held.
func (x *Acts) Reset(T, C int) {
	x.t, x.c = T, C
	x.blocks = (C + unitCols - 1) / unitCols * (unitCols / blockCols)
	if n := T * C; cap(x.rows) < n {
		x.rows = make([]float32, n+n/4)
	}
	x.rows = x.rows[:T*C]
	n := (T + quadRows - 1) / quadRows * x.blocks * recordBytes
	if cap(x.q) < n {
		x.q = alignedBytes(n + n/4)
	}
	x.q = x.q[:n]
}

// Len is T, the number of rows.
func (x *Acts) Len() int { return x.t }

// Cols is C, the length of a row.
func (x *Acts) Cols() int { return x.c }

// Row returns row t, (C), for the caller to fill.
func (x *Acts) Row(t int) []float32 { return x.rows[t*x.c : (t+1)*x.c] }

// Quantize makes the 8-bit form of row t, whose values must be final. A row of
// which some block holds a value that is not finite, or of 2^100 and more,
// makes every product with it NaN; blocks below 2^-100 count as zero.
func (x *Acts) Quantize(t int) {
	quantizeRow(x.quad(t/quadRows), t%quadRows, x.Row(t))
}

// quad returns the records of rows 4i..4i+3.
func (x *Acts) quad(i int) []byte {
	n := x.blocks * recordBytes
	return x.q[i*n : (i+1)*n]
}
