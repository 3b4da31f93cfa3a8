package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"malmoi/internal/catalog"
)

// Install makes a model visible whose files are all in the store. An installed
// model of the same name is replaced, and those of its files that nothing names then
// are removed. The caller holds the lock.
func (s *Store) Install(m Manifest, now time.Time) error {
	m.Version = manifestVersion
	m.Sources = nil
	m.Bytes = m.Size()
	if m.Installed.IsZero() {
		m.Installed = now.UTC().Truncate(time.Second)
	}
	if err := m.check(); err != nil {
		return err
	}
	if m.External == "" {
		for _, f := range m.Files {
			info, err := os.Stat(s.BlobPath(f.SHA256))
			if err != nil || info.Size() != f.Bytes {
				return fmt.Errorf("model %q: file %q is not in the store with its %d bytes", m.Name, f.Name, f.Bytes)
			}
		}
		if err := s.assemble(m); err != nil {
			return fmt.Errorf("model %q: %w", m.Name, err)
		}
	}
	data, err := m.Encode()
	if err != nil {
		return err
	}
	old, _ := s.Manifest(m.Name)
	if err := writeFile(s.manifestPath(m.Name), data); err != nil {
		return fmt.Errorf("model %q: %w", m.Name, err)
	}
	return s.Drop(old.Files)
}

// needsFolder reports whether a model is opened through a folder in which its
// files have their names; a single GGUF file is opened as it is.
func (m Manifest) needsFolder() bool {
	return m.Format == catalog.Safetensors || len(m.Files) > 1
}

// assemble builds the folder of a model beside the old one and swaps them. The
// links are relative, so that a data folder can be moved.
func (s *Store) assemble(m Manifest) error {
	to := s.folderPath(m.Name)
	if !m.needsFolder() {
		return os.RemoveAll(to)
	}
	tmp := filepath.Join(s.dir, "folders", ".new-"+m.Name)
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	for _, f := range m.Files {
		link := filepath.Join(tmp, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		target, err := filepath.Rel(filepath.Dir(filepath.Join(to, filepath.FromSlash(f.Name))), s.BlobPath(f.SHA256))
		if err != nil {
			return err
		}
		if err := os.Symlink(target, link); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// Path is where an installed model is opened: a GGUF file or a folder.
func (s *Store) Path(m Manifest) string {
	if m.External != "" {
		return m.External
	}
	if !m.needsFolder() {
		return s.BlobPath(m.Files[0].SHA256)
	}
	dir := s.folderPath(m.Name)
	if m.Format == catalog.Safetensors {
		return dir
	}
	// A split GGUF file is opened by its first part.
	var parts []string
	for _, f := range m.Files {
		if strings.HasSuffix(f.Name, ".gguf") {
			parts = append(parts, f.Name)
		}
	}
	if len(parts) == 0 {
		return dir
	}
	return filepath.Join(dir, filepath.FromSlash(slices.Min(parts)))
}
