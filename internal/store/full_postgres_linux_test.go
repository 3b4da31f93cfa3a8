package store_test

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"testing"

	"malmoi/internal/converse"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

// The tables of a Postgres lie on a disk that fills up; its log does not, for
// a server that cannot write its log ends itself.
func TestDiskFullOfPostgres(t *testing.T) {
	dir := smallDisk(t, 48<<20) // unmounted after the database is dropped
	url := storetest.PostgresURL(t)
	giveToServer(t, dir)
	space := "full" + strconv.Itoa(os.Getpid())
	prepare := openURL(t, url)
	for _, s := range []string{
		`DROP SCHEMA public CASCADE`, `CREATE SCHEMA public`,
	} {
		mustExec(t, prepare, s)
	}
	// Outside a transaction, as Postgres wants it.
	if _, err := prepare.Exec(t.Context(), `CREATE TABLESPACE `+space+` LOCATION '`+dir+`'`); err != nil {
		t.Fatal(err)
	}
	mustExec(t, prepare, `DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || ' SET default_tablespace = `+space+`'; END $$`)
	prepare.Close()

	db := openURL(t, url)
	fill(t, db, 1)
	c, me := db.Conversations(), converse.Owner("u0")
	if _, err := c.AddChat(t.Context(), me, converse.Chat{ID: "c", Title: "제목", Model: "m", Created: at(0), Updated: at(0)}); err != nil {
		t.Fatal(err)
	}
	n := 0
	write := func() error {
		text := fmt.Sprintf("%d 번째 질문 ", n) + strings.Repeat("가나다 ", 500)
		_, err := c.Begin(t.Context(), me, converse.Begin{Chat: "c", Question: question("c", fmt.Sprintf("q%d", n), "", text, n), Leaf: "q", Model: "m", Now: at(n)})
		if err == nil {
			n++
		}
		return err
	}
	free := occupy(t, dir, 256<<10)
	var err error
	for err == nil && n < 3000 {
		err = write()
	}
	if !errors.Is(err, store.ErrReadOnly) || !db.ReadOnly() {
		t.Fatalf("after %d messages: %v, want ErrReadOnly and to know it", n, err)
	}
	if got, err := c.Messages(t.Context(), me, "c"); err != nil || len(got) != n {
		t.Errorf("%d messages can be read (%v), want %d", len(got), err, n)
	}
	free()
	if err := write(); err != nil || db.ReadOnly() {
		t.Errorf("with room again: %v", err)
	}
	if got, err := c.Messages(t.Context(), me, "c"); err != nil || len(got) != n {
		t.Errorf("%d messages (%v), want %d", len(got), err, n)
	}
	if wrong, err := db.Check(t.Context()); err != nil || len(wrong) > 0 {
		t.Errorf("check: %v, %v", wrong, err)
	}
}

func mustExec(t *testing.T, db *store.DB, statement string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx store.Q) error {
		_, err := tx.Exec(t.Context(), statement)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// giveToServer lets the user of the test server write into a mounted folder.
func giveToServer(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
		return
	}
}
