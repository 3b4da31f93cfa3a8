package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// Dialect is one of the two databases. Queries are written once, with ? for
// parameters, in the SQL that both understand (ON CONFLICT, RETURNING, CTEs);
// where they differ the code asks for the dialect.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// conn is what a database and a transaction have in common.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Q runs queries, inside a transaction or outside one.
type Q struct {
	c       conn
	dialect Dialect
}

// Exec runs a statement and returns the number of rows it changed.
func (q Q) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := q.c.ExecContext(ctx, q.rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Query returns rows; the caller closes them.
func (q Q) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return q.c.QueryContext(ctx, q.rebind(query), args...)
}

// QueryRow returns at most one row; Scan gives sql.ErrNoRows if there is none.
func (q Q) QueryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return q.c.QueryRowContext(ctx, q.rebind(query), args...)
}

// rebind writes $1, $2 … for ? where the database is Postgres. Our queries
// hold no ? inside strings.
func (q Q) rebind(query string) string {
	if q.dialect != Postgres || !strings.Contains(query, "?") {
		return query
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// DB is an open database whose schema is the one this program knows.
//
// With SQLite there is one connection that writes, in order, and a few that
// read; with Postgres both are the same pool.
type DB struct {
	Q       // reads
	read    *sql.DB
	write   *sql.DB
	dialect Dialect

	path     string          // SQLite's file, or host:port/database
	config   *pgx.ConnConfig // Postgres
	lock     *fileLock       // held while serving SQLite
	now      func() time.Time
	log      *slog.Logger
	readOnly atomic.Bool // the last write failed for want of room
}

// Dialect says which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Write runs f in a transaction that is rolled back if f returns an error. f
// may be called again if the database asks for a retry, so it must not change
// anything but the database.
func (db *DB) Write(ctx context.Context, f func(tx Q) error) error {
	for attempt := 0; ; attempt++ {
		err := db.writeOnce(ctx, f)
		if err == nil || attempt >= maxRetries || !retryable(err) {
			return db.explain(err)
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// maxRetries bounds how often a transaction that lost a race is run again.
const maxRetries = 12

// pause waits a random time that doubles with each attempt, from 2 ms to
// 256 ms at most, so that two who collide do not collide again.
func pause(ctx context.Context, attempt int) error {
	return sleep(ctx, rand.N(2*time.Millisecond<<min(attempt, 7)))
}

// writeOnce runs f once. Postgres keeps what SQLite's single writer gives by
// nature: transactions behave as if they ran one after the other.
func (db *DB) writeOnce(ctx context.Context, f func(tx Q) error) error {
	var o *sql.TxOptions
	if db.dialect == Postgres {
		o = &sql.TxOptions{Isolation: sql.LevelSerializable}
	}
	tx, err := db.write.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := f(Q{tx, db.dialect}); err != nil {
		return err
	}
	return tx.Commit()
}

// Read runs f on one unchanging view of the database. f must not write.
func (db *DB) Read(ctx context.Context, f func(tx Q) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	return f(Q{tx, db.dialect})
}

// Close waits for what runs and closes the database.
func (db *DB) Close() error {
	defer db.lock.unlock()
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}
