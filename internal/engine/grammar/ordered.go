package grammar

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
)

// ordered is a JSON object whose keys keep their order. Other values are
// those of encoding/json with numbers as text.
type ordered struct {
	keys []string
	vals map[string]any
}

func (o *ordered) has(key string) bool { _, ok := o.vals[key]; return ok }

func (o *ordered) get(key string) any { return o.vals[key] }

func (o *ordered) set(key string, v any) {
	if !o.has(key) {
		o.keys = append(o.keys, key)
	}
	o.vals[key] = v
}

func newOrdered() *ordered { return &ordered{vals: map[string]any{}} }

// without is a copy that lacks one key.
func (o *ordered) without(key string) *ordered {
	out := newOrdered()
	for _, k := range o.keys {
		if k != key {
			out.set(k, o.vals[k])
		}
	}
	return out
}

// parseOrdered reads one JSON value.
func parseOrdered(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('{'):
		o := newOrdered()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			o.set(k.(string), v) // the decoder admits strings only here
		}
		_, err := d.Token()
		return o, err
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return t, nil
}

// merge joins two schemas that must both hold, where that is a matter of
// putting their keywords together.
func merge(a, b any) (any, error) {
	if a == true {
		return b, nil
	}
	if b == true {
		return a, nil
	}
	x, okX := a.(*ordered)
	y, okY := b.(*ordered)
	if !okX || !okY {
		return nil, errors.New("cannot be joined with what stands beside it")
	}
	out := newOrdered()
	for _, k := range x.keys {
		out.set(k, x.vals[k])
	}
	for _, k := range y.keys {
		v := y.vals[k]
		if !out.has(k) || annotations[k] {
			out.set(k, v)
			continue
		}
		joined, err := mergeKeyword(k, out.vals[k], v)
		if err != nil {
			return nil, err
		}
		out.set(k, joined)
	}
	return out, nil
}

func mergeKeyword(key string, a, b any) (any, error) {
	if reflect.DeepEqual(a, b) {
		return a, nil
	}
	switch key {
	case "required":
		x, _ := a.([]any)
		y, _ := b.([]any)
		return append(append([]any{}, x...), y...), nil
	case "properties":
		x, okX := a.(*ordered)
		y, okY := b.(*ordered)
		if !okX || !okY {
			return nil, errors.New("properties is not an object")
		}
		out := newOrdered()
		for _, k := range x.keys {
			out.set(k, x.vals[k])
		}
		for _, k := range y.keys {
			v := y.vals[k]
			if out.has(k) {
				both, err := merge(out.vals[k], v)
				if err != nil {
					return nil, err
				}
				v = both
			}
			out.set(k, v)
		}
		return out, nil
	}
	return nil, fmt.Errorf("keyword %q stands on both sides with different values", key)
}
