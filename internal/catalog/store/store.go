package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNotInstalled says that no manifest of that name is there.
var ErrNotInstalled = errors.New("not installed")

// Store is a data folder. Opening one creates nothing.
type Store struct{ dir string }

// Open returns the store in a folder, which need not exist yet.
func Open(dir string) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %q: %w", dir, err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("data folder %s is a file", abs)
	}
	return &Store{abs}, nil
}

// Dir is the absolute path of the data folder.
func (s *Store) Dir() string { return s.dir }

// BlobPath is where the file with that hash lies, if it is here.
func (s *Store) BlobPath(sum string) string {
	return filepath.Join(s.dir, "blobs", "sha256", sum)
}

func (s *Store) manifestPath(name string) string {
	return filepath.Join(s.dir, "manifests", name+".json")
}

func (s *Store) folderPath(name string) string { return filepath.Join(s.dir, "folders", name) }

// HasBlob reports whether a verified file with that hash is here. Files get
// their place only after they were verified, so presence is enough; Verify
// finds what a disk did to them later.
func (s *Store) HasBlob(sum string) bool {
	_, ok := s.BlobSize(sum)
	return ok
}

// BlobSize is the size of the file with that hash; ok is false if it is not
// here.
func (s *Store) BlobSize(sum string) (n int64, ok bool) {
	info, err := os.Stat(s.BlobPath(sum))
	if sum == "" || err != nil || !info.Mode().IsRegular() {
		return 0, false
	}
	return info.Size(), true
}

// place makes the folders that writing needs.
func (s *Store) place() error {
	for _, dir := range []string{"blobs/sha256", "manifests", "folders", "partial"} {
		if err := os.MkdirAll(filepath.Join(s.dir, filepath.FromSlash(dir)), 0o755); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
	}
	return nil
}

// writeFile puts data at path so that a reader, also one after a power cut,
// sees the old content or the new.
func writeFile(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes renames in a folder survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	// Some file systems cannot sync a folder; they have nothing to promise.
	_ = d.Sync()
	return nil
}
