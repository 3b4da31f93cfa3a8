package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// steps are the names of the schema's steps in one database.
func steps(t *testing.T, d Dialect) (out []string) {
	t.Helper()
	entries, err := fs.ReadDir(migrations, "migrations/"+string(d))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A copy travels between the databases by the numbers of its steps.
func TestBothDatabasesHaveTheSameSteps(t *testing.T) {
	if a, b := steps(t, SQLite), steps(t, Postgres); !slices.Equal(a, b) {
		t.Errorf("SQLite has %v, Postgres %v", a, b)
	}
}

func TestConcurrentStartersMigrateOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "malmoi.db")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			db, err := Open(context.Background(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			var n int
			err = db.QueryRow(context.Background(), `SELECT count(*) FROM goose_db_version WHERE version_id > 0`).Scan(&n)
			if err != nil || n != len(steps(t, SQLite)) {
				t.Errorf("%d steps are written down (%v), want %d", n, err, len(steps(t, SQLite)))
			}
		})
	}
	all.Wait()
}

// pretendOld takes the last steps of the schema back.
func pretendOld(t *testing.T, path string, to int64) {
	t.Helper()
	db, err := connectSQLite(t.Context(), path, Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p, err := db.provider()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), to); err != nil {
		t.Fatal(err)
	}
}

func TestCopiesBeforeTheSchemaChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "malmoi.db")
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	open := func() {
		now = now.Add(time.Hour)
		db, err := Open(t.Context(), path, Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open()
	if _, err := os.Stat(filepath.Join(dir, "backups")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a new database was copied: %v", err)
	}
	for range keepAside + 2 {
		pretendOld(t, path, 1)
		open()
	}
	open() // nothing to change: no copy
	copies, err := filepath.Glob(filepath.Join(dir, "backups", "*"))
	if err != nil || len(copies) != keepAside {
		t.Fatalf("copies: %v, want %d", copies, keepAside)
	}
	if want := "malmoi-20261124T150000.000-step1.db"; filepath.Base(copies[keepAside-1]) != want {
		t.Errorf("the newest copy is %s, want %s", copies[keepAside-1], want)
	}
	old, err := connectSQLite(t.Context(), copies[0], Options{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if applied, err := old.applied(t.Context()); err != nil || !slices.Equal(applied, []int64{1}) {
		t.Errorf("the copy has steps %v (%v), want those from before", applied, err)
	}
}

func TestNetworkDisksAreRefused(t *testing.T) {
	for kind := range networkDisks {
		err := networkDisk("/mnt/share", kind)
		if !errors.Is(err, ErrNetworkDisk) || !strings.Contains(err.Error(), "postgres://") {
			t.Errorf("%#x: %v, want ErrNetworkDisk with advice", kind, err)
		}
	}
	if err := refuseNetworkDisk(t.TempDir()); err != nil {
		t.Errorf("a local folder: %v", err)
	}
}

func TestServedDatabaseIsNotMigratedUnderneath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "malmoi.db")
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	pretendOld(t, path, 1)
	lock, err := lockFile(path + ".lock") // an older program serves it
	if err != nil {
		t.Fatal(err)
	}
	defer lock.unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, path, Options{}); err == nil {
		t.Error("the schema was changed under a running server")
	}
}

func TestReadOnlyFileSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "malmoi.db")
	db, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.write.Exec("PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), func(tx Q) error {
		_, err := tx.Exec(t.Context(), `DELETE FROM nodes`)
		return err
	})
	if !errors.Is(err, ErrReadOnly) || !db.ReadOnly() {
		t.Errorf("%v, want ErrReadOnly", err)
	}
	if _, err := db.write.Exec("PRAGMA query_only = 0"); err != nil {
		t.Fatal(err)
	}
	err = db.beat(t.Context(), Node{ID: "n"})
	if err != nil || db.ReadOnly() {
		t.Errorf("the heartbeat did not end it: %v", fmt.Sprint(err))
	}
}
