package gguf

import "malmoi/internal/weights/mmap"

// Keys lists the metadata keys in file order. A split file has those of its
// first part.
func (f *File) Keys() []string { return f.keys }

// Arch returns general.architecture, or "" if the file does not say.
func (f *File) Arch() string {
	arch, _ := f.String("general.architecture")
	return arch
}

// String returns a value of type string. Text is as the file has it: nothing
// has checked that it is UTF-8.
func (f *File) String(key string) (string, bool) {
	v, ok := f.meta[key]
	return v.text, ok && v.kind == kindString
}

// Int returns a value of any integer type that int64 can hold.
func (f *File) Int(key string) (int64, bool) {
	v, ok := f.meta[key]
	if !ok {
		return 0, false
	}
	return asInt(v.kind, v.bits)
}

// Float returns a value of type float32 or float64.
func (f *File) Float(key string) (float64, bool) {
	v, ok := f.meta[key]
	if !ok {
		return 0, false
	}
	return asFloat(v.kind, v.bits)
}

// Bool returns a value of type bool.
func (f *File) Bool(key string) (bool, bool) {
	v, ok := f.meta[key]
	return v.bits != 0, ok && v.kind == kindBool
}

// Strings returns an array of strings, as a new slice.
func (f *File) Strings(key string) ([]string, bool) {
	v, ok := f.meta[key]
	if !ok || v.kind != kindArray || v.elem != kindString {
		return nil, false
	}
	return v.strings()
}

// strings is list under guard, as the file may have shrunk.
func (v value) strings() (out []string, ok bool) {
	err := mmap.Guard(func() (err error) {
		out, err = v.list()
		return err
	})
	return out, err == nil
}

// Floats returns an array of float32 or float64 as new float32 values.
func (f *File) Floats(key string) ([]float32, bool) {
	return elements(f, key, func(k kind, bits uint64) (float32, bool) {
		v, ok := asFloat(k, bits)
		return float32(v), ok
	})
}

// Ints returns an array of any integer type, as new values; false also if one
// of them is beyond int64.
func (f *File) Ints(key string) ([]int64, bool) { return elements(f, key, asInt) }

// Bools returns an array of bools, as new values.
func (f *File) Bools(key string) ([]bool, bool) {
	return elements(f, key, func(k kind, bits uint64) (bool, bool) { return bits != 0, k == kindBool })
}

func elements[T any](f *File, key string, convert func(kind, uint64) (T, bool)) ([]T, bool) {
	v, ok := f.meta[key]
	if !ok || v.kind != kindArray || v.elem == kindString {
		return nil, false
	}
	if _, ok := convert(v.elem, 0); !ok { // an empty array has a type too
		return nil, false
	}
	size := v.elem.size()
	out := make([]T, len(v.raw)/size)
	err := mmap.Guard(func() error {
		for i := 0; i < len(out) && ok; i++ {
			out[i], ok = convert(v.elem, bitsAt(v.raw, i, size))
		}
		return nil
	})
	if err != nil || !ok {
		return nil, false
	}
	return out, true
}

// Value returns the value of key as the Go type of its exact file type: bool,
// string, a sized integer or float, or a slice of one of these. It is what
// Writer.Set takes, so that metadata can be copied from file to file.
func (f *File) Value(key string) (any, bool) {
	v, ok := f.meta[key]
	if !ok {
		return nil, false
	}
	if v.kind != kindArray {
		return v.scalar(), true
	}
	if v.elem == kindString {
		return v.strings()
	}
	var slice any
	err := mmap.Guard(func() error {
		slice = goSlice(v)
		return nil
	})
	return slice, err == nil
}

func (v value) scalar() any {
	if v.kind == kindString {
		return v.text
	}
	return goNumber(v.kind, v.bits)
}
