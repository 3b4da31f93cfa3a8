package gguf

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"malmoi/internal/num/mem"
	"malmoi/internal/weights"
	"malmoi/internal/weights/mmap"
)

// File is an open GGUF model, of one file or of several parts. It implements
// weights.Source.
type File struct {
	path  string
	files []*mmap.File
	keys  []string
	meta  map[string]value
	names []string
	index map[string]weights.Tensor
	bytes int64
	heads [][]byte // metadata and descriptions of tensors, of each file
}

var _ weights.Source = (*File)(nil)

// Open maps the file at path and checks all of it but the values of its
// tensors. If the file says that it is the first part of several, the others,
// named NAME-0000N-of-0000M.gguf beside it, are opened too. Errors in the
// content are of type *FormatError.
func Open(path string) (*File, error) {
	f := &File{path: path, index: map[string]weights.Tensor{}}
	err := mmap.Guard(f.open)
	if err != nil {
		f.Close()
		var bad *FormatError
		if !errors.As(err, &bad) {
			err = fmt.Errorf("gguf: %w", err)
		}
		return nil, err
	}
	return f, nil
}

func (f *File) open() error {
	first, err := f.mapPart(f.path)
	if err != nil {
		return err
	}
	if err := f.take(first); err != nil {
		return err
	}
	f.keys, f.meta = first.keys, first.meta
	count, err := first.split()
	if err != nil {
		return err
	}
	if no, ok := f.Int(splitNoKey); ok && no != 0 && count > 1 {
		return first.fail(first.keyPos[splitNoKey], splitNoKey,
			fmt.Errorf("this is part %d of %d; open the first part instead", no+1, count))
	}
	for no := 1; no < count; no++ {
		path, err := partPath(f.path, no, count)
		if err != nil {
			return first.fail(first.keyPos[splitCountKey], splitCountKey, err)
		}
		p, err := f.mapPart(path)
		if err != nil {
			return err
		}
		if err := p.isPart(no, count); err != nil {
			return err
		}
		if err := f.take(p); err != nil {
			return err
		}
	}
	if n, ok := f.Int(splitTensorKey); ok && count > 1 && n != int64(len(f.names)) {
		return first.fail(first.keyPos[splitTensorKey], splitTensorKey, fmt.Errorf("%d tensors promised, the parts have %d", n, len(f.names)))
	}
	return nil
}

// mapPart maps and reads one file.
func (f *File) mapPart(path string) (*part, error) {
	m, err := mmap.Open(path)
	if err != nil {
		return nil, err
	}
	f.files = append(f.files, m)
	f.bytes += int64(len(m.Data))
	p, err := readPart(path, m.Data)
	if err != nil {
		return nil, err
	}
	f.heads = append(f.heads, m.Data[:p.cursor.pos])
	return p, nil
}

// take adds the tensors of a part.
func (f *File) take(p *part) error {
	for _, t := range p.tensors {
		if _, ok := f.index[t.name]; ok {
			return p.fail(t.pos, fmt.Sprintf("tensor %q", t.name), errors.New("an earlier part has it too"))
		}
		f.names = append(f.names, t.name)
		f.index[t.name] = p.view(t)
	}
	return nil
}

// split returns the number of parts that the file says it is of; 1 if it says
// nothing.
func (p *part) split() (int, error) {
	v, ok := p.meta[splitCountKey]
	if !ok {
		return 1, nil
	}
	n, ok := asInt(v.kind, v.bits)
	if !ok || n < 0 || n > 99999 { // five digits in file names
		return 0, p.fail(p.keyPos[splitCountKey], splitCountKey, errors.New("not a possible number of parts"))
	}
	return max(int(n), 1), nil
}

// isPart checks that a file is the one that its name says.
func (p *part) isPart(no, count int) error {
	n, err := p.split()
	if err != nil {
		return err
	}
	v, ok := p.meta[splitNoKey]
	at, isInt := asInt(v.kind, v.bits)
	if n != count || !ok || !isInt || at != int64(no) {
		return p.fail(p.keyPos[splitNoKey], splitNoKey, fmt.Errorf("the file does not say that it is part %d of %d", no+1, count))
	}
	return nil
}

// partPath returns the name of part no (from 0), given that of the first.
func partPath(first string, no, count int) (string, error) {
	suffix := partSuffix(0, count)
	base := filepath.Base(first)
	if !strings.HasSuffix(base, suffix) {
		return "", fmt.Errorf("this is the first of %d parts, but its name does not end in %s", count, suffix)
	}
	return first[:len(first)-len(suffix)] + partSuffix(no, count), nil
}

func partSuffix(no, count int) string { return fmt.Sprintf("-%05d-of-%05d.gguf", no+1, count) }

// Format returns "gguf".
func (f *File) Format() string { return "gguf" }

// Names lists the tensors in file order.
func (f *File) Names() []string { return f.names }

// Tensor returns the named tensor. Its data is mapped and read-only.
func (f *File) Tensor(name string) (weights.Tensor, bool) {
	t, ok := f.index[name]
	return t, ok
}

// Bytes is the size of all parts.
func (f *File) Bytes() int64 { return f.bytes }

// Path is the path that was opened.
func (f *File) Path() string { return f.path }

// DropHead tells the system that the metadata is not needed for now. What is
// asked later is read again.
func (f *File) DropHead() {
	for _, h := range f.heads {
		mem.DropPages(h)
	}
}

// Close unmaps the file. Data of its tensors must not be used any more; of the
// metadata the arrays are gone.
func (f *File) Close() error {
	maps.DeleteFunc(f.meta, func(_ string, v value) bool { return v.kind == kindArray })
	f.heads = nil
	var errs []error
	for _, m := range f.files {
		errs = append(errs, m.Close())
	}
	f.files, f.index = nil, nil
	return errors.Join(errs...)
}
