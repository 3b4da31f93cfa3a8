package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"malmoi/internal/catalog"
)

// manifestVersion is the format written; others are refused.
const manifestVersion = 1

// maxManifest bounds a manifest's size in bytes.
const maxManifest = 1 << 20

// Manifest says what an installed model consists of. Its files carry hashes,
// always. The entry's Sources are not kept.
type Manifest struct {
	Version int `json:"version"`
	catalog.Entry
	Source    string    `json:"source"` // where the files came from, for people
	Installed time.Time `json:"installed"`

	// External is the absolute path of a file or folder that is used in place;
	// "" if the files are the store's own.
	External string `json:"external,omitempty"`
}

// ParseManifest reads and checks a manifest.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if len(data) > maxManifest {
		return m, fmt.Errorf("manifest: %d bytes, more than %d", len(data), maxManifest)
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("manifest: %w", err)
	}
	return m, m.check()
}

func (m Manifest) check() error {
	if m.Version != manifestVersion {
		return fmt.Errorf("manifest: version %d; this malmoi reads version %d", m.Version, manifestVersion)
	}
	if err := m.Entry.Check(); err != nil {
		return fmt.Errorf("manifest: %w", err)
	}
	if !m.Pinned() {
		return fmt.Errorf("manifest: model %q: a file has no hash", m.Name)
	}
	if m.External != "" && !filepath.IsAbs(m.External) {
		return fmt.Errorf("manifest: model %q: external path %q is not absolute", m.Name, m.External)
	}
	return nil
}

// Encode is the manifest as it is written.
func (m Manifest) Encode() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("manifest of %q: %w", m.Name, err)
	}
	return b.Bytes(), nil
}

// Size is the sum of the files' bytes.
func (m Manifest) Size() (n int64) {
	for _, f := range m.Files {
		n += max(0, f.Bytes)
	}
	return n
}

// SHA256 identifies the model: the hash of its file, and for several files the
// hash of the lines "<hash>  <name>\n" in the order of the names, as sha256sum
// prints them.
func (m Manifest) SHA256() string {
	if len(m.Files) == 1 {
		return m.Files[0].SHA256
	}
	files := slices.Clone(m.Files)
	slices.SortFunc(files, func(a, b catalog.File) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	for _, f := range files {
		fmt.Fprintf(h, "%s  %s\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Manifest returns the manifest of an installed model, or an error wrapping
// ErrNotInstalled.
func (s *Store) Manifest(name string) (Manifest, error) {
	if err := catalog.CheckName(name); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	f, err := os.Open(s.manifestPath(name))
	if errors.Is(err, os.ErrNotExist) {
		return Manifest{}, fmt.Errorf("model %q: %w", name, ErrNotInstalled)
	}
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err != nil {
		return Manifest{}, err
	}
	m, err := ParseManifest(data)
	if err == nil && m.Name != name {
		err = fmt.Errorf("manifest: it is of model %q", m.Name)
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return m, nil
}

// List returns the manifests of all installed models by name, and beside them
// one error for each that cannot be read: one bad file hides no other.
func (s *Store) List() ([]Manifest, []error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "manifests"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{err}
	}
	var list []Manifest
	var bad []error
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || strings.HasPrefix(name, ".") {
			continue
		}
		m, err := s.Manifest(name)
		switch {
		case err == nil:
			list = append(list, m)
		case !errors.Is(err, ErrNotInstalled): // gone since the folder was read
			bad = append(bad, err)
		}
	}
	return list, bad
}
