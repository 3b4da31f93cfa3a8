package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// keepAside is how many copies made before a change of the schema are kept.
const keepAside = 3

// backupBeforeMigration copies a SQLite file that has a schema already into
// the folder "backups" beside it. Postgres has tools of its own for that, and a
// copy may be larger than this machine's disk: there the operator decides.
func (db *DB) backupBeforeMigration(ctx context.Context) error {
	if db.dialect != SQLite {
		return nil
	}
	applied, err := db.applied(ctx)
	if err != nil || len(applied) == 0 {
		return err
	}
	dir := filepath.Join(filepath.Dir(db.path), "backups")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	stamp := db.now().UTC().Format("20060102T150405.000")
	to := filepath.Join(dir, fmt.Sprintf("%s%s-step%d.db", db.asidePrefix(), stamp, slices.Max(applied)))
	if err := db.copyFile(ctx, to); err != nil {
		return fmt.Errorf("store: copy before the schema changes: %w; make room, nothing was changed", err)
	}
	db.log.Info("the database is copied before its schema changes", "copy", to)
	return db.forgetAside(dir)
}

func (db *DB) asidePrefix() string {
	base := filepath.Base(db.path)
	return strings.TrimSuffix(base, filepath.Ext(base)) + "-"
}

// copyFile writes a consistent copy of a SQLite database to a new file, which
// has its name only when it is whole and on the disk. Writers go on meanwhile.
func (db *DB) copyFile(ctx context.Context, to string) error {
	part := to + ".partial"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.Remove(part)
	q := Q{db.read, db.dialect}
	if _, err := q.Exec(ctx, `VACUUM INTO ?`, part); err != nil {
		return db.explain(err)
	}
	if err := syncFile(part); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncFile(filepath.Dir(to))
}

// syncFile brings a file or a folder's entries onto the disk.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// forgetAside removes all but the newest copies.
func (db *DB) forgetAside(dir string) error {
	copies, err := filepath.Glob(filepath.Join(dir, db.asidePrefix()+"*-step*.db"))
	if err != nil {
		return err
	}
	slices.Sort(copies) // their names begin with the time
	for len(copies) > keepAside {
		if err := os.Remove(copies[0]); err != nil {
			return fmt.Errorf("store: %w", err)
		}
		copies = copies[1:]
	}
	return nil
}
