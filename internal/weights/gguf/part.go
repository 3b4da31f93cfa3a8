package gguf

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
)

// part is what one file says. Positions are kept for messages.
type part struct {
	path    string
	cursor  cursor
	version uint32
	keys    []string
	meta    map[string]value
	keyPos  map[string]int
	align   int
	tensors []tensorInfo
}

// tensorInfo describes a tensor; offset and bytes count from the data's start.
type tensorInfo struct {
	name   string
	typ    quant.Type
	shape  []int // outermost first
	offset uint64
	bytes  uint64
	pos    int // of the description in the file
}

// fail wraps a reason with the place of the field that is being read.
func (p *part) fail(pos int, field string, err error) error {
	return &FormatError{Path: p.path, Offset: int64(pos), Field: field, Err: err}
}

// readPart reads the head of a file and checks that its tensors lie in it.
func readPart(path string, data []byte) (*part, error) {
	p := &part{path: path, cursor: cursor{data: data}, meta: map[string]value{}, keyPos: map[string]int{}}
	tensors, keys, err := p.header()
	if err != nil {
		return nil, err
	}
	for i := range keys {
		if err := p.pair(i); err != nil {
			return nil, err
		}
	}
	if err := p.alignment(); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for i := range tensors {
		if err := p.tensor(i, names); err != nil {
			return nil, err
		}
	}
	return p, p.place()
}

func (p *part) header() (tensors, keys int, err error) {
	c := &p.cursor
	b, err := c.take(len(magic))
	if err != nil {
		return 0, 0, p.fail(0, "magic", err)
	}
	if string(b) != magic {
		return 0, 0, p.fail(0, "magic", fmt.Errorf("%q instead of %q: not a GGUF file", b, magic))
	}
	if p.version, err = c.u32(); err != nil {
		return 0, 0, p.fail(4, "version", err)
	}
	switch v := p.version; {
	case v == 2 || v == 3:
	case v != 0 && bits.ReverseBytes32(v) <= 3:
		return 0, 0, p.fail(4, "version", errors.New("the file is big endian; get the little endian one"))
	default:
		return 0, 0, p.fail(4, "version", fmt.Errorf("version %d is not supported, only 2 and 3", v))
	}
	// The shortest description of a tensor has an empty name and no dimension,
	// the shortest pair an empty key and one byte.
	if tensors, err = c.count("tensors", 24, maxTensors); err != nil {
		return 0, 0, p.fail(8, "tensor count", err)
	}
	if keys, err = c.count("metadata keys", 13, maxKeys); err != nil {
		return 0, 0, p.fail(16, "key count", err)
	}
	return tensors, keys, nil
}

// pair reads the i-th key and its value.
func (p *part) pair(i int) error {
	pos := p.cursor.pos
	b, err := p.cursor.bytes(maxKeyLen)
	if err != nil {
		return p.fail(pos, fmt.Sprintf("key %d", i), err)
	}
	key := string(b)
	if key == "" {
		return p.fail(pos, fmt.Sprintf("key %d", i), errors.New("empty key"))
	}
	field := fmt.Sprintf("key %q", key)
	if first, ok := p.keyPos[key]; ok {
		return p.fail(pos, field, fmt.Errorf("already given at byte %d", first))
	}
	v, err := p.cursor.value()
	if err != nil {
		return p.fail(pos, field, err)
	}
	p.keys = append(p.keys, key)
	p.meta[key], p.keyPos[key] = v, pos
	return nil
}

func (p *part) alignment() error {
	p.align = defaultAlign
	v, ok := p.meta[alignmentKey]
	if !ok {
		return nil
	}
	n, ok := asInt(v.kind, v.bits)
	if !ok || n < 1 || n > maxAlignment || n&(n-1) != 0 {
		return p.fail(p.keyPos[alignmentKey], alignmentKey, fmt.Errorf("alignment must be a power of two of at most %d", maxAlignment))
	}
	p.align = int(n)
	return nil
}

// tensor reads the i-th description.
func (p *part) tensor(i int, names map[string]bool) error {
	c := &p.cursor
	pos := c.pos
	b, err := c.bytes(maxNameLen)
	if err != nil {
		return p.fail(pos, fmt.Sprintf("name of tensor %d", i), err)
	}
	t := tensorInfo{name: string(b), pos: pos}
	field := fmt.Sprintf("tensor %q", t.name)
	if t.name == "" {
		return p.fail(pos, fmt.Sprintf("tensor %d", i), errors.New("empty name"))
	}
	if names[t.name] {
		return p.fail(pos, field, errors.New("name already used by another tensor"))
	}
	names[t.name] = true
	if err := c.shape(&t); err != nil {
		return p.fail(pos, field, err)
	}
	typ, err := c.u32()
	if err != nil {
		return p.fail(pos, field, err)
	}
	t.typ = quant.Type(typ)
	if err := t.measure(); err != nil {
		return p.fail(pos, field, err)
	}
	if t.offset, err = c.u64(); err != nil {
		return p.fail(pos, field, err)
	}
	p.tensors = append(p.tensors, t)
	return nil
}

// shape reads the dimensions; the file has the innermost first.
func (c *cursor) shape(t *tensorInfo) error {
	dims, err := c.u32()
	if err != nil {
		return err
	}
	if dims > maxDims {
		return fmt.Errorf("%d dimensions, at most %d are possible", dims, maxDims)
	}
	for range dims {
		d, err := c.u64()
		if err != nil {
			return err
		}
		if d == 0 || d > maxDim {
			return fmt.Errorf("dimension of %d", d)
		}
		t.shape = append(t.shape, int(d))
	}
	if dims == 0 { // a scalar
		t.shape = []int{1}
	}
	slices.Reverse(t.shape)
	return nil
}

// measure computes the tensor's bytes, refusing what overflows.
func (t *tensorInfo) measure() error {
	if !t.typ.Known() {
		return fmt.Errorf("type %s is not one malmoi reads", typeName(t.typ))
	}
	row := t.shape[len(t.shape)-1]
	rowBytes, err := t.typ.RowBytes(row)
	if err != nil {
		return err
	}
	total := uint64(rowBytes)
	for _, d := range t.shape[:len(t.shape)-1] {
		high, low := bits.Mul64(total, uint64(d))
		if high != 0 || low > 1<<62 {
			return fmt.Errorf("shape %v is too large", t.shape)
		}
		total = low
	}
	t.bytes = total
	return nil
}

// place checks that every tensor lies within the file and none over another,
// and turns offsets into positions in the file.
func (p *part) place() error {
	start := align(uint64(p.cursor.pos), p.align)
	size := uint64(len(p.cursor.data))
	for i := range p.tensors {
		t := &p.tensors[i]
		field := fmt.Sprintf("tensor %q", t.name)
		if t.offset%uint64(p.align) != 0 {
			return p.fail(t.pos, field, fmt.Errorf("offset %d is not a multiple of the alignment %d", t.offset, p.align))
		}
		begin, carry := bits.Add64(start, t.offset, 0)
		end, carry2 := bits.Add64(begin, t.bytes, 0)
		if carry|carry2 != 0 || end > size {
			return p.fail(t.pos, field, fmt.Errorf("offset %d and %d bytes of data go past the end of the file at %d; the file is cut short or damaged",
				t.offset, t.bytes, size))
		}
		t.offset = begin
	}
	order := make([]*tensorInfo, len(p.tensors))
	for i := range p.tensors {
		order[i] = &p.tensors[i]
	}
	slices.SortFunc(order, func(a, b *tensorInfo) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(order); i++ {
		if a, b := order[i-1], order[i]; a.offset+a.bytes > b.offset {
			return p.fail(b.pos, fmt.Sprintf("tensor %q", b.name), fmt.Errorf("its data overlaps that of %q", a.name))
		}
	}
	return nil
}

// view is the tensor as others see it, its data still in the mapping.
func (p *part) view(t tensorInfo) weights.Tensor {
	end := t.offset + t.bytes
	return weights.Tensor{Name: t.name, Type: t.typ, Shape: t.shape, Data: p.cursor.data[t.offset:end:end]}
}
