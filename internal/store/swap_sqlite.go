package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// newSQLiteTarget makes the fresh database in a file beside the old one. It
// keeps servers away until it is swapped or discarded.
func newSQLiteTarget(ctx context.Context, url string, replace bool, o Options) (*target, error) {
	path, err := filepath.Abs(strings.TrimPrefix(url, "sqlite://"))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	t := &target{}
	fresh := path + ".restoring"
	t.discard = func() {
		if t.db != nil {
			t.db.Close()
			t.db = nil
		}
		removeSQLite(fresh)
		lock.unlock()
	}
	if !replace {
		if err := refuseInhabitedFile(ctx, path, o); err != nil {
			t.discard()
			return nil, err
		}
	}
	removeSQLite(fresh) // of an attempt that broke off
	o.Serve = false
	if t.db, err = connectSQLite(ctx, fresh, o); err != nil {
		t.discard()
		return nil, err
	}
	// A file that breaks off is thrown away; swap syncs it once.
	if _, err := t.db.write.ExecContext(ctx, "PRAGMA synchronous = OFF"); err != nil {
		t.discard()
		return nil, fmt.Errorf("store: %w", err)
	}
	t.swap = func(ctx context.Context) (string, error) {
		err := t.db.Close() // moves the log into the file
		t.db = nil
		if err != nil {
			return "", fmt.Errorf("store: %w", err)
		}
		return swapFiles(ctx, fresh, path, o)
	}
	return t, nil
}

func refuseInhabitedFile(ctx context.Context, path string, o Options) error {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	o.Serve = false
	db, err := connectSQLite(ctx, path, o)
	if err != nil {
		return err
	}
	defer db.Close()
	return db.refuseInhabited(ctx)
}

// swapFiles puts fresh where path is. At every moment one of the two has the
// name; the old one keeps a second name from before.
func swapFiles(ctx context.Context, fresh, path string, o Options) (kept string, err error) {
	if err := syncFile(fresh); err != nil {
		return "", fmt.Errorf("store: %w", err)
	}
	if _, err := os.Stat(path); err == nil {
		if err := settle(ctx, path, o); err != nil {
			return "", err
		}
		kept = path + ".before-" + o.Now().UTC().Format("20060102T150405.000")
		if err := os.Link(path, kept); err != nil {
			return "", fmt.Errorf("store: keep the old database: %w", err)
		}
	}
	if err := os.Rename(fresh, path); err != nil {
		return kept, fmt.Errorf("store: %w", err)
	}
	if err := syncFile(filepath.Dir(path)); err != nil {
		return kept, fmt.Errorf("store: %w", err)
	}
	return kept, nil
}

// settle brings everything that belongs to the database at path into that one
// file, or fails because a process still has it open.
func settle(ctx context.Context, path string, o Options) error {
	o.Serve = false
	db, err := connectSQLite(ctx, path, o)
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("store: %w: %s has an open log; stop the program that uses it", ErrInUse, path)
	}
	return nil
}

// removeSQLite removes a database that nobody wants, with its log.
func removeSQLite(path string) {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(path + suffix)
	}
}
