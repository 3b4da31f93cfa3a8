package store

import (
	"context"
	"fmt"
)

// OpenAt opens the database at url with the schema that had these steps, for
// tests of what comes after.
func OpenAt(ctx context.Context, url string, steps []int64) (*DB, error) {
	db, err := connect(ctx, url, Options{}.withDefaults())
	if err != nil {
		return nil, err
	}
	return db, db.applySteps(ctx, steps)
}

// AllSteps lists the steps of the schema in order.
func (db *DB) AllSteps() (out []int64) {
	p, err := db.provider()
	if err != nil {
		panic(err)
	}
	for _, s := range p.ListSources() {
		out = append(out, s.Version)
	}
	return out
}

// Picture is count and checksum of each table's rows, in the columns that the
// table has when it is taken.
type Picture struct{ tables []tableInfo }

// Picture looks at all tables.
func (db *DB) Picture(ctx context.Context) (Picture, error) {
	list, err := tables(ctx, db.Q)
	if err != nil {
		return Picture{}, err
	}
	var p Picture
	for _, t := range list {
		info, err := db.sumOf(ctx, t)
		if err != nil {
			return p, err
		}
		p.tables = append(p.tables, info)
	}
	return p, nil
}

func (db *DB) sumOf(ctx context.Context, t table) (tableInfo, error) {
	info := tableInfo{table: t}
	var s sum
	for r, err := range t.rows(ctx, db.Q) {
		if err != nil {
			return info, err
		}
		line, err := r.encode()
		if err != nil {
			return info, err
		}
		s.add(line)
		info.Rows++
	}
	info.Sum = s.String()
	return info, nil
}

// Differences says which tables do not hold any more what p shows.
func (p Picture) Differences(ctx context.Context, db *DB) (out []string) {
	for _, was := range p.tables {
		if is, err := db.sumOf(ctx, was.table); err != nil || is.Sum != was.Sum {
			out = append(out, fmt.Sprintf("%s: had %d rows, has %d (%v)", was.Name, was.Rows, is.Rows, err))
		}
	}
	return out
}

// Rows is how many rows a table has in the picture.
func (p Picture) Rows(name string) int64 {
	for _, t := range p.tables {
		if t.Name == name {
			return t.Rows
		}
	}
	return 0
}

// Tables are the names of the tables in the picture.
func (p Picture) Tables() (out []string) {
	for _, t := range p.tables {
		out = append(out, t.Name)
	}
	return out
}
