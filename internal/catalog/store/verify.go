package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"malmoi/internal/catalog"
)

// Verify reads every byte of a model and reports the first file that is not
// what the manifest says. read is told of bytes as they are read; it may be nil.
func (s *Store) Verify(ctx context.Context, m Manifest, read func(n int)) error {
	for _, f := range m.Files {
		path := s.FilePath(m, f)
		got, err := HashFile(ctx, path, read)
		if err != nil {
			return fmt.Errorf("model %q: file %q: %w", m.Name, f.Name, err)
		}
		if got.Bytes != f.Bytes {
			return fmt.Errorf("model %q: file %q: %s has %d bytes, expected %d", m.Name, f.Name, path, got.Bytes, f.Bytes)
		}
		if got.SHA256 != f.SHA256 {
			return fmt.Errorf("model %q: file %q: %w: %s has %s, expected %s", m.Name, f.Name, ErrWrongHash, path, got.SHA256, f.SHA256)
		}
		if m.External == "" && m.needsFolder() {
			link := filepath.Join(s.folderPath(m.Name), filepath.FromSlash(f.Name))
			if _, err := os.Stat(link); err != nil {
				return fmt.Errorf("model %q: file %q: %w", m.Name, f.Name, err)
			}
		}
	}
	return nil
}

// FilePath is where one file of a model lies.
func (s *Store) FilePath(m Manifest, f catalog.File) string {
	if m.External == "" {
		return s.BlobPath(f.SHA256)
	}
	if len(m.Files) == 1 && m.Format == catalog.GGUF {
		return m.External
	}
	if info, err := os.Stat(m.External); err == nil && info.IsDir() {
		return filepath.Join(m.External, filepath.FromSlash(f.Name))
	}
	return filepath.Join(filepath.Dir(m.External), filepath.FromSlash(f.Name))
}

// HashFile measures a file: its base name, size and SHA-256. read is told of
// bytes as they are read; it may be nil.
func HashFile(ctx context.Context, path string, read func(n int)) (catalog.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return catalog.File{}, err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	var size int64
	for {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		size += int64(n)
		if read != nil {
			read(n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return catalog.File{}, err
		}
		if err := ctx.Err(); err != nil {
			return catalog.File{}, err
		}
	}
	return catalog.File{Name: filepath.Base(path), Bytes: size, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}
