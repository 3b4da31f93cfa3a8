package store

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Settings of the pool of connections to Postgres.
const (
	maxConns     = 16
	idleConns    = 4
	connLifetime = time.Hour
	connIdle     = 5 * time.Minute
	idleInTxMS   = 60_000 // the server ends a transaction that does nothing this long
)

func connectPostgres(ctx context.Context, url string, o Options) (*DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("store: the address of the database: %w", err) // pgx leaves the password out
	}
	setDefault(config.RuntimeParams, "application_name", "malmoi")
	setDefault(config.RuntimeParams, "idle_in_transaction_session_timeout", strconv.Itoa(idleInTxMS))
	db := openPostgres(config, o)
	if err := ping(ctx, db.write, db.path); err != nil {
		return nil, err
	}
	return db, nil
}

func openPostgres(config *pgx.ConnConfig, o Options) *DB {
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(idleConns)
	pool.SetConnMaxLifetime(connLifetime)
	pool.SetConnMaxIdleTime(connIdle)
	db := newDB(pool, Postgres, o)
	db.path = net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database
	db.config = config
	return db
}

func setDefault(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}
