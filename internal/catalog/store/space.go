package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// SpaceError says that the disk cannot hold what is wanted.
type SpaceError struct {
	Dir        string
	Need, Free int64 // bytes
}

func (e *SpaceError) Error() string {
	return fmt.Sprintf("data folder %s: disk is too full: %d bytes needed, %d free", e.Dir, e.Need, e.Free)
}

// CheckSpace returns a *SpaceError if the disk has less than need bytes free.
func (s *Store) CheckSpace(need int64) error {
	free, err := s.Free()
	if err != nil {
		return fmt.Errorf("data folder: cannot ask for free space: %w", err)
	}
	if need > free {
		return &SpaceError{s.dir, need, free}
	}
	return nil
}

// Free is how many bytes can still be written.
func (s *Store) Free() (int64, error) {
	dir := s.dir
	for {
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			return freeBytes(dir)
		}
		dir = filepath.Dir(dir)
	}
}

// Full turns an error that means "disk full" into a *SpaceError that says how
// much was still to be written, and returns every other error as it is.
func (s *Store) Full(err error, need int64) error {
	if err == nil || !isFull(err) {
		return err
	}
	free, _ := s.Free()
	return &SpaceError{s.dir, need, free}
}
