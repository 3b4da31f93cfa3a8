package store

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// Errors that callers branch on.
var (
	// ErrReadOnly: the disk is full or does not take writes. What was stored is
	// safe, reads go on, and writes work again when there is room.
	ErrReadOnly = errors.New("the database takes no writes now: its disk is full or read-only; make room and try again")
	// ErrConflict: a row with the same key is there already.
	ErrConflict = errors.New("exists already")
	// ErrNewer: the schema was made by a newer program.
	ErrNewer = errors.New("the database was made by a newer malmoi")
	// ErrInUse: another process serves this SQLite file.
	ErrInUse = errors.New("another malmoi uses this database")
	// ErrNetworkDisk: SQLite's locks cannot be trusted on this file system.
	ErrNetworkDisk = errors.New("SQLite must not lie on a network file system")
)

// retryable says whether a transaction lost a race and may simply be run again.
func retryable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "40001" || pg.Code == "40P01" // serialization_failure, deadlock_detected
	}
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		primary := lite.Code() & 0xff
		return primary == lib.SQLITE_BUSY || primary == lib.SQLITE_LOCKED
	}
	return false
}

// explain gives an error of the database the sentinel that callers know, and
// remembers whether the disk takes writes.
func (db *DB) explain(err error) error {
	switch {
	case err == nil:
		if db.readOnly.Swap(false) {
			db.log.Info("the database takes writes again", "database", db.path)
		}
		return nil
	case diskRefuses(err):
		if !db.readOnly.Swap(true) {
			db.log.Error("the database takes no writes", "database", db.path, "error", err)
		}
		return fmt.Errorf("%w (%w)", ErrReadOnly, err)
	case duplicate(err):
		return fmt.Errorf("%w (%w)", ErrConflict, err)
	}
	return err
}

// diskRefuses recognises a disk that is full or read-only. SQLite reports a
// failed write of its log as an I/O error, whatever the reason was.
func diskRefuses(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case "53100", "25006": // disk_full, read_only_sql_transaction (a standby)
			return true
		}
		return false
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch lite.Code() {
	case lib.SQLITE_FULL, lib.SQLITE_IOERR_WRITE, lib.SQLITE_IOERR_FSYNC, lib.SQLITE_IOERR_TRUNCATE, lib.SQLITE_IOERR_SHMSIZE, lib.SQLITE_IOERR_SHMOPEN:
		return true
	}
	return lite.Code()&0xff == lib.SQLITE_READONLY
}

func duplicate(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == "23505" // unique_violation
	}
	lite, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch lite.Code() {
	case lib.SQLITE_CONSTRAINT_UNIQUE, lib.SQLITE_CONSTRAINT_PRIMARYKEY, lib.SQLITE_CONSTRAINT_ROWID:
		return true
	}
	return false
}

// ReadOnly says whether the last write failed because the disk takes none. It
// ends by itself with the next write that succeeds; Heartbeat tries one every
// few seconds.
func (db *DB) ReadOnly() bool { return db.readOnly.Load() }
