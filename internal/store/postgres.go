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
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(maxConns)
	pool.SetMaxIdleConns(idleConns)
	pool.SetConnMaxLifetime(connLifetime)
	pool.SetConnMaxIdleTime(connIdle)
	where := net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database
	if err := ping(ctx, pool, where); err != nil {
		return nil, err
	}
	db := newDB(pool, Postgres, o)
	db.path, db.config = where, config
	return db, nil
}

func setDefault(m map[string]string, key, value string) {
	if _, ok := m[key]; !ok {
		m[key] = value
	}
}
