package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Settings of SQLite.
const (
	busyTimeoutMS  = 10_000    // how long a connection waits for another process's lock
	mmapBytes      = 256 << 20 // read through the page cache instead of copying
	cacheKiB       = 8 << 10   // page cache of each connection
	readers        = 4         // connections that read at once
	checkpointPage = 1000      // pages in the log before they go into the file
)

func connectSQLite(ctx context.Context, path string, o Options) (*DB, error) {
	if path == "" {
		return nil, fmt.Errorf("store: the database has no path")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	if err := refuseNetworkDisk(filepath.Dir(path)); err != nil {
		return nil, err
	}
	var lock *fileLock
	if o.Serve {
		if lock, err = lockFile(path + ".lock"); err != nil {
			return nil, err
		}
	}
	// The file is made here for its mode: nobody else may read it.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		lock.unlock()
		return nil, fmt.Errorf("store: %w", err)
	}
	f.Close()
	write, err := sql.Open("sqlite", sqliteDSN(path, false))
	if err != nil {
		lock.unlock()
		return nil, fmt.Errorf("store: open %s: %w", path, err)
	}
	write.SetMaxOpenConns(1)
	if err := ping(ctx, write, path); err != nil {
		lock.unlock()
		return nil, err
	}
	db := newDB(write, SQLite, o)
	db.path, db.lock = path, lock
	return db, nil
}

// openReaders gives SQLite its connections for reading. They refuse to write,
// so that a write outside Write is found at once.
func (db *DB) openReaders() error {
	if db.dialect != SQLite {
		return nil
	}
	read, err := sql.Open("sqlite", sqliteDSN(db.path, true))
	if err != nil {
		return fmt.Errorf("store: open %s: %w", db.path, err)
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	db.read, db.Q = read, Q{read, SQLite}
	return nil
}

// sqliteDSN names the file for the driver. A commit is on the disk when it
// returns (synchronous FULL), and a transaction that will write takes the lock
// at its beginning, so that it cannot fail half way for want of it.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{}
	for _, p := range []string{
		"busy_timeout(" + strconv.Itoa(busyTimeoutMS) + ")",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"foreign_keys(1)",
		"wal_autocheckpoint(" + strconv.Itoa(checkpointPage) + ")",
		"mmap_size(" + strconv.Itoa(mmapBytes) + ")",
		"cache_size(-" + strconv.Itoa(cacheKiB) + ")",
		"trusted_schema(0)",
	} {
		q.Add("_pragma", p)
	}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
	} else {
		q.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}
