//go:build unix

package mmap

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file that is cut while it is mapped must end in an error, not in the end
// of the program.
func TestGuardShrunk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	sum := 0
	err = Guard(func() error {
		for _, b := range f.Data {
			sum += int(b)
		}
		return nil
	})
	if !errors.Is(err, ErrShrunk) {
		t.Errorf("error is %v", err)
	}
}
