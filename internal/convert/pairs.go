package convert

import "malmoi/internal/weights/gguf"

// pairs is metadata in the order it will be written. It has the getters that
// readers of GGUF use, so that what it says can be tried before it is written.
type pairs struct {
	keys   []string
	values map[string]any
}

func newPairs() *pairs { return &pairs{values: map[string]any{}} }

func (p *pairs) set(key string, value any) {
	if _, ok := p.values[key]; !ok {
		p.keys = append(p.keys, key)
	}
	p.values[key] = value
}

func (p *pairs) writeTo(w *gguf.Writer) error {
	for _, key := range p.keys {
		if err := w.Set(key, p.values[key]); err != nil {
			return err
		}
	}
	return nil
}

// String returns a text value.
func (p *pairs) String(key string) (string, bool) { v, ok := p.values[key].(string); return v, ok }

// Int returns a count or id.
func (p *pairs) Int(key string) (int64, bool) { v, ok := p.values[key].(uint32); return int64(v), ok }

// Bool returns a flag.
func (p *pairs) Bool(key string) (value, ok bool) { value, ok = p.values[key].(bool); return value, ok }

// Strings returns a list of texts.
func (p *pairs) Strings(key string) ([]string, bool) { v, ok := p.values[key].([]string); return v, ok }

// Floats returns a list of numbers.
func (p *pairs) Floats(key string) ([]float32, bool) {
	v, ok := p.values[key].([]float32)
	return v, ok
}

// Ints returns a list of whole numbers.
func (p *pairs) Ints(key string) ([]int64, bool) {
	v, ok := p.values[key].([]int32)
	if !ok {
		return nil, false
	}
	out := make([]int64, len(v))
	for i, n := range v {
		out[i] = int64(n)
	}
	return out, true
}
