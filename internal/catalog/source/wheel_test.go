package source

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// makeWheel zips members in order: name, content, name, content.
func makeWheel(t testing.TB, members ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func saveWheel(t testing.TB, dir, name string, members ...string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, makeWheel(t, members...), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWheelMembers(t *testing.T) {
	data := makeWheel(t, "p/__init__.py", "print()", "p/data/part01.bin", "0123456789", "p/data/part02.bin", "x", "../evil.bin", "boo")
	w, err := readWheel(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	m, err := w.member("*/data/part01.bin")
	if err != nil {
		t.Fatal(err)
	}
	for skip := range int64(11) {
		var b strings.Builder
		n, err := copyMember(&b, m, skip)
		if err != nil || b.String() != "0123456789"[skip:] || n != 10-skip {
			t.Fatalf("skip %d: %q %d %v", skip, b.String(), n, err)
		}
	}
	for _, pattern := range []string{"*/data/part*.bin", "nothing", "["} {
		if _, err := w.member(pattern); err == nil {
			t.Errorf("pattern %q found one member", pattern)
		}
	}
}

func TestBrokenWheels(t *testing.T) {
	data := makeWheel(t, "p/data/part01.bin", strings.Repeat("hello ", 100))
	for n := 0; n < len(data); n += 7 {
		if w, err := readWheel(bytes.NewReader(data[:n]), int64(n)); err == nil {
			t.Fatalf("%d bytes of %d are a wheel: %v", n, len(data), w)
		}
	}
	// Bytes that lie: every flip is an error or harmless, never other content.
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 0x10
		w, err := readWheel(bytes.NewReader(bad), int64(len(bad)))
		if err != nil {
			continue
		}
		m, err := w.member("p/data/*")
		if err != nil {
			continue
		}
		var b strings.Builder
		if _, err := copyMember(&b, m, 0); err == nil && b.String() != strings.Repeat("hello ", 100) {
			t.Fatalf("flip at %d went unseen", i)
		}
	}
}

func FuzzWheel(f *testing.F) {
	f.Add(makeWheel(f, "p/data/part01.bin", "0123456789"), "*/data/part*.bin")
	f.Add(makeWheel(f, "a", "", "a", "twice"), "a")
	f.Add([]byte("PK\x05\x06"+strings.Repeat("\x00", 18)), "*")
	f.Fuzz(func(t *testing.T, data []byte, pattern string) {
		w, err := readWheel(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		m, err := w.member(pattern)
		if err != nil {
			return
		}
		if m.UncompressedSize64 > 1<<24 {
			return // allowed, but slow to read here
		}
		n, err := copyMember(io.Discard, m, 0)
		if n > int64(m.UncompressedSize64) {
			t.Fatalf("%d bytes out of a member of %d: %v", n, m.UncompressedSize64, err)
		}
	})
}

func FuzzListing(f *testing.F) {
	f.Add([]byte(`{"sha":"0123456789abcdef0123456789abcdef01234567","gated":"auto","siblings":[{"rfilename":"a.gguf","size":3,"lfs":{"sha256":"x","size":3}}]}`))
	f.Add([]byte(`{"sha":"0123456789abcdef0123456789abcdef01234567","cardData":{"license":["mit"],"license_link":"javascript:1"},"siblings":[{"rfilename":"../x","size":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseListing("a/b", data)
		if err != nil {
			return
		}
		if !strings.HasPrefix(l.Licence.URL, "https://") {
			t.Fatalf("licence at %q", l.Licence.URL)
		}
		_, _, _ = l.Pick("")
		_, _, _ = l.Pick("q4_k_m")
	})
}
