package kernel

import "malmoi/internal/num/quant"

// This file says how the weights of a panel lie in memory.
//
// A quantised panel holds 16 rows and is cut along its columns. 64 columns are
// a unit (the last may be half empty: its scales are zero), which is two
// blocks, A and B, of 32 columns; a block is eight groups of four columns. The
// values q of a group are 64 bytes in 8-bit form: row r, column k of the group
// at byte 4r+k, so that one register holds all rows and a multiply with the
// same four activations in every lane does sixteen rows at once. All q are
// unsigned; a format with signed values has a zero point instead.
//
//	8 bit   block = 8 registers of 64 bytes, one a group
//	4 bit   block = 4 registers: group j in the low, group j+4 in the high nibbles of register j
//	5 bit   as 4 bit, and per block a register of fifth bits: group g at bit g of each byte
//	split   the 8-bit form cut for screening (screen.go): upper nibbles as 4 bit, per block two
//	        registers of bits 2 and 3, laid out like the upper bits of 6 bit; bits 0 and 1,
//	        laid out the same, lie apart, behind all panels
//	6 bit   as 4 bit, and per block two registers of upper bits: group g at bits
//	        2(g%4), 2(g%4)+1 of each byte of register g/4
//
// A unit is: quants of A and B, upper bits of A and B, scales of A, of B. The
// scales are sixteen a block, one a row:
//
//	zero    scale float16            value = scale·(q-zero)
//	min     scale, min float16       value = scale·q + min
//	wide    scale float32            value = scale·(q-zero)
//	K       scale, min uint8         value = d·scale·q + d2·min
//	K6      scale int8, for columns 0..15 and 16..31   value = d·scale·(q-32)
//
// The K forms open every four units (256 columns, a chunk) with d and d2 (the
// file's -dmin) as float16, K6 with d as float32. Every unit and chunk is a multiple of 64 bytes,
// and none is larger than the same weights in the file by more than 3 %.
//
// A float panel is 16 rows × 1 column, 16 rows × 1 column, ….

// unitCols and chunkCols are the columns of a unit and of a chunk.
const (
	blockCols = 32
	unitCols  = 64
	chunkCols = 256
)

// kind is how the values of a form become products.
type kind uint8

const (
	kindZero kind = iota // one scale a block, zero point
	kindMin              // one scale and one offset a block
	kindHalf             // two scales a block, zero point 32
	kindF32              // the float forms
	kindF16
	kindBF16
)

// form is one layout.
type form struct {
	name  string
	kind  kind
	id    formID
	zero  int32 // zero point
	bits  int   // of a value; 16 and 32 are floats
	unit  int   // bytes of 64 columns
	head  int   // bytes that open 256 columns
	low   int   // bytes of 64 columns that lie apart, split form
	float int   // bytes of one value, float forms
}

type formID uint8

const (
	id4Zero formID = iota
	id4Min
	id4K
	id5Zero
	id5Min
	id5K
	id6K
	id8Zero
	id8Wide
	id8Split
	idFloat
)

var (
	form4Zero  = form{name: "4-bit", kind: kindZero, id: id4Zero, zero: 8, bits: 4, unit: 512 + 64}
	form4Min   = form{name: "4-bit min", kind: kindMin, id: id4Min, bits: 4, unit: 512 + 128}
	form4K     = form{name: "4-bit K", kind: kindMin, id: id4K, bits: 4, unit: 512 + 64, head: 64}
	form5Zero  = form{name: "5-bit", kind: kindZero, id: id5Zero, zero: 16, bits: 5, unit: 512 + 128 + 64}
	form5Min   = form{name: "5-bit min", kind: kindMin, id: id5Min, bits: 5, unit: 512 + 128 + 128}
	form5K     = form{name: "5-bit K", kind: kindMin, id: id5K, bits: 5, unit: 512 + 128 + 64, head: 64}
	form6K     = form{name: "6-bit K", kind: kindHalf, id: id6K, zero: 32, bits: 6, unit: 512 + 256 + 64, head: 64}
	form8Zero  = form{name: "8-bit", kind: kindZero, id: id8Zero, zero: 128, bits: 8, unit: 1024 + 64}
	form8Wide  = form{name: "8-bit wide scale", kind: kindZero, id: id8Wide, zero: 128, bits: 8, unit: 1024 + 128}
	form8Split = form{name: "8-bit split", kind: kindZero, id: id8Split, zero: 128, bits: 8, unit: 512 + 256 + 64, low: 256}
	formF32    = form{name: "float32", kind: kindF32, id: idFloat, bits: 32, float: 4}
	formF16    = form{name: "float16", kind: kindF16, id: idFloat, bits: 16, float: 2}
	formBF16   = form{name: "bfloat16", kind: kindBF16, id: idFloat, bits: 16, float: 2}
)

// formFor chooses the layout for a type of a file. Only Q2_K loses anything by
// it (its values are rounded to 11 bits); all other forms hold the file's
// values exactly.
func formFor(t quant.Type, exact bool) *form {
	if exact {
		return &formF32
	}
	switch t {
	case quant.Q4_0:
		return &form4Zero
	case quant.Q4_1:
		return &form4Min
	case quant.Q4_K:
		return &form4K
	case quant.Q5_0:
		return &form5Zero
	case quant.Q5_1:
		return &form5Min
	case quant.Q5_K:
		return &form5K
	case quant.Q6_K, quant.Q3_K:
		return &form6K
	case quant.Q8_0, quant.IQ4_NL:
		return &form8Zero
	case quant.IQ4_XS, quant.MXFP4:
		return &form8Wide
	case quant.F16, quant.Q2_K:
		return &formF16
	case quant.BF16:
		return &formBF16
	}
	return &formF32
}

// panelBytes is the size of one panel of C columns, without what lies apart.
func (f *form) panelBytes(C int) int {
	if f.float > 0 {
		return C * PanelRows * f.float
	}
	units := (C + unitCols - 1) / unitCols
	n := units * f.unit
	if f.head > 0 {
		n += units / (chunkCols / unitCols) * f.head
	}
	return n
}
