package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Beat is how often a process says that it lives; forgetNode is when one that
// ended without a word is forgotten.
const (
	Beat       = 5 * time.Second
	forgetNode = 24 * time.Hour
	beatTime   = 10 * time.Second // for one attempt
)

// Node is a process of the site.
type Node struct {
	ID      string
	Started time.Time
	Seen    time.Time
	Version string
}

// Heartbeat says every few seconds that the process id lives, until ctx ends;
// then it takes the process off the list. It is also the write that finds out
// that a full disk has room again.
func (db *DB) Heartbeat(ctx context.Context, id, version string) {
	started := db.now()
	for {
		if err := db.beat(ctx, Node{ID: id, Started: started, Version: version}); err != nil && ctx.Err() == nil && !db.ReadOnly() {
			db.log.Warn("the database does not take the heartbeat", "error", err)
		}
		if sleep(ctx, Beat) != nil {
			break
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beatTime)
	defer cancel()
	_ = db.Write(ctx, func(tx Q) error {
		_, err := tx.Exec(ctx, `DELETE FROM nodes WHERE id = ?`, id)
		return err
	})
}

func (db *DB) beat(ctx context.Context, n Node) error {
	ctx, cancel := context.WithTimeout(ctx, beatTime)
	defer cancel()
	now := db.now()
	return db.Write(ctx, func(tx Q) error {
		if _, err := tx.Exec(ctx, `INSERT INTO nodes (id, started, seen, version) VALUES (?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET seen = excluded.seen`, n.ID, n.Started.UnixMilli(), now.UnixMilli(), n.Version); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM nodes WHERE seen < ?`, now.Add(-forgetNode).UnixMilli())
		return err
	})
}

// Nodes lists the processes that were seen within forgetNode, the newest
// first. One is alive if it was seen a few Beats ago.
func (db *DB) Nodes(ctx context.Context) ([]Node, error) {
	rows, err := db.Query(ctx, `SELECT id, started, seen, version FROM nodes ORDER BY started DESC, id`)
	if err != nil {
		return nil, fmt.Errorf("store: nodes: %w", err)
	}
	defer rows.Close()
	var out []Node
	for rows.Next() {
		var n Node
		var started, seen int64
		if err := rows.Scan(&n.ID, &started, &seen, &n.Version); err != nil {
			return nil, fmt.Errorf("store: nodes: %w", err)
		}
		n.Started, n.Seen = time.UnixMilli(started), time.UnixMilli(seen)
		out = append(out, n)
	}
	return out, rows.Err()
}

// Health is how the database is doing.
type Health struct {
	Kind                Dialect
	OK                  bool // it answers
	ReadOnly            bool // it takes no writes
	Bytes               int64
	Schema              int64 // the highest step
	DiskFree, DiskTotal int64 // of the file system of a SQLite file; 0 where it is not known
	Nodes               []Node
}

// healthTime bounds the wait for a database that does not answer.
const healthTime = 5 * time.Second

// Health asks the database. What it cannot find out is zero.
func (db *DB) Health(ctx context.Context) Health {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	h := Health{Kind: db.dialect, ReadOnly: db.ReadOnly()}
	var err error
	if h.Nodes, err = db.Nodes(ctx); err != nil {
		return h
	}
	h.OK = true
	if steps, err := db.appliedBy(ctx, db.Q); err == nil && len(steps) > 0 {
		h.Schema = slices.Max(steps)
	}
	if db.dialect == Postgres {
		_ = db.QueryRow(ctx, `SELECT pg_database_size(current_database())`).Scan(&h.Bytes)
		return h
	}
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(db.path + suffix); err == nil {
			h.Bytes += info.Size()
		}
	}
	h.DiskFree, h.DiskTotal = diskSpace(filepath.Dir(db.path))
	return h
}
