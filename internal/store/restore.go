package store

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// target is a fresh database that will take the place of another.
type target struct {
	db *DB
	// swap puts the fresh database where the other is and says where that lies
	// now, "" if there was none. The fresh one is closed.
	swap func(ctx context.Context) (kept string, err error)
	// discard removes the fresh database; after swap it does nothing.
	discard func()
}

// newTarget makes a fresh database beside the one at url. It refuses if a
// process serves that, or, unless replace is set, if somebody has an account
// there.
func newTarget(ctx context.Context, url string, replace bool, o Options) (*target, error) {
	if IsPostgres(url) {
		return newPostgresTarget(ctx, url, replace, o)
	}
	return newSQLiteTarget(ctx, url, replace, o)
}

// Restore replaces the database at url by what a backup holds, and puts the
// backup's blobs into blobs. The backup is read and checked wholly before, the
// new database is read back and compared, and the old one is kept. A backup of
// an older schema is brought up to date, one of a newer refused with ErrNewer.
func Restore(ctx context.Context, path, url string, blobs Blobs, o Options) (Report, error) {
	o = o.withDefaults()
	a, err := openArchive(path)
	if err != nil {
		return Report{}, err
	}
	defer a.Close()
	if err := a.verify(ctx); err != nil {
		return Report{}, err
	}
	to, err := newTarget(ctx, url, true, o)
	if err != nil {
		return Report{}, err
	}
	defer to.discard()
	c := cargo{steps: a.Steps, rows: func(t table) iter.Seq2[row, error] {
		for _, info := range a.Tables {
			if info.Name == t.Name {
				return a.rows(info)
			}
		}
		return nil
	}}
	for _, t := range a.Tables {
		c.tables = append(c.tables, t.table)
	}
	if _, err := to.db.load(ctx, c); err != nil {
		return Report{}, err
	}
	if err := a.restoreBlobs(ctx, blobs); err != nil {
		return Report{}, err
	}
	report := a.report()
	report.Kept, err = to.swap(ctx)
	return report, err
}

// restoreBlobs puts the blobs back before any row that names them can be seen.
// Blobs that are there already are not written again.
func (a *archive) restoreBlobs(ctx context.Context, blobs Blobs) error {
	if len(a.Blobs) == 0 || blobs == nil {
		return nil
	}
	for _, b := range a.Blobs {
		if r, err := blobs.Get(ctx, b.Digest); err == nil {
			r.Close()
			continue
		}
		if !a.HasBlobs {
			return fmt.Errorf("store: restore: blob %s (%d bytes) is neither in the backup nor in the store of blobs; copy the blobs back first", b.Digest, b.Size)
		}
		in, err := a.files["blobs/"+b.Digest].Open()
		if err != nil {
			return fmt.Errorf("store: restore: %w", err)
		}
		digest, _, err := blobs.Put(ctx, in)
		in.Close()
		if err != nil {
			return fmt.Errorf("store: restore: blob %s: %w", b.Digest, err)
		}
		if digest != b.Digest {
			return fmt.Errorf("store: restore: blob %s came out as %s", b.Digest, digest)
		}
	}
	return nil
}

// Move copies every row of the database at from to the one at to, which may be
// of the other kind, and compares counts and checksums. Nobody may serve either
// meanwhile. What is at from stays as it is; what is at to is replaced, and
// kept, only if replace is set or nobody has an account there.
func Move(ctx context.Context, from, to string, replace bool, o Options) (Report, error) {
	o = o.withDefaults()
	o.Serve = true // keeps servers away from SQLite
	src, err := Open(ctx, from, o)
	if err != nil {
		return Report{}, err
	}
	defer src.Close()
	if err := src.refuseServed(ctx); err != nil {
		return Report{}, err
	}
	t, err := newTarget(ctx, to, replace, o)
	if err != nil {
		return Report{}, err
	}
	defer t.discard()
	report := Report{Created: o.Now()}
	err = src.Read(ctx, func(q Q) error {
		c := cargo{rows: func(t table) iter.Seq2[row, error] { return t.rows(ctx, q) }}
		var err error
		if c.steps, err = src.applied(ctx); err != nil {
			return err
		}
		if c.tables, err = tables(ctx, q); err != nil {
			return err
		}
		loaded, err := t.db.load(ctx, c)
		for _, info := range loaded {
			report.Tables = append(report.Tables, TableReport{info.Name, info.Rows})
		}
		return err
	})
	if err != nil {
		return Report{}, err
	}
	report.Kept, err = t.swap(ctx)
	return report, err
}

// serving is how recently a process must have been seen to count as running.
const serving = 30 * time.Second

// refuseServed returns ErrInUse if a process of a Postgres site is alive. For
// SQLite the lock says so.
func (db *DB) refuseServed(ctx context.Context) error {
	if db.dialect == SQLite {
		return nil
	}
	applied, err := db.applied(ctx)
	if err != nil || len(applied) == 0 {
		return err
	}
	var n int
	err = db.QueryRow(ctx, `SELECT count(*) FROM nodes WHERE seen > ?`, db.now().Add(-serving).UnixMilli()).Scan(&n)
	if err != nil {
		return fmt.Errorf("store: nodes: %w", err)
	}
	if n > 0 {
		return fmt.Errorf("store: %w: %d processes serve %s; stop them and wait %d seconds", ErrInUse, n, db.path, serving/time.Second)
	}
	return nil
}

// refuseInhabited returns ErrConflict if somebody has an account in db.
func (db *DB) refuseInhabited(ctx context.Context) error {
	list, err := tables(ctx, db.Q)
	if err != nil {
		return err
	}
	for _, t := range list {
		if t.Name != "users" {
			continue
		}
		var n int
		if err := db.QueryRow(ctx, `SELECT count(*) FROM users`).Scan(&n); err != nil {
			return fmt.Errorf("store: users: %w", err)
		}
		if n > 0 {
			return fmt.Errorf("store: %s %w: it has %d accounts; say that it may be replaced", db.path, ErrConflict, n)
		}
	}
	return nil
}
