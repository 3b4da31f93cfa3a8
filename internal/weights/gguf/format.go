package gguf

import (
	"fmt"

	"malmoi/internal/num/quant"
)

const (
	magic          = "GGUF"
	writeVersion   = 3
	defaultAlign   = 32
	alignmentKey   = "general.alignment"
	splitNoKey     = "split.no"
	splitCountKey  = "split.count"
	splitTensorKey = "split.tensors.count"
)

// Limits on what a file may claim, far above anything that exists. They stop a
// bad file from costing much time or memory before it is refused.
const (
	maxKeys      = 1 << 16
	maxKeyLen    = 1<<16 - 1 // by the specification
	maxArray     = 1 << 24   // elements; the largest vocabularies have 2^18
	maxTensors   = 1 << 20
	maxNameLen   = 1 << 10 // the specification says 64, some writers exceed it
	maxDims      = 4
	maxDim       = 1 << 40
	maxAlignment = 1 << 20
)

// kind is the type of a metadata value, numbered as in files.
type kind uint32

const (
	kindU8     kind = 0
	kindI8     kind = 1
	kindU16    kind = 2
	kindI16    kind = 3
	kindU32    kind = 4
	kindI32    kind = 5
	kindF32    kind = 6
	kindBool   kind = 7
	kindString kind = 8
	kindArray  kind = 9
	kindU64    kind = 10
	kindI64    kind = 11
	kindF64    kind = 12
)

// size is the number of bytes of a number or bool; 0 for strings, arrays and
// unknown kinds.
func (k kind) size() int {
	switch k {
	case kindU8, kindI8, kindBool:
		return 1
	case kindU16, kindI16:
		return 2
	case kindU32, kindI32, kindF32:
		return 4
	case kindU64, kindI64, kindF64:
		return 8
	}
	return 0
}

// otherTypes names the tensor types of ggml that malmoi does not read, for
// messages.
var otherTypes = map[quant.Type]string{
	9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S", 22: "IQ2_S",
	24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0",
	40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
}

func typeName(t quant.Type) string {
	if name, ok := otherTypes[t]; ok {
		return name
	}
	return t.String()
}

// FormatError says which file is bad, at which byte, and in which field. It
// wraps the reason.
type FormatError struct {
	Path   string
	Offset int64  // of the field, from the start of the file
	Field  string // such as `key "general.name"` or `tensor "output.weight"`
	Err    error
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("gguf: %s: %s at byte %d: %v", e.Path, e.Field, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *FormatError) Unwrap() error { return e.Err }
