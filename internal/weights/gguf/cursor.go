package gguf

import (
	"encoding/binary"
	"fmt"
	"io"
)

// cursor reads the fields of a file one after another. No read goes past the
// end, and no count allocates before the bytes for it are known to be there.
type cursor struct {
	data []byte
	pos  int
}

// left is the number of bytes not yet read.
func (c *cursor) left() int { return len(c.data) - c.pos }

// take returns the next n bytes, which stay part of the file.
func (c *cursor) take(n int) ([]byte, error) {
	if n < 0 || n > c.left() {
		return nil, fmt.Errorf("needs %d bytes, the file has %d more: %w", n, c.left(), io.ErrUnexpectedEOF)
	}
	b := c.data[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b, nil
}

func (c *cursor) u32() (uint32, error) {
	b, err := c.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func (c *cursor) u64() (uint64, error) {
	b, err := c.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// count reads a count of things that take at least size bytes each.
func (c *cursor) count(what string, size, limit int) (int, error) {
	n, err := c.u64()
	if err != nil {
		return 0, err
	}
	if n > uint64(limit) {
		return 0, fmt.Errorf("%d %s, the limit is %d", n, what, limit)
	}
	if n > uint64(c.left()/size) {
		return 0, fmt.Errorf("%d %s need at least %d bytes each, the file has %d more: %w", n, what, size, c.left(), io.ErrUnexpectedEOF)
	}
	return int(n), nil
}

// bytes reads a string's length and returns its bytes, which stay part of the
// file.
func (c *cursor) bytes(limit int) ([]byte, error) {
	n, err := c.count("bytes of text", 1, limit)
	if err != nil {
		return nil, err
	}
	return c.take(n)
}
