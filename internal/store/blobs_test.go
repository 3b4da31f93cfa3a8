package store_test

import (
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"malmoi/internal/blob"
	"malmoi/internal/store"
	"malmoi/internal/store/storetest"
)

func openFiles(t *testing.T, contents ...string) (s *blob.Dir, digests []string) {
	t.Helper()
	s, err := blob.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for _, c := range contents {
		digest, _, err := s.Put(t.Context(), strings.NewReader(c))
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest)
	}
	return s, digests
}

func TestFilesGoWithTheRows(t *testing.T) {
	db := storetest.SQLite(t)
	contents := []string{"", "한글 파일", string(bytes.Repeat([]byte{0, 1, 2}, 100_000))}
	files, digests := openFiles(t, contents...)
	full, listed := filepath.Join(t.TempDir(), "full.zip"), filepath.Join(t.TempDir(), "listed.zip")
	for path, listOnly := range map[string]bool{full: false, listed: true} {
		r, err := db.Backup(t.Context(), path, files, listOnly)
		if err != nil || r.Blobs != 3 || r.BlobBytes != int64(len(contents[1])+len(contents[2])) {
			t.Fatalf("backup: %+v, %v", r, err)
		}
		if r, err := store.Verify(t.Context(), path); err != nil || r.Blobs != 3 {
			t.Errorf("verify: %+v, %v", r, err)
		}
	}
	// A backup that only lists its files needs them to be there.
	empty, _ := openFiles(t)
	url := storetest.SQLiteURL(t)
	if _, err := store.Restore(t.Context(), listed, url, empty, store.Options{}); err == nil || !strings.Contains(err.Error(), "copy the blobs back") {
		t.Errorf("restore without files: %v", err)
	}
	if _, err := store.Restore(t.Context(), listed, url, files, store.Options{}); err != nil {
		t.Errorf("restore beside the files: %v", err)
	}
	if _, err := store.Restore(t.Context(), full, url, empty, store.Options{}); err != nil {
		t.Fatal(err)
	}
	for i, digest := range digests {
		r, err := empty.Get(t.Context(), digest)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		r.Close()
		if err != nil || string(got) != contents[i] {
			t.Errorf("file %d came back with %d bytes (%v), want %d", i, len(got), err, len(contents[i]))
		}
	}
}
