package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"malmoi/internal/account"
)

// Accounts keeps the rows of people and access. It implements account.Store.
type Accounts struct {
	db *DB

	mu   sync.Mutex
	last int64 // id of the newest entry of the audit log that this process wrote
}

var _ account.Store = (*Accounts)(nil)

// Accounts returns the store of people and access. One per process is enough.
func (db *DB) Accounts() *Accounts { return &Accounts{db: db} }

// write runs f in a transaction and speaks account's errors.
func (a *Accounts) write(ctx context.Context, f func(tx Q) error) error {
	return accountError(a.db.Write(ctx, f))
}

// logged runs f and writes e, both or neither.
func (a *Accounts) logged(ctx context.Context, e account.Entry, f func(tx Q) error) error {
	return a.write(ctx, func(tx Q) error {
		if err := f(tx); err != nil {
			return err
		}
		return a.addEntry(ctx, tx, e)
	})
}

func accountError(err error) error {
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return account.ErrNotFound
	case errors.Is(err, ErrConflict) && !errors.Is(err, account.ErrConflict):
		return fmt.Errorf("%w (%w)", account.ErrConflict, err)
	}
	return err
}

// turn makes transactions that count rows come one after the other; in
// Postgres two of them could otherwise both see the other's admin.
func turn(ctx context.Context, tx Q) error {
	_, err := tx.Exec(ctx, `UPDATE site SET turn = turn + 1 WHERE id = 1`)
	return err
}

// one asks that a statement changed a row.
func one(n int64, err error) error {
	if err == nil && n == 0 {
		return account.ErrNotFound
	}
	return err
}

// list scans every row of a query.
func list[T any](rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

type scanner interface{ Scan(dest ...any) error }

// millis is a time as a column holds it: ms since 1970, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func hash(b []byte) string { return hex.EncodeToString(b) }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// set collects the columns of an UPDATE.
type set struct {
	columns []string
	args    []any
}

func (s *set) add(column string, value any) {
	s.columns = append(s.columns, column+" = ?")
	s.args = append(s.args, value)
}

// update changes one row of a table whose key is id.
func (s *set) update(ctx context.Context, tx Q, table, id string) error {
	if len(s.columns) == 0 {
		return nil
	}
	return one(tx.Exec(ctx, `UPDATE `+table+` SET `+strings.Join(s.columns, ", ")+` WHERE id = ?`, append(s.args, id)...))
}

// entryID returns an id for an entry of the audit log: the microseconds since
// 2020 and 12 bits that tell processes apart, always larger than the last one
// of this process. So newer entries have larger ids without a sequence, which
// would have to be carried along when rows move to another database. The ids
// last until 2091.
func (a *Accounts) entryID(at time.Time) int64 {
	id := max(at.Sub(auditEpoch).Microseconds(), 0)<<12 | rand.Int64N(1<<12)
	a.mu.Lock()
	defer a.mu.Unlock()
	if id <= a.last {
		id = a.last + 1
	}
	a.last = id
	return id
}

var auditEpoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func (a *Accounts) addEntry(ctx context.Context, tx Q, e account.Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit (id, at, actor, actor_name, action, target, address, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		a.entryID(e.At), millis(e.At), string(e.Actor), e.ActorName, e.Action, e.Target, e.Address, e.Detail)
	if err != nil {
		return fmt.Errorf("audit log: %w", err)
	}
	return nil
}
