package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"malmoi/internal/num/quant"
)

// Writer makes a GGUF file of version 3. First the metadata is set and the
// tensors are declared, in file order; then their data is written in the same
// order, in pieces of any size; Close makes the file appear. Until then it has
// a temporary name in the same folder, so that no reader ever sees half a
// file. A Writer is for one goroutine; after an error only Abort makes sense.
type Writer struct {
	path    string
	file    *os.File
	out     *bufio.Writer
	head    []byte // encoded pairs of key and value
	keys    map[string]bool
	align   int
	tensors []tensorInfo
	names   map[string]bool
	started bool
	current int    // tensor being written
	left    uint64 // bytes of it still to come
}

// Create starts the file at path, which it will replace if it exists.
func Create(path string) (*Writer, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.part")
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return &Writer{
		path: path, file: f, out: bufio.NewWriterSize(f, 1<<20),
		keys: map[string]bool{}, names: map[string]bool{}, align: defaultAlign,
	}, nil
}

// Set adds one metadata pair. value is a bool, a string, a sized integer or
// float, or a slice of one of these, and is stored as exactly that type; int is
// refused, since it has no fixed size. The key general.alignment must be a
// uint32 and sets the alignment of tensor data.
func (w *Writer) Set(key string, value any) error {
	if w.started {
		return fmt.Errorf("gguf: key %q: metadata must come before tensor data", key)
	}
	if key == "" || len(key) > maxKeyLen || w.keys[key] || len(w.keys) == maxKeys {
		return fmt.Errorf("gguf: key %q is empty, too long, already set or one too many", key)
	}
	head := appendString(w.head, key)
	head, err := appendValue(head, value)
	if err != nil {
		return fmt.Errorf("gguf: key %q: %w", key, err)
	}
	if key == alignmentKey {
		n, ok := value.(uint32)
		if !ok || n == 0 || n > maxAlignment || n&(n-1) != 0 || len(w.tensors) > 0 {
			return fmt.Errorf("gguf: key %q: %v is not a uint32 power of two of at most %d, set before any tensor", key, value, maxAlignment)
		}
		w.align = int(n)
	}
	w.head = head
	w.keys[key] = true
	return nil
}

// Declare adds a tensor; shape lists the outermost dimension first.
func (w *Writer) Declare(name string, t quant.Type, shape []int) error {
	fail := func(err error) error { return fmt.Errorf("gguf: tensor %q: %w", name, err) }
	if w.started {
		return fail(errors.New("must be declared before any data is written"))
	}
	if name == "" || len(name) > maxNameLen || w.names[name] || len(w.tensors) == maxTensors {
		return fail(errors.New("name is empty, too long or already used, or there are too many tensors"))
	}
	if len(shape) == 0 || len(shape) > maxDims {
		return fail(fmt.Errorf("%d dimensions, possible are 1 to %d", len(shape), maxDims))
	}
	for _, d := range shape {
		if d < 1 || uint64(d) > maxDim {
			return fail(fmt.Errorf("dimension of %d", d))
		}
	}
	info := tensorInfo{name: name, typ: t, shape: append([]int(nil), shape...)}
	if err := info.measure(); err != nil {
		return fail(err)
	}
	if n := len(w.tensors); n > 0 {
		last := w.tensors[n-1]
		info.offset = align(last.offset+last.bytes, w.align)
	}
	if info.offset+info.bytes > 1<<62 {
		return fail(errors.New("file would be too large"))
	}
	w.names[name] = true
	w.tensors = append(w.tensors, info)
	return nil
}

// WriteData writes the next bytes of the named tensor: the first one declared,
// and once that is complete the second, and so on. It may be called many times
// for one tensor.
func (w *Writer) WriteData(name string, data []byte) error {
	if !w.started {
		if err := w.start(); err != nil {
			return err
		}
	}
	if w.left == 0 && w.current+1 < len(w.tensors) {
		w.current++
		w.left = w.tensors[w.current].bytes
	}
	if w.current >= len(w.tensors) || w.tensors[w.current].name != name || uint64(len(data)) > w.left {
		return fmt.Errorf("gguf: tensor %q: %d bytes out of turn or more than it holds", name, len(data))
	}
	if _, err := w.out.Write(data); err != nil {
		return fmt.Errorf("gguf: tensor %q: %w", name, err)
	}
	w.left -= uint64(len(data))
	if w.left == 0 {
		return w.pad(w.tensors[w.current].bytes)
	}
	return nil
}

// start writes everything before the data.
func (w *Writer) start() error {
	w.started = true
	w.current = -1
	head := append([]byte(nil), magic...)
	head = binary.LittleEndian.AppendUint32(head, writeVersion)
	head = binary.LittleEndian.AppendUint64(head, uint64(len(w.tensors)))
	head = binary.LittleEndian.AppendUint64(head, uint64(len(w.keys)))
	head = append(head, w.head...)
	for _, t := range w.tensors {
		head = appendString(head, t.name)
		head = binary.LittleEndian.AppendUint32(head, uint32(len(t.shape)))
		for i := len(t.shape) - 1; i >= 0; i-- { // innermost first
			head = binary.LittleEndian.AppendUint64(head, uint64(t.shape[i]))
		}
		head = binary.LittleEndian.AppendUint32(head, uint32(t.typ))
		head = binary.LittleEndian.AppendUint64(head, t.offset)
	}
	if _, err := w.out.Write(head); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	return w.pad(uint64(len(head)))
}

// pad fills up to the alignment after n bytes.
func (w *Writer) pad(n uint64) error {
	for ; n%uint64(w.align) != 0; n++ {
		if err := w.out.WriteByte(0); err != nil {
			return fmt.Errorf("gguf: %w", err)
		}
	}
	return nil
}

// Close completes the file and gives it its name. If data is missing or the
// disk is full it is an error and no file appears.
func (w *Writer) Close() error {
	err := w.finish()
	if err != nil {
		w.Abort()
	}
	return err
}

func (w *Writer) finish() error {
	if w.file == nil {
		return errors.New("gguf: writer is closed")
	}
	if !w.started {
		if err := w.start(); err != nil {
			return err
		}
	}
	if w.left != 0 || w.current+1 < len(w.tensors) {
		return fmt.Errorf("gguf: %s: data of %d tensors is missing", w.path, len(w.tensors)-max(w.current, 0))
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	if err := w.file.Chmod(0o644); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	if err := w.file.Sync(); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	if err := w.file.Close(); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	if err := os.Rename(w.file.Name(), w.path); err != nil {
		return fmt.Errorf("gguf: %w", err)
	}
	w.file = nil
	return nil
}

// Abort drops the unfinished file; after Close it does nothing.
func (w *Writer) Abort() {
	if w.file == nil {
		return
	}
	w.file.Close() // nothing of it is kept, so its error does not matter
	os.Remove(w.file.Name())
	w.file = nil
}

// align rounds n up to a multiple of a power of two.
func align(n uint64, to int) uint64 { return (n + uint64(to) - 1) &^ (uint64(to) - 1) }
