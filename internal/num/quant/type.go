package quant

import "fmt"

// Type is a tensor element type, numbered as GGUF files number them
// (ggml.h, enum ggml_type).
type Type uint32

// The types that malmoi reads. Q8_1 and Q8_K are absent: they only ever hold
// activations and no file stores them.
const (
	F32    Type = 0
	F16    Type = 1
	Q4_0   Type = 2
	Q4_1   Type = 3
	Q5_0   Type = 6
	Q5_1   Type = 7
	Q8_0   Type = 8
	Q2_K   Type = 10
	Q3_K   Type = 11
	Q4_K   Type = 12
	Q5_K   Type = 13
	Q6_K   Type = 14
	IQ4_NL Type = 20
	IQ4_XS Type = 23
	BF16   Type = 30
	MXFP4  Type = 39
)

// layout is the shape of one block: values per block, bytes per block.
type layout struct {
	name  string
	vals  int
	bytes int
}

var layouts = map[Type]layout{
	F32:    {"F32", 1, 4},
	F16:    {"F16", 1, 2},
	BF16:   {"BF16", 1, 2},
	Q4_0:   {"Q4_0", 32, 18},
	Q4_1:   {"Q4_1", 32, 20},
	Q5_0:   {"Q5_0", 32, 22},
	Q5_1:   {"Q5_1", 32, 24},
	Q8_0:   {"Q8_0", 32, 34},
	Q2_K:   {"Q2_K", 256, 84},
	Q3_K:   {"Q3_K", 256, 110},
	Q4_K:   {"Q4_K", 256, 144},
	Q5_K:   {"Q5_K", 256, 176},
	Q6_K:   {"Q6_K", 256, 210},
	IQ4_NL: {"IQ4_NL", 32, 18},
	IQ4_XS: {"IQ4_XS", 256, 136},
	MXFP4:  {"MXFP4", 32, 17},
}

// Known reports whether malmoi can read t.
func (t Type) Known() bool { _, ok := layouts[t]; return ok }

// String returns the name that GGUF tools print, such as "Q4_K".
func (t Type) String() string {
	if l, ok := layouts[t]; ok {
		return l.name
	}
	return fmt.Sprintf("type(%d)", uint32(t))
}

// ParseType is the inverse of String; case counts.
func ParseType(s string) (Type, error) {
	for t, l := range layouts {
		if l.name == s {
			return t, nil
		}
	}
	return 0, fmt.Errorf("quant: unknown type %q", s)
}

// BlockLen is the number of values in one block; 0 if t is not known.
func (t Type) BlockLen() int { return layouts[t].vals }

// BlockBytes is the size of one block in bytes; 0 if t is not known.
func (t Type) BlockBytes() int { return layouts[t].bytes }

// RowBytes is the size in bytes of n values, which must fill whole blocks.
func (t Type) RowBytes(n int) (int, error) {
	l, ok := layouts[t]
	if !ok {
		return 0, fmt.Errorf("quant: %v is not a type malmoi reads", t)
	}
	if n < 0 || n%l.vals != 0 {
		return 0, fmt.Errorf("quant: a row of %d values does not fill whole %v blocks of %d", n, t, l.vals)
	}
	return n / l.vals * l.bytes, nil
}
