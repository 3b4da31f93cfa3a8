package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// cargo is what is loaded into a fresh database: the rows of a backup or of
// another database.
type cargo struct {
	steps  []int64 // of the schema the rows belong to
	tables []table
	rows   func(t table) iter.Seq2[row, error]
}

// load fills a database that is empty: the schema as it was when the rows were
// written, the rows, then the newer steps of the schema. It reads every table
// back and compares count and checksum with what it was given.
func (db *DB) load(ctx context.Context, c cargo) ([]tableInfo, error) {
	if err := db.applySteps(ctx, c.steps); err != nil {
		return nil, err
	}
	have, err := tables(ctx, db.Q)
	if err != nil {
		return nil, err
	}
	relink, err := db.unlink(ctx)
	if err != nil {
		return nil, err
	}
	var loaded []tableInfo
	for _, t := range c.tables {
		to, err := t.matching(have)
		if err != nil {
			return nil, err
		}
		info, err := db.loadTable(ctx, to, c.rows(t))
		if err != nil {
			return nil, err
		}
		loaded = append(loaded, info)
	}
	if err := relink(); err != nil {
		return nil, err
	}
	for _, info := range loaded {
		if err := db.compareTable(ctx, info); err != nil {
			return nil, err
		}
	}
	if err := db.advanceSequences(ctx); err != nil {
		return nil, err
	}
	if err := db.migrate(ctx); err != nil {
		return nil, err
	}
	return loaded, db.rebuild(ctx)
}

// applySteps brings an empty database to the schema that had these steps.
func (db *DB) applySteps(ctx context.Context, steps []int64) error {
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("store: schema: %w", err)
	}
	if _, err := compare(steps, p.ListSources()); err != nil {
		return err
	}
	for _, v := range steps {
		if _, err := p.ApplyVersion(ctx, v, true); err != nil {
			return fmt.Errorf("store: schema: %w", db.explain(err))
		}
	}
	return nil
}

// loadTable replaces what the schema itself put into a table.
func (db *DB) loadTable(ctx context.Context, t table, rows iter.Seq2[row, error]) (tableInfo, error) {
	info := tableInfo{table: t}
	var s sum
	counted := func(yield func(row, error) bool) {
		for r, err := range rows {
			if err == nil {
				var line []byte
				if line, err = r.encode(); err == nil {
					s.add(line)
					info.Rows++
				}
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
	insert := db.insertSQLite
	if db.dialect == Postgres {
		insert = db.copyPostgres
	}
	if err := insert(ctx, t, counted); err != nil {
		return info, fmt.Errorf("store: write table %s, row %d: %w", t.Name, info.Rows, db.explain(err))
	}
	info.Sum = s.String()
	return info, nil
}

func (db *DB) insertSQLite(ctx context.Context, t table, rows iter.Seq2[row, error]) error {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, "DELETE FROM "+quote(t.Name)); err != nil {
		return err
	}
	names := t.names()
	for i := range names {
		names[i] = quote(names[i])
	}
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+quote(t.Name)+" ("+strings.Join(names, ", ")+
		") VALUES (?"+strings.Repeat(", ?", len(names)-1)+")")
	if err != nil {
		return err
	}
	defer insert.Close()
	for r, err := range rows {
		if err != nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, r...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (db *DB) copyPostgres(ctx context.Context, t table, rows iter.Seq2[row, error]) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "DELETE FROM "+quote(t.Name)); err != nil {
		return err
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	from := pgx.CopyFromFunc(func() ([]any, error) {
		r, err, ok := next()
		if !ok || err != nil {
			return nil, err
		}
		for i, c := range t.Columns {
			if n, ok := r[i].(int64); ok && c.native == "bool" {
				r[i] = n != 0
			}
			if text, ok := r[i].(string); ok && strings.ContainsRune(text, 0) {
				return nil, fmt.Errorf("column %s holds a NUL character, which Postgres cannot store", c.Name)
			}
		}
		return r, nil
	})
	return conn.Raw(func(driver any) error {
		_, err := driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{t.Name}, t.names(), from)
		return err
	})
}

// compareTable reads a table back.
func (db *DB) compareTable(ctx context.Context, want tableInfo) error {
	var s sum
	var n int64
	for r, err := range want.table.rows(ctx, db.Q) {
		if err != nil {
			return err
		}
		line, err := r.encode()
		if err != nil {
			return err
		}
		s.add(line)
		n++
	}
	if n != want.Rows || s.String() != want.Sum {
		return fmt.Errorf("store: table %s was not carried over whole: %d rows with sum %s, want %d with %s", want.Name, n, s, want.Rows, want.Sum)
	}
	return nil
}

// unlink lets rows arrive before those that they refer to. relink restores
// the references and fails if one points nowhere.
func (db *DB) unlink(ctx context.Context) (relink func() error, err error) {
	if db.dialect == SQLite {
		return db.unlinkSQLite(ctx)
	}
	rows, err := db.Query(ctx, `SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
		FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace`)
	if err != nil {
		return nil, fmt.Errorf("store: references: %w", err)
	}
	defer rows.Close()
	var drop, add []string
	for rows.Next() {
		var table, name, definition string
		if err := rows.Scan(&table, &name, &definition); err != nil {
			return nil, err
		}
		drop = append(drop, "ALTER TABLE "+table+" DROP CONSTRAINT "+name)
		add = append(add, "ALTER TABLE "+table+" ADD CONSTRAINT "+name+" "+definition)
	}
	run := func(statements []string) error {
		for _, s := range statements {
			if _, err := db.write.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("store: references: %w", err)
			}
		}
		return nil
	}
	return func() error { return run(add) }, errors.Join(rows.Err(), run(drop))
}

func (db *DB) unlinkSQLite(ctx context.Context) (func() error, error) {
	set := func(on string) error {
		_, err := db.write.ExecContext(ctx, "PRAGMA foreign_keys = "+on)
		return err
	}
	relink := func() error {
		var table, parent string
		var id sql.NullInt64
		var fk int
		err := db.write.QueryRowContext(ctx, "PRAGMA foreign_key_check").Scan(&table, &id, &parent, &fk)
		switch {
		case err == nil:
			return fmt.Errorf("store: row %d of table %s refers to a row of %s that does not exist", id.Int64, table, parent)
		case !errors.Is(err, sql.ErrNoRows):
			return err
		}
		return set("1")
	}
	return relink, set("0")
}

// advanceSequences lets Postgres go on counting after the rows that came with
// their numbers.
func (db *DB) advanceSequences(ctx context.Context) error {
	if db.dialect != Postgres {
		return nil
	}
	rows, err := db.Query(ctx, `SELECT quote_ident(table_name), quote_ident(column_name), pg_get_serial_sequence(quote_ident(table_name), column_name)
		FROM information_schema.columns
		WHERE table_schema = current_schema() AND pg_get_serial_sequence(quote_ident(table_name), column_name) IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("store: sequences: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var table, column, sequence string
		if err := rows.Scan(&table, &column, &sequence); err != nil {
			return err
		}
		all = append(all, fmt.Sprintf("SELECT setval('%s', coalesce((SELECT max(%s) FROM %s), 0) + 1, false)", sequence, column, table))
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, s := range all {
		if _, err := db.write.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("store: sequences: %w", err)
		}
	}
	return nil
}

// rebuild makes the search index again from the messages. An answer that was
// being made gets its terms when it is found to be interrupted.
func (db *DB) rebuild(ctx context.Context) error {
	for last := ""; ; {
		batch, err := db.unindexed(ctx, last)
		if err != nil {
			return fmt.Errorf("store: make the search index: %w", err)
		}
		if len(batch) == 0 {
			return nil
		}
		err = db.Write(ctx, func(tx Q) error {
			for _, m := range batch {
				if err := index(ctx, tx, m.id, m.content); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("store: make the search index: %w", err)
		}
		last = batch[len(batch)-1].id
	}
}

type unindexed struct{ id, content string }

// rebuildBatch is how many messages are in memory at once.
const rebuildBatch = 200

func (db *DB) unindexed(ctx context.Context, after string) ([]unindexed, error) {
	rows, err := db.Query(ctx, `SELECT m.id, m.content FROM messages m LEFT JOIN message_terms t ON t.message = m.id
		WHERE m.status <> 'live' AND t.message IS NULL AND m.id > ? ORDER BY m.id LIMIT ?`, after, rebuildBatch)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []unindexed
	for rows.Next() {
		var m unindexed
		if err := rows.Scan(&m.id, &m.content); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
