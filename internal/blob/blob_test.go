package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// each runs a contract on a folder and on a bucket of a server that speaks S3.
// damage changes a byte of a blob behind the store's back; limit sets the size
// of the largest.
func each(t *testing.T, f func(t *testing.T, s Store, damage func(digest string), limit func(int64))) {
	t.Run("dir", func(t *testing.T) {
		dir := t.TempDir()
		s, err := OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		f(t, s, func(digest string) {
			if err := os.WriteFile(filepath.Join(dir, digest[:2], digest), []byte("other"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, func(n int64) { s.limit = n })
	})
	t.Run("s3", func(t *testing.T) {
		backend := s3mem.New()
		if err := backend.CreateBucket("files"); err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(gofakes3.New(backend).Server())
		t.Cleanup(server.Close)
		host := strings.TrimPrefix(server.URL, "http://")
		opened, err := Open(t.Context(), "s3://key:secret@"+host+"/files/some/where?insecure=1&region=us-east-1")
		if err != nil {
			t.Fatal(err)
		}
		s := opened.(*S3)
		f(t, s, func(digest string) {
			if _, err := backend.PutObject("files", s.name(digest), map[string]string{}, strings.NewReader("other"), 5, nil); err != nil {
				t.Fatal(err)
			}
		}, func(n int64) { s.limit = n })
	})
}

func put(t *testing.T, s Store, data []byte) string {
	t.Helper()
	digest, size, err := s.Put(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want := sha256.Sum256(data)
	if digest != hex.EncodeToString(want[:]) || size != int64(len(data)) {
		t.Fatalf("put %d bytes: %s, %d", len(data), digest, size)
	}
	return digest
}

func get(t *testing.T, s Store, digest string) ([]byte, error) {
	t.Helper()
	r, err := s.Get(t.Context(), digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func list(t *testing.T, s Store) (out []string) {
	t.Helper()
	for digest, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, digest)
	}
	slices.Sort(out)
	return out
}

func TestKeeps(t *testing.T) {
	each(t, func(t *testing.T, s Store, damage func(string), limit func(int64)) {
		var want []string
		for _, data := range [][]byte{{}, []byte("한글"), bytes.Repeat([]byte("0123456789"), 300_000)} {
			digest := put(t, s, data)
			if again := put(t, s, data); again != digest {
				t.Errorf("the same bytes: %s and %s", digest, again)
			}
			if got, err := get(t, s, digest); err != nil || !bytes.Equal(got, data) {
				t.Errorf("got %d bytes (%v), want %d", len(got), err, len(data))
			}
			want = append(want, digest)
		}
		slices.Sort(want)
		if got := list(t, s); !slices.Equal(got, want) {
			t.Errorf("list: %v, want %v", got, want)
		}
		for range s.List(t.Context()) {
			break // stopping early is allowed
		}
		damage(want[0])
		if _, err := get(t, s, want[0]); !errors.Is(err, ErrDamaged) {
			t.Errorf("damaged: %v, want ErrDamaged", err)
		}
		for range 2 {
			if err := s.Delete(t.Context(), want[0]); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		if _, err := get(t, s, want[0]); !errors.Is(err, ErrNotFound) || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("deleted: %v, want ErrNotFound", err)
		}
		if got := list(t, s); !slices.Equal(got, want[1:]) {
			t.Errorf("list: %v, want %v", got, want[1:])
		}
	})
}

func TestRefuses(t *testing.T) {
	each(t, func(t *testing.T, s Store, damage func(string), limit func(int64)) {
		for _, digest := range []string{"", "..", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63), strings.Repeat("a", 62) + "/a"} {
			if _, err := get(t, s, digest); !errors.Is(err, ErrNotFound) {
				t.Errorf("get %q: %v, want ErrNotFound", digest, err)
			}
			if err := s.Delete(t.Context(), digest); err != nil {
				t.Errorf("delete %q: %v", digest, err)
			}
		}
		limit(10)
		put(t, s, make([]byte, 10))
		if _, _, err := s.Put(t.Context(), bytes.NewReader(make([]byte, 11))); !errors.Is(err, ErrTooLarge) {
			t.Errorf("11 of 10 bytes: %v, want ErrTooLarge", err)
		}
		broken := io.MultiReader(strings.NewReader("half"), badReader{})
		if _, _, err := s.Put(t.Context(), broken); !errors.Is(err, errBroken) {
			t.Errorf("a broken upload: %v", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := s.Put(ended, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
			t.Errorf("a cancelled upload: %v", err)
		}
		if got := list(t, s); len(got) != 1 {
			t.Errorf("%d blobs are left, want 1", len(got))
		}
	})
}

var errBroken = errors.New("broken")

type badReader struct{}

func (badReader) Read([]byte) (int, error) { return 0, errBroken }

func TestManyWriters(t *testing.T) {
	each(t, func(t *testing.T, s Store, damage func(string), limit func(int64)) {
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				if _, _, err := s.Put(context.Background(), strings.NewReader(strings.Repeat("x", i%4))); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := list(t, s); len(got) != 4 {
			t.Errorf("%d blobs, want 4", len(got))
		}
	})
}

func TestPartialFilesAreNotBlobs(t *testing.T) {
	dir := t.TempDir()
	s, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, _, err = s.Put(t.Context(), io.MultiReader(strings.NewReader("half"), badReader{}))
	if !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(dir, partials))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestParseS3(t *testing.T) {
	o, err := ParseS3("s3://key:s%2Fcret@store.local:9000/files/a/b?region=kr&insecure=1")
	want := S3Options{"store.local:9000", true, "kr", "files", "a/b", "key", "s/cret"}
	if err != nil || o != want {
		t.Errorf("got %+v, %v; want %+v", o, err, want)
	}
	for _, bad := range []string{"s3://", "s3://host", "s3://host/", "http://host/bucket", "s3://k:very-secret%zz@h/b"} {
		if _, err := ParseS3(bad); err == nil || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
