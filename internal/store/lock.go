package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// fileLock is the right to serve a SQLite file, until unlock or the end of the
// process, however it ends. The lock is the kernel's, on a file beside the
// database that stays where it is.
type fileLock struct{ f *os.File }

// lockFile takes the lock or returns ErrInUse at once.
func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := flock(f); err != nil {
		f.Close()
		if errors.Is(err, errHeld) {
			return nil, fmt.Errorf("store: %w (%s is locked); stop it, or use Postgres for several processes", ErrInUse, path)
		}
		return nil, fmt.Errorf("store: lock %s: %w", path, err)
	}
	return &fileLock{f}, nil
}

// errHeld is flock's answer when another process has the lock.
var errHeld = errors.New("held by another process")

func (l *fileLock) unlock() {
	if l != nil {
		l.f.Close()
	}
}

// lockForMigration makes sure that nobody else works on the schema. Postgres
// has an advisory lock for it, which goose takes. With SQLite it is the lock of
// the serving process: a schema must not change under a running server.
func (db *DB) lockForMigration(ctx context.Context) (release func(), err error) {
	if db.dialect == Postgres || db.lock != nil {
		return func() {}, nil
	}
	for end := time.Now().Add(lockWait); ; {
		l, err := lockFile(db.path + ".lock")
		if err == nil {
			return l.unlock, nil
		}
		// Whoever has the lock may be doing our work.
		missing, err2 := db.missing(ctx)
		if err2 != nil {
			return nil, err2
		}
		if len(missing) == 0 {
			return func() {}, nil
		}
		if !errors.Is(err, ErrInUse) || time.Now().After(end) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// How long a second process waits for one that migrates.
const (
	lockWait = 20 * time.Second
	lockPoll = 50 * time.Millisecond
)
