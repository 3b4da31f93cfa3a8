package bundle

import (
	"context"
	"encoding/hex"
	"hash"
	"io"

	"malmoi/internal/catalog/source"
)

// meter hashes, counts and reports what is read through it, and stops when the
// context does.
type meter struct {
	ctx    context.Context
	r      io.Reader
	sum    hash.Hash
	done   int64
	name   string
	total  int64
	report source.Report
}

func (m *meter) Read(b []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.r.Read(b)
	m.sum.Write(b[:n])
	m.done += int64(n)
	if m.report != nil && n > 0 && m.total > 1<<20 {
		m.report(source.Event{File: m.name, Done: m.done, Total: m.total})
	}
	return n, err
}

// Sum is the SHA-256 of what was read.
func (m *meter) Sum() string { return hex.EncodeToString(m.sum.Sum(nil)) }
