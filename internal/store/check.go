package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Check looks whether the database is whole and returns what is wrong, a line
// each: damage and references that point nowhere in SQLite, and in both whether
// the search index says what the messages say, which it mends.
func (db *DB) Check(ctx context.Context) ([]string, error) {
	var wrong []string
	if db.dialect == SQLite {
		for _, pragma := range []string{"integrity_check", "foreign_key_check"} {
			found, err := db.pragma(ctx, pragma)
			if err != nil {
				return nil, fmt.Errorf("store: check %s: %w", db.path, err)
			}
			wrong = append(wrong, found...)
		}
	}
	if len(wrong) > 0 {
		return wrong, nil // not the time to write
	}
	mended, err := db.Conversations().CheckIndex(ctx)
	if err != nil {
		return wrong, fmt.Errorf("store: check the search index: %w", err)
	}
	if mended > 0 {
		wrong = append(wrong, fmt.Sprintf("the search index lacked or had too much of %d messages; that is mended", mended))
	}
	return wrong, nil
}

// pragma runs a check of SQLite and returns its complaints. The connection is a
// new one: FTS5 checks what another connection changed against the list of
// segments that it remembers, and would cry corruption.
func (db *DB) pragma(ctx context.Context, name string) ([]string, error) {
	fresh, err := sql.Open("sqlite", sqliteDSN(db.path, true))
	if err != nil {
		return nil, err
	}
	defer fresh.Close()
	rows, err := fresh.QueryContext(ctx, "PRAGMA "+name)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		if len(values) == 1 && values[0] == "ok" {
			continue
		}
		out = append(out, fmt.Sprintf("%s: %v", name, values))
	}
	return out, rows.Err()
}

// Schema lists the steps that the database has and those that this program
// would run.
func Schema(ctx context.Context, url string, o Options) (applied, missing []int64, err error) {
	db, err := connect(ctx, url, o.withDefaults())
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	if applied, err = db.applied(ctx); err != nil {
		return nil, nil, err
	}
	missing, err = db.missing(ctx)
	return applied, missing, err
}
