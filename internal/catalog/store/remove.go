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
	m, unreadable := s.Manifest(name)
	if err := os.Remove(s.manifestPath(name)); err != nil {
		return 0, fmt.Errorf("model %q: %w", name, err)
	}
	err := syncDir(filepath.Join(s.dir, "manifests"))
	if unreadable != nil {
		err = errors.Join(err, s.Sweep()) // whatever it named
	} else {
		err = errors.Join(err, os.RemoveAll(s.folderPath(name)), s.Drop(m.Files))
	}
	return before - treeSize(filepath.Join(s.dir, "blobs")), err
}

// Drop removes those of some files that no manifest names. The caller holds the
// lock.
func (s *Store) Drop(files []catalog.File) error {
	blobs, _, ok := s.named()
	if !ok {
		return nil
	}
	var err error
	for _, f := range files {
		if catalog.CheckSum(f.SHA256) == nil && !blobs[f.SHA256] && s.HasBlob(f.SHA256) {
			err = errors.Join(err, os.Remove(s.BlobPath(f.SHA256)))
		}
	}
	return err
}

// named lists the files and folders that manifests name. ok is false while a
// manifest cannot be read: it may name anything, so nothing may be removed.
func (s *Store) named() (blobs, folders map[string]bool, ok bool) {
	list, bad := s.List()
	blobs, folders = map[string]bool{}, map[string]bool{}
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
	return blobs, folders, len(bad) == 0
}

// Sweep removes all files and folders that no manifest names, also what is
// whole already of a model whose download was interrupted. The caller holds the
// lock.
func (s *Store) Sweep() error {
	blobs, folders, ok := s.named()
	if !ok {
		return nil
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
