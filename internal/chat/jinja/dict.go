package jinja

import (
	"fmt"
	"math"
	"math/big"
)

// Dict is a Python dict: it keeps the order in which keys were first set.
// The zero value is an empty dict.
type Dict struct {
	keys  []Value
	vals  []Value
	index map[any]int // from hash key; nil while the dict is small
}

const smallDict = 8

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// Len is the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

// Set stores a value under a string key that the template author vouches for.
func (d *Dict) Set(key string, v Value) { d.put(Text(key), v) }

// SetKey stores a value under a string key that keeps its marks.
func (d *Dict) SetKey(key Str, v Value) { d.put(key, v) }

// Get returns the value under a string key.
func (d *Dict) Get(key string) (Value, bool) { return d.find(Text(key)) }

// At returns the i-th key and its value.
func (d *Dict) At(i int) (key, v Value) { return d.keys[i], d.vals[i] }

func (d *Dict) put(k, v Value) {
	h := hashKey(k)
	if i := d.locate(h); i >= 0 {
		d.vals[i] = v
		return
	}
	d.keys = append(d.keys, k)
	d.vals = append(d.vals, v)
	switch n := len(d.keys); {
	case d.index != nil:
		d.index[h] = n - 1
	case n > smallDict:
		d.index = make(map[any]int, 2*n)
		for i, k := range d.keys {
			d.index[hashKey(k)] = i
		}
	}
}

func (d *Dict) find(k Value) (Value, bool) {
	if i := d.locate(hashKey(k)); i >= 0 {
		return d.vals[i], true
	}
	return nil, false
}

func (d *Dict) locate(h any) int {
	if d.index != nil {
		if i, ok := d.index[h]; ok {
			return i
		}
		return -1
	}
	if hs, ok := h.(string); ok {
		for i, k := range d.keys {
			if ks, ok := k.(Str); ok && ks.s == hs {
				return i
			}
		}
		return -1
	}
	for i, k := range d.keys {
		if _, ok := k.(Str); !ok && hashKey(k) == h {
			return i
		}
	}
	return -1
}

func (d *Dict) copy() *Dict {
	c := &Dict{keys: append([]Value(nil), d.keys...), vals: append([]Value(nil), d.vals...)}
	if d.index != nil {
		c.index = make(map[any]int, len(d.index))
		for k, i := range d.index {
			c.index[k] = i
		}
	}
	return c
}

type (
	bigKey   string
	tupleKey string
	undefKey struct{}
	rangeKey struct{ start, step, n int64 }
)

// hashKey returns a comparable Go value that is equal for equal Python values:
// 1, 1.0 and True are one key. Unhashable values fail.
func hashKey(v Value) any {
	switch v := v.(type) {
	case Str:
		return v.s
	case Bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case Int:
		return int64(v)
	case Float:
		if i := int64(v); v >= -(1<<62) && v <= 1<<62 && Float(i) == v {
			return i
		}
		if f := float64(v); !math.IsNaN(f) && !math.IsInf(f, 0) {
			if b, acc := big.NewFloat(f).Int(nil); acc == big.Exact {
				return bigKey(b.String())
			}
		}
		return float64(v)
	case Big:
		return bigKey(v.v.String())
	case *Tuple:
		return tupleHash(v)
	case *undefined:
		return undefKey{}
	case *rangeValue:
		return rangeKey{v.start, v.step, v.n}
	case *List, *Dict, *dictView:
		throwType("unhashable type: '%s'", typeName(v))
	}
	return v // None, and objects by identity
}

func tupleHash(t *Tuple) any {
	return tupleKey(tupleText(t, 0))
}

// maxKeyBytes bounds the text that stands for a tuple used as a key.
const maxKeyBytes = 1 << 16

func tupleText(t *Tuple, depth int) string {
	if depth > maxNesting {
		throw("RecursionError", "maximum recursion depth exceeded")
	}
	b := []byte{'('}
	for _, x := range t.items {
		if t, ok := x.(*Tuple); ok {
			b = append(b, tupleText(t, depth+1)...)
			continue
		}
		switch h := hashKey(x).(type) {
		case string:
			b = append(b, reprText(Text(h))...)
		case int64:
			b = append(b, reprText(Int(h))...)
		case float64:
			b = append(b, reprText(Float(h))...)
		case bigKey:
			b = append(b, h...)
		case noneType:
			b = append(b, "None"...)
		default:
			b = fmt.Appendf(b, "%T%p", h, h)
		}
		b = append(b, ',')
		if len(b) > maxKeyBytes {
			throwLimit("key of more than %d bytes", maxKeyBytes)
		}
	}
	return string(append(b, ')'))
}
