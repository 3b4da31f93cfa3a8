package gguf

import "math"

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
