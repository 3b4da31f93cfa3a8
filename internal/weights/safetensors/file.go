package safetensors

import (
	"errors"
	"fmt"

	"malmoi/internal/num/quant"
	"malmoi/internal/weights"
	"malmoi/internal/weights/mmap"
)

// File is one open safetensors file. It implements weights.Source.
type File struct {
	path    string
	mapping *mmap.File
	bytes   int64
	names   []string
	tensors map[string]weights.Tensor
	dtypes  map[string]string
	meta    map[string]string
}

var _ weights.Source = (*File)(nil)

// Open maps the file at path and checks all of it but the values. Errors in
// the content are of type *FormatError.
func Open(path string) (*File, error) {
	m, err := mmap.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f := &File{
		path: path, mapping: m, bytes: int64(len(m.Data)),
		tensors: map[string]weights.Tensor{}, dtypes: map[string]string{},
	}
	if err := mmap.Guard(f.read); err != nil {
		f.Close()
		var bad *FormatError
		if !errors.As(err, &bad) {
			err = fmt.Errorf("safetensors: %s: %w", path, err)
		}
		return nil, err
	}
	return f, nil
}

func (f *File) read() error {
	entries, meta, data, err := readHeader(f.path, f.mapping.Data)
	if err != nil {
		return err
	}
	f.meta = meta
	for _, e := range entries {
		f.dtypes[e.name] = e.dtype
		d := dtypes[e.dtype]
		if !d.readable {
			continue
		}
		f.names = append(f.names, e.name)
		f.tensors[e.name] = e.view(d.typ, data)
	}
	return nil
}

// view is the tensor as others see it. A scalar has the shape [1].
func (e entry) view(t quant.Type, data []byte) weights.Tensor {
	shape := e.shape
	if len(shape) == 0 {
		shape = []int{1}
	}
	return weights.Tensor{Name: e.name, Type: t, Shape: shape, Data: data[e.begin:e.end:e.end]}
}

// Format returns "safetensors".
func (f *File) Format() string { return "safetensors" }

// Names lists the tensors that malmoi can read, in the order of their data:
// those of type F32, F16 and BF16. Others, such as stored position numbers, are
// checked and left out; DType tells about them.
func (f *File) Names() []string { return f.names }

// Tensor returns the named tensor. Its data is mapped and read-only.
func (f *File) Tensor(name string) (weights.Tensor, bool) {
	t, ok := f.tensors[name]
	return t, ok
}

// DType returns the element type of any tensor of the file, readable or not, as
// the file spells it.
func (f *File) DType(name string) (string, bool) {
	d, ok := f.dtypes[name]
	return d, ok
}

// Metadata returns an entry of the header's __metadata__.
func (f *File) Metadata(key string) (string, bool) {
	v, ok := f.meta[key]
	return v, ok
}

// Bytes is the size of the file.
func (f *File) Bytes() int64 { return f.bytes }

// Close unmaps the file; data of its tensors must not be used any more.
func (f *File) Close() error {
	f.tensors = nil
	return f.mapping.Close()
}
