package main

// form repeats, for the generator, what form.go of the kernel package says of
// a layout; the package's tests fail where the two differ.
type form struct {
	name string
	bits int
	unit int // bytes of 64 columns
	head int // bytes that open 256 columns
	kind kind
	// Offsets in a unit of block A's scales, and the step to block B's.
	scales, scaleStep int
	scale             scaleType
	// part says which bits of the split 8-bit form a loop reads.
	part part
}

// part is what of a weight's eight bits lies where: the split form keeps the
// upper six in the unit (nibbles, then a plane of bits 2 and 3) and the lowest
// two in a plane of its own.
type part int

const (
	whole part = iota // not split
	upper             // the upper six alone
	both
)

// lowUnit is the size of 64 columns of the plane of lowest bits.
const lowUnit = 256

type kind int

const (
	kindZero kind = iota
	kindMin
	kindHalf
)

var kindNames = []string{"Zero", "Min", "Half"}

type scaleType int

const (
	scaleF16 scaleType = iota
	scaleF32
	scaleK  // uint8 scale and min under float16 d and d2
	scaleK6 // two int8 under float32 d
)

var forms = []form{
	{"4Zero", 4, 576, 0, kindZero, 512, 32, scaleF16, whole},
	{"4Min", 4, 640, 0, kindMin, 512, 64, scaleF16, whole},
	{"4K", 4, 576, 64, kindMin, 512, 32, scaleK, whole},
	{"5Zero", 5, 704, 0, kindZero, 640, 32, scaleF16, whole},
	{"5Min", 5, 768, 0, kindMin, 640, 64, scaleF16, whole},
	{"5K", 5, 704, 64, kindMin, 640, 32, scaleK, whole},
	{"6K", 6, 832, 64, kindHalf, 768, 32, scaleK6, whole},
	{"8Zero", 8, 1088, 0, kindZero, 1024, 32, scaleF16, whole},
	{"8Wide", 8, 1152, 0, kindZero, 1024, 64, scaleF32, whole},
	{"8Split", 8, 832, 0, kindZero, 768, 32, scaleF16, both},
	{"8Upper", 8, 832, 0, kindZero, 768, 32, scaleF16, upper},
}

// Offsets in a strip's block of 640 bytes.
const (
	stripBlock  = 640
	stripScale  = 512
	stripSecond = 576
)

// Offsets in a record of quantised activations.
const (
	recordBytes = 64
	offScale    = 32
	offSum      = 36
	offZero8    = 40
	offZero16   = 44
	offZero32   = 48
	offZero128  = 56
	offUpper    = 60
)

// beginAt is where a record keeps what the integer dot product of a form with
// one zero point begins with.
func (f form) beginAt() int {
	switch {
	case f.part == upper:
		return offUpper
	case f.bits == 8:
		return offZero128
	case f.bits == 5:
		return offZero16
	}
	return offZero8
}
