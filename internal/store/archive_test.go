package store_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// kindsOfDatabase are the addresses of new, empty databases of each kind.
var kindsOfDatabase = map[string]func(testing.TB) string{
	"sqlite":   storetest.SQLiteURL,
	"postgres": storetest.PostgresURL,
}

func openURL(t testing.TB, url string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// fill puts rows with hard values into the tables of accounts, n of each.
func fill(t testing.TB, db *store.DB, n int) {
	t.Helper()
	ctx := t.Context()
	err := db.Write(ctx, func(tx store.Q) error {
		for i := range n {
			id := fmt.Sprintf("u%d", i)
			// Children before their parents in the order of the tables' names.
			if _, err := tx.Exec(ctx, `INSERT INTO users (id, login, name, email, role, disabled, hash, provider, subject, tokens_per_day, requests_per_day, created, seen)
				VALUES (?, ?, ?, ?, 'member', ?, '', '', '', -1, ?, ?, 0)`,
				id, "login"+id, "홍길동 \"<&>\"\n\u2028 한글 é", "a@b", i%2, int64(1)<<62+int64(i), i); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO sessions (id, user_id, hash, created, seen, expires, address, agent) VALUES (?, ?, ?, 1, 2, 3, '', '')`, id, id, id); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO ledger (day, user_id, model, requests, prompt_tokens, cached_tokens, completion_tokens, cost_krw)
				VALUES ('2026-11-24', ?, 'm', 1, 2, 3, 4, ?)`, id, 0.1+float64(i)/3); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO audit (id, at, actor, actor_name, action, target, address, detail) VALUES (?, 1, '', '', 'x', '', '', '')`, i+1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// contents are count and checksum of every table, from a backup.
func contents(t testing.TB, db *store.DB) map[string]string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "contents.zip")
	if _, err := db.Backup(t.Context(), path, nil, false); err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Tables []struct {
			Name, Sum string
			Rows      int
		}
	}
	if err := json.NewDecoder(f).Decode(&m); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, table := range m.Tables {
		out[table.Name] = fmt.Sprintf("%d rows %s", table.Rows, table.Sum)
	}
	if !strings.HasPrefix(out["users"], fmt.Sprint(count(t, db, "users"), " rows")) {
		t.Fatalf("backup says users: %s, the table has %d", out["users"], count(t, db, "users"))
	}
	return out
}

func TestBackupAndRestoreAcrossDatabases(t *testing.T) {
	for from, newFrom := range kindsOfDatabase {
		for to, newTo := range kindsOfDatabase {
			t.Run(from+" to "+to, func(t *testing.T) {
				src, url := openURL(t, newFrom(t)), newTo(t)
				fill(t, src, 30)
				talk(t, src, "u1", 20)
				path := filepath.Join(t.TempDir(), "backup.zip")
				made, err := src.Backup(t.Context(), path, nil, false)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := src.Backup(t.Context(), path, nil, false); err == nil {
					t.Error("a second backup went over the first")
				}
				old := openURL(t, url)
				fill(t, old, 2)
				old.Close()
				report, err := store.Restore(t.Context(), path, url, nil, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				if report.Rows() != made.Rows() || report.Kept == "" {
					t.Errorf("restored %+v, want %d rows and the old database kept", report, made.Rows())
				}
				got := openURL(t, url)
				if a, b := contents(t, src), contents(t, got); !reflect.DeepEqual(a, b) {
					t.Errorf("restored:\n%v\nwant:\n%v", b, a)
				}
				if found, err := got.Conversations().Search(t.Context(), "u1", "수도", 100); err != nil || len(found) != 20 {
					t.Errorf("a search finds %d messages (%v), want 20", len(found), err)
				}
				if wrong, err := got.Check(t.Context()); err != nil || len(wrong) > 0 {
					t.Errorf("check: %v, %v", wrong, err)
				}
				broken := got.Write(t.Context(), func(tx store.Q) error {
					_, err := tx.Exec(t.Context(), `INSERT INTO sessions (id, user_id, hash, created, seen, expires, address, agent) VALUES ('x', 'nobody', 'x', 1, 2, 3, '', '')`)
					return err
				})
				if broken == nil {
					t.Error("the restored database does not check references")
				}
			})
		}
	}
}

func TestMove(t *testing.T) {
	from, to := storetest.SQLiteURL(t), storetest.PostgresURL(t)
	src := openURL(t, from)
	fill(t, src, 10)
	want := contents(t, src)
	if _, err := store.Move(t.Context(), from, to, false, store.Options{}); err != nil {
		t.Fatal(err)
	}
	moved := openURL(t, to)
	if got := contents(t, moved); !reflect.DeepEqual(got, want) {
		t.Errorf("moved:\n%v\nwant:\n%v", got, want)
	}
	if _, err := store.Move(t.Context(), from, to, false, store.Options{}); !errors.Is(err, store.ErrConflict) {
		t.Errorf("over accounts: %v, want ErrConflict", err)
	}
	moved.Close()
	report, err := store.Move(t.Context(), from, to, true, store.Options{})
	if err != nil || !strings.HasPrefix(report.Kept, "schema malmoi_before_") {
		t.Errorf("over accounts, asked for: %+v, %v", report, err)
	}
	if got := contents(t, openURL(t, to)); !reflect.DeepEqual(got, want) {
		t.Errorf("moved again:\n%v\nwant:\n%v", got, want)
	}
}

func TestMoveRefusesWhatIsServed(t *testing.T) {
	from := storetest.SQLiteURL(t)
	db, err := store.Open(t.Context(), from, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := store.Move(t.Context(), from, storetest.SQLiteURL(t), false, store.Options{}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a served SQLite: %v, want ErrInUse", err)
	}
	if _, err := store.Open(t.Context(), from, store.Options{Serve: true}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("a second server: %v, want ErrInUse", err)
	}
}

// Every damaged byte of a backup is found before anything is replaced.
func TestDamagedBackupChangesNothing(t *testing.T) {
	url := storetest.SQLiteURL(t)
	db := openURL(t, url)
	fill(t, db, 5)
	path := filepath.Join(t.TempDir(), "backup.zip")
	if _, err := db.Backup(t.Context(), path, nil, false); err != nil {
		t.Fatal(err)
	}
	before := contents(t, db)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	directory := bytes.LastIndex(whole, []byte("PK\x01\x02"))
	damaged := 0
	for at := 0; at < directory; at += 1 + len(whole)/97 {
		bad := bytes.Clone(whole)
		bad[at] ^= 0x20
		file := filepath.Join(t.TempDir(), "bad.zip")
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		// A byte of a time stamp in the zip's own headers means nothing.
		if _, err := store.Verify(t.Context(), file); err == nil {
			continue
		}
		damaged++
		if _, err := store.Restore(t.Context(), file, url, nil, store.Options{}); err == nil {
			t.Fatalf("byte %d: Verify refuses it, Restore does not", at)
		}
	}
	if damaged < 40 {
		t.Errorf("only %d of 97 damages were found", damaged)
	}
	if got := contents(t, openURL(t, url)); !reflect.DeepEqual(got, before) {
		t.Errorf("the database changed: %v, was %v", got, before)
	}
}

func TestBackupOfANewerProgramIsRefused(t *testing.T) {
	url := storetest.SQLiteURL(t)
	db := openURL(t, url)
	err := db.Write(t.Context(), func(tx store.Q) error {
		_, err := tx.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup.zip")
	if _, err := db.Backup(t.Context(), path, nil, false); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Restore(t.Context(), path, storetest.SQLiteURL(t), nil, store.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("restore: %v, want ErrNewer", err)
	}
	if _, err := store.Open(t.Context(), url, store.Options{}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("open: %v, want ErrNewer", err)
	}
}
