package store

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Options says how a database is opened. The zero value works.
type Options struct {
	// Serve is set by the process that serves the site. With SQLite only one may
	// at a time, and a second is refused with ErrInUse.
	Serve bool
	// Now tells the time, time.Now if nil.
	Now func() time.Time
	// Log hears of migrations, lost connections and a full disk; nil is silence.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Open opens the database at url and brings its schema up to what this program
// knows. The url is postgres://… or a path, with sqlite:// before it or
// without. A SQLite file that has rows is copied aside before its schema
// changes; see Backups. A schema that is newer than the program is refused with
// ErrNewer, a file on a network share with ErrNetworkDisk.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	o = o.withDefaults()
	db, err := connect(ctx, url, o)
	if err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := db.openReaders(); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

// connect opens url without looking at the schema.
func connect(ctx context.Context, url string, o Options) (*DB, error) {
	if IsPostgres(url) {
		return connectPostgres(ctx, url, o)
	}
	return connectSQLite(ctx, strings.TrimPrefix(url, "sqlite://"), o)
}

// IsPostgres says whether url names a Postgres database.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// newDB makes a DB that reads and writes through write, until it has readers
// of its own.
func newDB(write *sql.DB, d Dialect, o Options) *DB {
	return &DB{Q: Q{write, d}, read: write, write: write, dialect: d, now: o.Now, log: o.Log}
}

// ping waits for a first connection, so that a wrong address is an error now
// and not at the first request.
func ping(ctx context.Context, db *sql.DB, what string) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	if err := db.PingContext(ctx); err != nil {
		db.Close()
		return fmt.Errorf("store: open %s: %w", what, err)
	}
	return nil
}

// pingTime bounds the wait for the first connection.
const pingTime = 15 * time.Second
