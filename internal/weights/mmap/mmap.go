// Package mmap maps model files into memory, read-only.
//
// It knows nothing of what is in a file. The data of a File is valid until
// Close and safe for concurrent use.
//
// A mapping follows its file: if another process cuts the file short, reading
// the lost pages is a fault that ends the program, and if it overwrites the
// file, the data changes. Programs should therefore replace model files by
// renaming, as malmoi does. Code that reads a mapping for the first time (a
// parser, a loader) runs under Guard, which turns such a fault into an error.
package mmap

import (
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"runtime/debug"
)

// ErrShrunk says that a file became shorter, or unreadable, while it was open.
var ErrShrunk = errors.New("file was cut short or could not be read while it was open")

// File is a mapped file.
type File struct {
	// Data is the content; nil after Close, and for an empty file.
	Data  []byte
	path  string
	unmap func([]byte) error
}

// Open maps the file at path. Only regular files can be mapped.
func Open(path string) (*File, error) {
	// Asked before opening, since opening a pipe waits for its writer.
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() // a mapping outlives its descriptor
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if !info.Mode().IsRegular() || size < 0 || size > math.MaxInt {
		return nil, fmt.Errorf("%s cannot be mapped: %v of %d bytes", path, info.Mode(), size)
	}
	if size == 0 {
		return &File{path: path}, nil
	}
	data, unmap, err := mapFile(f, int(size))
	if err != nil {
		return nil, fmt.Errorf("map %s: %w", path, err)
	}
	return &File{Data: data, path: path, unmap: unmap}, nil
}

// Close removes the mapping; slices of Data must not be used any more.
func (f *File) Close() error {
	data := f.Data
	f.Data = nil
	if data == nil || f.unmap == nil {
		return nil
	}
	return f.unmap(data)
}

// Guard calls read, which may read mapped data on this goroutine, and returns
// its error; a fault because the file shrank becomes an error that wraps
// ErrShrunk. Any other panic goes on.
func Guard(read func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface {
			runtime.Error
			Addr() uintptr // only memory faults have an address
		}:
			err = ErrShrunk
		default:
			panic(r)
		}
	}()
	return read()
}
