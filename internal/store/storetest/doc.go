// Package storetest gives tests a database: a fresh SQLite file and a fresh
// database of a real Postgres server that it starts itself. It knows nothing of
// the tables.
package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"malmoi/internal/store"
)

// Each runs f on a new, empty database of each kind, as sub-tests "sqlite" and
// "postgres". Where this machine has no Postgres the second is skipped with the
// reason, unless MALMOI_POSTGRES=required.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}

// SQLite returns a new database in a file of the test's own folder.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	return open(t, SQLiteURL(t))
}

// SQLiteURL is the address of a file that does not exist yet.
func SQLiteURL(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "malmoi.db")
}

// Postgres returns a new database with the schema in it, or skips the test.
func Postgres(t testing.TB) *store.DB {
	t.Helper()
	return open(t, PostgresURL(t))
}

// PostgresURL is the address of a new database without a schema, which is
// dropped at the end of the test. It skips the test where there is no Postgres.
func PostgresURL(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		if !errors.Is(err, errNone) || os.Getenv("MALMOI_POSTGRES") == "required" {
			t.Fatalf("%v (tools/postgres.sh installs it)", err)
		}
		t.Skipf("%v (tools/postgres.sh installs it)", err)
	}
	url, drop, err := s.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(drop)
	return url
}

func open(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}
