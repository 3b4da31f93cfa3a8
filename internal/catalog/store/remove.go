package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"malmoi/internal/catalog"
)

// Remove uninstalls a model and removes the files that no other model names;
// files used in place stay where they are. It returns the bytes given back. The
// caller holds the lock.
func (s *Store) Remove(name string) (int64, error) {
	if err := catalog.CheckName(name); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	// A manifest that cannot be read can still be removed.
	if _, err := os.Stat(s.manifestPath(name)); err != nil {
		return 0, fmt.Errorf("model %q: %w", name, ErrNotInstalled)
	}
	before := treeSize(filepath.Join(s.dir, "blobs"))
	if err := os.Remove(s.manifestPath(name)); err != nil {
		return 0, fmt.Errorf("model %q: %w", name, err)
	}
	err := errors.Join(syncDir(filepath.Join(s.dir, "manifests")), s.Sweep())
	return before - treeSize(filepath.Join(s.dir, "blobs")), err
}

// Sweep removes the files and folders that no manifest names. While a manifest
// cannot be read nothing is removed: it may name anything. The caller holds the
// lock.
func (s *Store) Sweep() error {
	list, bad := s.List()
	if len(bad) > 0 {
		return nil
	}
	blobs, folders := map[string]bool{}, map[string]bool{}
	for _, m := range list {
		if m.External != "" {
			continue
		}
		for _, f := range m.Files {
			blobs[f.SHA256] = true
		}
		if m.needsFolder() {
			folders[m.Name] = true
		}
	}
	return errors.Join(
		removeOthers(filepath.Join(s.dir, "blobs", "sha256"), blobs),
		removeOthers(filepath.Join(s.dir, "folders"), folders),
	)
}

func removeOthers(dir string, keep map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !keep[e.Name()] {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
