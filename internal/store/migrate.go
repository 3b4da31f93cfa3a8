package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The schema of each database, as numbered steps. Numbers below 100 belong to
// the site, 1xx to accounts, 2xx to conversations.
//
//go:embed migrations
var migrations embed.FS

// provider runs the steps that a database lacks. Steps of different rooms are
// numbered apart, so a lower number may well be the newer step.
func (db *DB) provider() (*goose.Provider, error) {
	steps, err := fs.Sub(migrations, "migrations/"+string(db.dialect))
	if err != nil {
		return nil, err
	}
	o := []goose.ProviderOption{goose.WithAllowOutofOrder(true), goose.WithDisableGlobalRegistry(true)}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
		session, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, migrateWaitSeconds))
		if err != nil {
			return nil, err
		}
		o = append(o, goose.WithSessionLocker(session))
	}
	return goose.NewProvider(dialect, db.write, steps, o...)
}

// migrateWaitSeconds is how long a process waits while another one migrates.
const migrateWaitSeconds = 300

// migrate runs what is missing, after a look whether the schema is one this
// program knows. Of several processes that start together one migrates and the
// others wait.
func (db *DB) migrate(ctx context.Context) error {
	missing, err := db.missing(ctx)
	if err != nil || len(missing) == 0 {
		return err
	}
	release, err := db.lockForMigration(ctx)
	if err != nil {
		return err
	}
	defer release()
	// Who had the lock before may have done the work; a database that is made
	// already is not copied and changed once more.
	if missing, err = db.missing(ctx); err != nil || len(missing) == 0 {
		return err
	}
	if err := db.backupBeforeMigration(ctx); err != nil {
		return err
	}
	p, err := db.provider()
	if err != nil {
		return fmt.Errorf("store: schema: %w", err)
	}
	done, err := p.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: schema of %s: %w", db.path, db.explain(err))
	}
	for _, r := range done {
		db.log.Info("the schema is changed", "database", db.path, "step", r.Source.Version, "took", r.Duration.Round(time.Millisecond))
	}
	return nil
}

// missing lists the steps that this database lacks.
func (db *DB) missing(ctx context.Context) ([]int64, error) {
	p, err := db.provider()
	if err != nil {
		return nil, fmt.Errorf("store: schema: %w", err)
	}
	applied, err := db.applied(ctx)
	if err != nil {
		return nil, err
	}
	return compare(applied, p.ListSources())
}

// applied lists the steps that were run on this database, in ascending order;
// none if it is new.
func (db *DB) applied(ctx context.Context) ([]int64, error) {
	return db.appliedBy(ctx, Q{db.write, db.dialect})
}

func (db *DB) appliedBy(ctx context.Context, q Q) ([]int64, error) {
	exists := `SELECT count(*) FROM sqlite_master WHERE name = 'goose_db_version'`
	if db.dialect == Postgres {
		exists = `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'goose_db_version'`
	}
	var n int
	if err := q.QueryRow(ctx, exists).Scan(&n); err != nil {
		return nil, fmt.Errorf("store: schema of %s: %w", db.path, err)
	}
	if n == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `SELECT DISTINCT version_id FROM goose_db_version WHERE version_id > 0 ORDER BY version_id`)
	if err != nil {
		return nil, fmt.Errorf("store: schema of %s: %w", db.path, err)
	}
	defer rows.Close()
	var out []int64
	for rows.Next() {
		var v int64
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// compare returns the known steps that were not applied, and ErrNewer if one
// was applied that is not known.
func compare(applied []int64, known []*goose.Source) (missing []int64, err error) {
	have := map[int64]bool{}
	for _, s := range known {
		have[s.Version] = true
		if !slices.Contains(applied, s.Version) {
			missing = append(missing, s.Version)
		}
	}
	for _, v := range applied {
		if !have[v] {
			return nil, fmt.Errorf("store: %w: this program does not know step %d of its schema; use the newer program, or restore the backup made before the change", ErrNewer, v)
		}
	}
	return missing, nil
}
