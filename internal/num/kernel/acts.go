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
	q      []byte    // (T, blocks) records

	mu   sync.Mutex
	free []*scratch // of former calls of Mul, for reuse
}

// The 8-bit form of a row is a record of one cache line for each 32 columns:
//
//	x       32 int8
//	scale   float32 of 22 bits: value = x·scale
//	sum     float32: Σx·scale
//	zero8   int32: -8·Σx
//	zero16  int32: -16·Σx
//	zero32  2 × int32: -32·Σx of columns 0..15, of columns 16..31
//	zero128 int32: -128·Σx
//	upper   int32: ⌊-126.5·Σx⌋
//
// The multiples of Σx are what an integer dot product begins with where the
// weights have that zero point: Σ(q-z)x = Σqx - z·Σx, exactly. The last is for
// screening, see screen.go.
const (
	recordBytes = 64

	offScale   = 32
	offSum     = 36
	offZero8   = 40
	offZero16  = 44
	offZero32  = 48
	offZero128 = 56
	offUpper   = 60
)

// minRecordRows is the number of rows that have records, be they asked for or
// not: small batches are computed in loops for a fixed number of rows.
const minRecordRows = 8

// Reset makes x hold T rows of C columns, whose values are then undefined. It
// allocates only when x grows beyond what it ever held.
func (x *Acts) Reset(T, C int) {
	x.t, x.c = T, C
	x.blocks = (C + unitCols - 1) / unitCols * (unitCols / blockCols)
	if n := T * C; cap(x.rows) < n {
		x.rows = make([]float32, n+n/4)
	}
	x.rows = x.rows[:T*C]
	n := max(T, minRecordRows) * x.blocks * recordBytes
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
	quantizeRow(x.records(t), x.Row(t))
}

// records returns the 8-bit form of row t.
func (x *Acts) records(t int) []byte {
	n := x.blocks * recordBytes
	return x.q[t*n : (t+1)*n]
}
