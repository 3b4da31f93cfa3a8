package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

// newPostgresTarget makes the fresh database in a schema beside the one that
// url leads to. Swapping is a renaming in one transaction.
func newPostgresTarget(ctx context.Context, url string, replace bool, o Options) (*target, error) {
	old, err := connectPostgres(ctx, url, o)
	if err != nil {
		return nil, err
	}
	t, err := old.freshSchema(ctx, replace, o)
	if err != nil {
		old.Close()
		return nil, err
	}
	return t, nil
}

func (db *DB) freshSchema(ctx context.Context, replace bool, o Options) (*target, error) {
	if err := db.refuseServed(ctx); err != nil {
		return nil, err
	}
	if !replace {
		if err := db.refuseInhabited(ctx); err != nil {
			return nil, err
		}
	}
	var current sql.NullString
	if err := db.QueryRow(ctx, `SELECT current_schema()`).Scan(&current); err != nil || !current.Valid {
		return nil, fmt.Errorf("store: %s has no schema to use: %w", db.path, err)
	}
	stamp := strings.ReplaceAll(o.Now().UTC().Format("20060102_150405.000"), ".", "_")
	fresh, kept := "malmoi_new_"+stamp, "malmoi_before_"+stamp
	if _, err := db.write.ExecContext(ctx, "CREATE SCHEMA "+quote(fresh)); err != nil {
		return nil, fmt.Errorf("store: make a schema beside the old one: %w; the user of the database needs the right CREATE on it", err)
	}
	t := &target{}
	t.discard = func() {
		if t.db != nil {
			t.db.Close()
			// Also after the caller gave up.
			_, _ = db.write.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA IF EXISTS "+quote(fresh)+" CASCADE")
			t.db = nil
		}
		db.Close()
	}
	t.swap = func(ctx context.Context) (string, error) {
		err := db.Write(ctx, func(tx Q) error {
			if _, err := tx.Exec(ctx, "ALTER SCHEMA "+quote(current.String)+" RENAME TO "+quote(kept)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, "ALTER SCHEMA "+quote(fresh)+" RENAME TO "+quote(current.String))
			return err
		})
		if err != nil {
			return "", fmt.Errorf("store: put the new schema in the place of %q: %w; the user of the database must own it", current.String, err)
		}
		t.db.Close()
		t.db = nil
		return "schema " + kept, nil
	}
	config := db.config.Copy()
	config.RuntimeParams["search_path"] = quote(fresh)
	t.db = openPostgres(config, o)
	if err := ping(ctx, t.db.write, db.path); err != nil {
		t.discard()
		return nil, err
	}
	return t, nil
}
