package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"malmoi/internal/num/quant"
)

const (
	maxHeader = 100 << 20 // bytes, as the format's own library has it
	maxDims   = 16
	// Far more than any model has; a header can claim an empty tensor in fifty
	// bytes.
	maxTensors  = 1 << 18
	maxMetadata = 1 << 16
)

// dtype is an element type: its size in bytes, and the type under which malmoi
// reads it, if it does.
type dtype struct {
	size     int
	typ      quant.Type
	readable bool
}

var dtypes = map[string]dtype{
	"F32":  {4, quant.F32, true},
	"F16":  {2, quant.F16, true},
	"BF16": {2, quant.BF16, true},
	"F64":  {size: 8}, "I64": {size: 8}, "U64": {size: 8}, "C64": {size: 8},
	"I32": {size: 4}, "U32": {size: 4}, "I16": {size: 2}, "U16": {size: 2},
	"I8": {size: 1}, "U8": {size: 1}, "BOOL": {size: 1},
	"F8_E4M3": {size: 1}, "F8_E5M2": {size: 1}, "F8_E8M0": {size: 1},
}

// entry is one tensor of the header; begin and end count from the data's start.
type entry struct {
	name       string
	dtype      string
	shape      []int
	begin, end uint64
}

// FormatError says which file is bad and in which field, and wraps the reason.
type FormatError struct {
	Path   string
	Offset int64  // in the file, where it is known; -1 otherwise
	Field  string // such as `tensor "model.norm.weight"`
	Err    error
}

func (e *FormatError) Error() string {
	if e.Offset < 0 {
		return fmt.Sprintf("safetensors: %s: %s: %v", e.Path, e.Field, e.Err)
	}
	return fmt.Sprintf("safetensors: %s: %s at byte %d: %v", e.Path, e.Field, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *FormatError) Unwrap() error { return e.Err }

// readHeader returns the tensors in the order of their data, the metadata, and
// the bytes of the data.
func readHeader(path string, file []byte) (entries []entry, meta map[string]string, data []byte, err error) {
	fail := func(offset int, field string, err error) error {
		return &FormatError{Path: path, Offset: int64(offset), Field: field, Err: err}
	}
	if len(file) < 8 {
		return nil, nil, nil, fail(0, "header length", fmt.Errorf("the file has only %d bytes: %w", len(file), io.ErrUnexpectedEOF))
	}
	n := binary.LittleEndian.Uint64(file)
	if n > maxHeader {
		return nil, nil, nil, fail(0, "header length", fmt.Errorf("%d bytes, the limit is %d; not a safetensors file?", n, maxHeader))
	}
	if n > uint64(len(file)-8) {
		return nil, nil, nil, fail(0, "header length", fmt.Errorf("%d bytes, the file has %d more; it is cut short or damaged: %w", n, len(file)-8, io.ErrUnexpectedEOF))
	}
	header, data := file[8:8+n], file[8+n:]
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, nil, fail(8, "header", errors.New("does not start with {; not a safetensors file?"))
	}
	if !utf8.Valid(header) {
		return nil, nil, nil, fail(8, "header", errors.New("is not UTF-8"))
	}
	p := parser{dec: json.NewDecoder(bytes.NewReader(header)), meta: map[string]string{}}
	p.dec.UseNumber()
	if err := p.header(); err != nil {
		return nil, nil, nil, fail(8+int(p.dec.InputOffset()), p.field(), err)
	}
	for i := range p.entries {
		e := &p.entries[i]
		if err := e.check(); err != nil {
			return nil, nil, nil, fail(-1, fmt.Sprintf("tensor %q", e.name), err)
		}
	}
	if name, err := arrange(p.entries, uint64(len(data))); err != nil {
		return nil, nil, nil, fail(-1, fmt.Sprintf("tensor %q", name), err)
	}
	return p.entries, p.meta, data, nil
}

// check holds the tensor's size against its shape and type.
func (e *entry) check() error {
	d, ok := dtypes[e.dtype]
	if !ok {
		return fmt.Errorf("type %q is not known", e.dtype)
	}
	want := uint64(d.size)
	for _, n := range e.shape {
		high, low := bits.Mul64(want, uint64(n))
		if high != 0 || low > 1<<62 {
			return fmt.Errorf("shape %v is too large", e.shape)
		}
		want = low
	}
	if e.begin > e.end || e.end-e.begin != want {
		return fmt.Errorf("data_offsets [%d, %d] do not hold %d bytes of %s %v", e.begin, e.end, want, e.dtype, e.shape)
	}
	return nil
}

// arrange sorts the tensors by position and checks that they fill the data,
// each beginning where the one before ends. It names the tensor at fault.
func arrange(entries []entry, size uint64) (string, error) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	var at uint64
	for _, e := range entries {
		if e.end > size {
			return e.name, fmt.Errorf("data ends at %d, past the end of the file's data at %d; the file is cut short or damaged: %w", e.end, size, io.ErrUnexpectedEOF)
		}
		if e.begin < at {
			return e.name, fmt.Errorf("data at %d overlaps that of the tensor before, which ends at %d", e.begin, at)
		}
		if e.begin > at {
			return e.name, fmt.Errorf("data at %d leaves a hole after %d", e.begin, at)
		}
		at = e.end
	}
	if at != size {
		name := ""
		if len(entries) > 0 {
			name = entries[len(entries)-1].name
		}
		return name, fmt.Errorf("%d bytes after the last tensor belong to none", size-at)
	}
	return "", nil
}

// parser reads the header token by token: a struct decoder would take names in
// any letter case, repeated keys and unknown fields.
type parser struct {
	dec     *json.Decoder
	entries []entry
	meta    map[string]string
	current string // the tensor being read, for messages
}

func (p *parser) field() string {
	if p.current == "" {
		return "header"
	}
	return fmt.Sprintf("tensor %q", p.current)
}

func (p *parser) header() error {
	seen := map[string]bool{}
	err := p.object(func(name string) error {
		if seen[name] {
			return fmt.Errorf("%q is given twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			return p.object(func(key string) error {
				v, err := p.text()
				if p.meta[key] = v; len(p.meta) > maxMetadata {
					return fmt.Errorf("more than %d entries of metadata", maxMetadata)
				}
				return err
			})
		}
		if len(p.entries) == maxTensors {
			return fmt.Errorf("more than %d tensors", maxTensors)
		}
		p.current = name
		e, err := p.entry(name)
		if err != nil {
			return err
		}
		p.current = ""
		p.entries = append(p.entries, e)
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return errors.New("something follows the closing }")
	}
	return nil
}

func (p *parser) entry(name string) (entry, error) {
	e := entry{name: name}
	var seen int
	once := func(bit int) error {
		if seen&bit != 0 {
			return errors.New("a field is given twice")
		}
		seen |= bit
		return nil
	}
	err := p.object(func(key string) (err error) {
		switch key {
		case "dtype":
			if err := once(1); err != nil {
				return err
			}
			e.dtype, err = p.text()
			return err
		case "shape":
			if err := once(2); err != nil {
				return err
			}
			numbers, err := p.numbers(maxDims)
			for _, n := range numbers {
				e.shape = append(e.shape, int(n))
			}
			return err
		case "data_offsets":
			if err := once(4); err != nil {
				return err
			}
			numbers, err := p.numbers(2)
			if err == nil && len(numbers) != 2 {
				err = fmt.Errorf("data_offsets has %d numbers, want 2", len(numbers))
			}
			if err == nil {
				e.begin, e.end = numbers[0], numbers[1]
			}
			return err
		}
		return fmt.Errorf("unknown field %q", key)
	})
	if err == nil && seen != 7 {
		err = errors.New("dtype, shape or data_offsets is missing")
	}
	return e, err
}

// object calls member for each key; member must read the value.
func (p *parser) object(member func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.dec.More() {
		key, err := p.text()
		if err != nil {
			return err
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return p.delim('}')
}

func (p *parser) delim(want json.Delim) error {
	t, err := p.token()
	if err != nil {
		return err
	}
	if t != want {
		return fmt.Errorf("%v instead of %v", t, want)
	}
	return nil
}

func (p *parser) text() (string, error) {
	t, err := p.token()
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", fmt.Errorf("%v instead of text", t)
	}
	return s, nil
}

// numbers reads an array of whole numbers below 2^62, so that they fit an int
// on 64-bit machines; larger ones could not be in a file anyhow.
func (p *parser) numbers(limit int) ([]uint64, error) {
	if err := p.delim('['); err != nil {
		return nil, err
	}
	var out []uint64
	for p.dec.More() {
		t, err := p.token()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%v instead of a number", t)
		}
		v, err := strconv.ParseUint(n.String(), 10, strconv.IntSize-2)
		if err != nil {
			return nil, fmt.Errorf("%v is not a possible size or offset", n)
		}
		if out = append(out, v); len(out) > limit {
			return nil, fmt.Errorf("more than %d numbers", limit)
		}
	}
	return out, p.delim(']')
}

func (p *parser) token() (json.Token, error) {
	t, err := p.dec.Token()
	if err == io.EOF {
		err = fmt.Errorf("header ends early: %w", io.ErrUnexpectedEOF)
	}
	return t, err
}
