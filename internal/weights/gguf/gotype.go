package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// What a metadata value is in Go, and back.

// goNumber returns bits as the Go type of a number's or bool's exact kind.
func goNumber(k kind, bits uint64) any {
	switch k {
	case kindU8:
		return uint8(bits)
	case kindI8:
		return int8(bits)
	case kindU16:
		return uint16(bits)
	case kindI16:
		return int16(bits)
	case kindU32:
		return uint32(bits)
	case kindI32:
		return int32(bits)
	case kindU64:
		return bits
	case kindI64:
		return int64(bits)
	case kindF32:
		return math.Float32frombits(uint32(bits))
	case kindF64:
		return math.Float64frombits(bits)
	}
	return bits != 0
}

// goSlice returns a numeric array as a new slice of the Go type of its
// elements.
func goSlice(v value) any {
	switch v.elem {
	case kindU8:
		return sliceOf[uint8](v)
	case kindI8:
		return sliceOf[int8](v)
	case kindU16:
		return sliceOf[uint16](v)
	case kindI16:
		return sliceOf[int16](v)
	case kindU32:
		return sliceOf[uint32](v)
	case kindI32:
		return sliceOf[int32](v)
	case kindU64:
		return sliceOf[uint64](v)
	case kindI64:
		return sliceOf[int64](v)
	case kindF32:
		return sliceOf[float32](v)
	case kindF64:
		return sliceOf[float64](v)
	}
	return sliceOf[bool](v)
}

func sliceOf[T any](v value) []T {
	size := v.elem.size()
	out := make([]T, len(v.raw)/size)
	for i := range out {
		out[i] = goNumber(v.elem, bitsAt(v.raw, i, size)).(T)
	}
	return out
}

// appendValue appends the type and the value, as files have them.
func appendValue(dst []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case string:
		return appendString(appendKind(dst, kindString), v), nil
	case []string:
		dst = appendArray(dst, kindString, len(v))
		for _, s := range v {
			dst = appendString(dst, s)
		}
		return dst, nil
	}
	if k, ok := kindOf(value); ok {
		return binary.Append(appendKind(dst, k), binary.LittleEndian, value)
	}
	elem, n := elemOf(value)
	if n < 0 {
		return nil, fmt.Errorf("a value of type %T has no place in the format", value)
	}
	return binary.Append(appendArray(dst, elem, n), binary.LittleEndian, value)
}

// kindOf returns the kind of a number or bool.
func kindOf(value any) (kind, bool) {
	switch value.(type) {
	case uint8:
		return kindU8, true
	case int8:
		return kindI8, true
	case uint16:
		return kindU16, true
	case int16:
		return kindI16, true
	case uint32:
		return kindU32, true
	case int32:
		return kindI32, true
	case uint64:
		return kindU64, true
	case int64:
		return kindI64, true
	case float32:
		return kindF32, true
	case float64:
		return kindF64, true
	case bool:
		return kindBool, true
	}
	return 0, false
}

// elemOf returns the kind and number of elements of a slice of numbers or
// bools, or -1.
func elemOf(value any) (kind, int) {
	switch v := value.(type) {
	case []uint8:
		return kindU8, len(v)
	case []int8:
		return kindI8, len(v)
	case []uint16:
		return kindU16, len(v)
	case []int16:
		return kindI16, len(v)
	case []uint32:
		return kindU32, len(v)
	case []int32:
		return kindI32, len(v)
	case []uint64:
		return kindU64, len(v)
	case []int64:
		return kindI64, len(v)
	case []float32:
		return kindF32, len(v)
	case []float64:
		return kindF64, len(v)
	case []bool:
		return kindBool, len(v)
	}
	return 0, -1
}

func appendKind(dst []byte, k kind) []byte {
	return binary.LittleEndian.AppendUint32(dst, uint32(k))
}

func appendArray(dst []byte, elem kind, n int) []byte {
	dst = appendKind(appendKind(dst, kindArray), elem)
	return binary.LittleEndian.AppendUint64(dst, uint64(n))
}

func appendString(dst []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(dst, uint64(len(s))), s...)
}
