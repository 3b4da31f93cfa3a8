package store_test

import (
	"context"
	"errors"
	"testing"

	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

func TestWriteRollsBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		insert := func(tx store.Q, id string) error {
			_, err := tx.Exec(ctx, `INSERT INTO nodes (id, started, seen, version) VALUES (?, ?, ?, ?)`, id, 1, 2, "v")
			return err
		}
		if err := db.Write(ctx, func(tx store.Q) error { return insert(tx, "a") }); err != nil {
			t.Fatal(err)
		}
		broken := errors.New("broken")
		err := db.Write(ctx, func(tx store.Q) error { return errors.Join(insert(tx, "b"), broken) })
		if !errors.Is(err, broken) {
			t.Fatalf("got %v, want the error of the function", err)
		}
		if err := db.Write(ctx, func(tx store.Q) error { return insert(tx, "a") }); !errors.Is(err, store.ErrConflict) {
			t.Errorf("the same key again: %v, want ErrConflict", err)
		}
		if n := count(t, db, "nodes"); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

func count(t testing.TB, db *store.DB, table string) (n int) {
	t.Helper()
	if err := db.QueryRow(context.Background(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestReadersCannotWrite(t *testing.T) {
	db := storetest.SQLite(t)
	if _, err := db.Exec(t.Context(), `INSERT INTO nodes (id, started, seen, version) VALUES ('a', 1, 2, 'v')`); err == nil {
		t.Error("a write outside Write was accepted")
	}
}

// Transactions that read what others write must behave as if they ran one
// after the other: no increment is lost.
func TestWritesAreSerial(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		err := db.Write(ctx, func(tx store.Q) error {
			_, err := tx.Exec(ctx, `INSERT INTO nodes (id, started, seen, version) VALUES ('n', 0, 0, '')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		const workers, rounds = 4, 10
		errs := make(chan error, workers)
		for range workers {
			go func() {
				var all error
				for range rounds {
					all = errors.Join(all, db.Write(ctx, func(tx store.Q) error {
						var n int
						if err := tx.QueryRow(ctx, `SELECT seen FROM nodes WHERE id = ?`, "n").Scan(&n); err != nil {
							return err
						}
						_, err := tx.Exec(ctx, `UPDATE nodes SET seen = ? WHERE id = ?`, n+1, "n")
						return err
					}))
				}
				errs <- all
			}()
		}
		for range workers {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		var n int
		if err := db.QueryRow(ctx, `SELECT seen FROM nodes`).Scan(&n); err != nil || n != workers*rounds {
			t.Errorf("%d increments arrived (%v), want %d", n, err, workers*rounds)
		}
	})
}
