package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// value is one metadata value. Arrays stay in the file: a vocabulary and its
// merges are read once, and a copy of them would be megabytes that nobody
// needs afterwards.
type value struct {
	kind kind
	elem kind   // of an array
	bits uint64 // of a number or bool, zero extended
	text string
	raw  []byte // elements of an array, part of the file
	size int    // elements of an array of strings
}

func (c *cursor) value() (value, error) {
	k, err := c.u32()
	if err != nil {
		return value{}, err
	}
	v := value{kind: kind(k)}
	switch v.kind {
	case kindString:
		b, err := c.bytes(math.MaxInt)
		v.text = string(b)
		return v, err
	case kindArray:
		return v, c.array(&v)
	}
	size := v.kind.size()
	if size == 0 {
		return v, fmt.Errorf("value type %d does not exist", k)
	}
	b, err := c.take(size)
	if err != nil {
		return v, err
	}
	v.bits = bitsAt(b, 0, size)
	if v.kind == kindBool && v.bits > 1 {
		return v, fmt.Errorf("bool is %d, want 0 or 1", v.bits)
	}
	return v, nil
}

func (c *cursor) array(v *value) error {
	k, err := c.u32()
	if err != nil {
		return err
	}
	v.elem = kind(k)
	switch v.elem {
	case kindArray:
		return errors.New("arrays in arrays are not supported")
	case kindString:
		return c.strings(v)
	}
	size := v.elem.size()
	if size == 0 {
		return fmt.Errorf("array of value type %d, which does not exist", k)
	}
	n, err := c.count("array elements", size, maxArray)
	if err != nil {
		return err
	}
	b, err := c.take(n * size)
	if err != nil {
		return err
	}
	v.raw = b
	if v.elem == kindBool {
		for i, b := range v.raw {
			if b > 1 {
				return fmt.Errorf("bool %d of the array is %d, want 0 or 1", i, b)
			}
		}
	}
	return nil
}

// strings passes over an array of strings and checks their lengths.
func (c *cursor) strings(v *value) error {
	n, err := c.count("strings", 8, maxArray)
	if err != nil {
		return err
	}
	start := c.pos
	for i := range n {
		if _, err := c.bytes(math.MaxInt); err != nil {
			return fmt.Errorf("string %d of the array: %w", i, err)
		}
	}
	v.raw, v.size = c.data[start:c.pos:c.pos], n
	return nil
}

// list copies an array of strings out of the file. All share one backing string,
// since a vocabulary has hundreds of thousands of them. It fails if the file was
// overwritten since it was checked.
func (v value) list() ([]string, error) {
	lengths := cursor{data: v.raw}
	all := make([]byte, 0, len(v.raw)-8*v.size)
	ends := make([]int, v.size)
	for i := range ends {
		b, err := lengths.bytes(cap(all) - len(all))
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
		ends[i] = len(all)
	}
	text, start := string(all), 0
	list := make([]string, v.size)
	for i, end := range ends {
		list[i] = text[start:end]
		start = end
	}
	return list, nil
}

// bitsAt reads the i-th number of size bytes, zero extended.
func bitsAt(b []byte, i, size int) uint64 {
	b = b[i*size:]
	switch size {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	}
	return binary.LittleEndian.Uint64(b)
}

// asInt interprets bits as an integer kind; false for other kinds and for
// numbers beyond int64.
func asInt(k kind, bits uint64) (int64, bool) {
	switch k {
	case kindU8, kindU16, kindU32:
		return int64(bits), true
	case kindI8:
		return int64(int8(bits)), true
	case kindI16:
		return int64(int16(bits)), true
	case kindI32:
		return int64(int32(bits)), true
	case kindI64:
		return int64(bits), true
	case kindU64:
		return int64(bits), bits <= math.MaxInt64
	}
	return 0, false
}

func asFloat(k kind, bits uint64) (float64, bool) {
	switch k {
	case kindF32:
		return float64(math.Float32frombits(uint32(bits))), true
	case kindF64:
		return math.Float64frombits(bits), true
	}
	return 0, false
}
