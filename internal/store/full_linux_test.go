package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"malmoi/internal/blob"
	"malmoi/internal/converse"
	"malmoi/internal/store"
)

// smallDisk mounts a file system of so many bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	// Not below t.TempDir, which other users cannot enter.
	dir, err := os.MkdirTemp("", "malmoi-full-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Skipf("a disk that can be filled needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// occupy fills the disk but for about left bytes and returns how to free it.
func occupy(t *testing.T, dir string, left int64) (free func()) {
	t.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "other-program")
	if err := os.WriteFile(path, make([]byte, max(0, int64(st.Bavail)*st.Bsize-left)), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDiskFull fills the disk at different points while questions are written.
// Whatever was acknowledged stays, reads go on, and writes work again as soon
// as there is room.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, 24<<20)
	db := openURL(t, filepath.Join(dir, "malmoi.db"))
	fill(t, db, 1)
	c, me := db.Conversations(), converse.Owner("u0")
	if _, err := c.AddChat(t.Context(), me, converse.Chat{ID: "c", Title: "제목", Model: "m", Created: at(0), Updated: at(0)}); err != nil {
		t.Fatal(err)
	}
	written, next := map[string]bool{}, 0
	write := func() error {
		next++
		id := fmt.Sprintf("q%d", next)
		text := fmt.Sprintf("%d 번째 질문 ", next) + string(bytes.Repeat([]byte("가나다 "), 500))
		_, err := c.Begin(t.Context(), me, converse.Begin{Chat: "c", Question: question("c", id, "", text, next), Leaf: id, Model: "m", Now: at(next)})
		if err == nil {
			written[id] = true
		}
		return err
	}
	for round, left := range []int64{0, 4 << 10, 37 << 10, 100 << 10, 333 << 10} {
		free := occupy(t, dir, left)
		var err error
		for n := 0; err == nil && n < 1000; n++ {
			err = write()
		}
		if !errors.Is(err, store.ErrReadOnly) || !db.ReadOnly() || !db.Health(t.Context()).ReadOnly {
			t.Fatalf("round %d: %v, want ErrReadOnly and to know it", round, err)
		}
		if got, err := c.Messages(t.Context(), me, "c"); err != nil || len(got) != len(written) {
			t.Errorf("round %d: %d messages can be read (%v), want %d", round, len(got), err, len(written))
		}
		free()
		if err := write(); err != nil || db.ReadOnly() {
			t.Errorf("round %d: with room again: %v", round, err)
		}
	}
	if wrong, err := db.Check(t.Context()); err != nil || len(wrong) > 0 {
		t.Errorf("check: %v, %v", wrong, err)
	}
	got, err := c.Messages(t.Context(), me, "c")
	if err != nil || len(got) != len(written) {
		t.Errorf("%d messages (%v), want %d", len(got), err, len(written))
	}
	for _, m := range got {
		if !written[m.ID] {
			t.Errorf("message %s is there but was refused", m.ID)
		}
	}
}

func TestDiskFullDuringBackupAndUpload(t *testing.T) {
	dir := smallDisk(t, 16<<20)
	db := openURL(t, filepath.Join(dir, "malmoi.db"))
	fill(t, db, 2000)
	files, err := blob.OpenDir(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	kept, _, err := files.Put(t.Context(), bytes.NewReader(make([]byte, 100<<10)))
	if err != nil {
		t.Fatal(err)
	}
	free := occupy(t, dir, 60<<10)
	backup := filepath.Join(dir, "backup.zip")
	if _, err := db.Backup(t.Context(), backup, files, false); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("backup on a full disk: %v", err)
	}
	if _, _, err := files.Put(t.Context(), bytes.NewReader(bytes.Repeat([]byte("x"), 200<<10))); !errors.Is(err, blob.ErrFull) {
		t.Errorf("upload on a full disk: %v, want ErrFull", err)
	}
	for _, left := range []string{"backup.zip", "backup.zip.partial", "files/partial/*"} {
		if found, _ := filepath.Glob(filepath.Join(dir, left)); len(found) > 0 {
			t.Errorf("left behind: %v", found)
		}
	}
	r, err := files.Get(t.Context(), kept)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r); n != 100<<10 || err != nil {
		t.Errorf("the file from before: %d bytes, %v", n, err)
	}
	r.Close()
	free()
	if _, err := db.Backup(t.Context(), backup, files, false); err != nil {
		t.Errorf("backup with room again: %v", err)
	}
	if report, err := store.Verify(t.Context(), backup); err != nil || report.Blobs != 1 {
		t.Errorf("verify: %+v, %v", report, err)
	}
	if _, _, err := files.Put(t.Context(), bytes.NewReader(make([]byte, 200<<10))); err != nil {
		t.Errorf("upload with room again: %v", err)
	}
}
