package money

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"malmoi/internal/skill/fresh"
)

// ReadFile reads the table in a file, and returns the text it was read from too.
func ReadFile(path string) (text []byte, t *Table, err error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("money: %w", err)
	}
	defer in.Close()
	if text, err = io.ReadAll(io.LimitReader(in, MaxFile+1)); err != nil {
		return nil, nil, fmt.Errorf("money: %w", err)
	}
	if t, err = Parse(string(text)); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return text, t, nil
}

// File is the table of a file that an administrator may put down, change and
// take away while the program runs. It is safe for concurrent use.
type File struct {
	path  string
	watch *fresh.Watch
	log   *slog.Logger

	mu    sync.Mutex
	table *Table
}

// Open reads the table at path; where there is no file it is the program's
// own. now and log may be nil.
func Open(path string, now func() time.Time, log *slog.Logger) (*File, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &File{path: path, watch: fresh.New(path, now), log: log}
	t, err := f.read()
	f.table = t
	return f, err
}

func (f *File) read() (*Table, error) {
	_, t, err := ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Reference(), nil
	}
	return t, err
}

// Table is the newest table that could be read. A file that became bad is
// logged once, and the table before it stays.
func (f *File) Table() *Table {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.watch.Changed() {
		t, err := f.read()
		if err != nil {
			f.log.Error("the new table of rates is not used", "error", err)
			return f.table
		}
		f.table = t
		f.log.Info("a table of rates was read", "newest", t.Newest().Format(time.DateOnly), "currencies", len(t.List()))
	}
	return f.table
}
