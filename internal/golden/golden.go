// Package golden finds the reference vectors that lie beside a checkout, for
// tests only. They are not part of the repository: where the folder lies
// beside it the tests run and a missing file is a failure; where it does not,
// the tests that need it are skipped and the packages' own fixtures judge.
package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// Root returns the repository's root: the nearest parent with a go.mod.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("golden: no go.mod in any parent folder")
		}
		dir = parent
	}
}

// Dir returns the folder of reference vectors, or skips the test where the
// checkout has none beside it.
func Dir(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(Root(t), "..", "shared", "goldens")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no reference vectors beside this checkout (%s)", filepath.Join("..", "shared", "goldens"))
	}
	return dir
}

// Path returns the path of one reference file and fails the test if the folder
// is there but the file is not.
func Path(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(Dir(t), filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("golden: %v", err)
	}
	return path
}

// File returns the content of one reference file; see Path.
func File(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(Path(t, name))
	if err != nil {
		t.Fatalf("golden: %v", err)
	}
	return data
}

// Model returns the path of the installed model file with the given SHA-256,
// or skips the test where it is not installed. 'make models' installs those
// that the tests know; with MALMOI_MODELS=required their absence is a failure.
func Model(t testing.TB, sha256 string) string {
	t.Helper()
	path := filepath.Join(dataDir(), "blobs", "sha256", sha256)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	missing(t, sha256[:12])
	return ""
}

// Folder returns the folder of an installed model of several files, or skips
// the test where it is not installed; see Model.
func Folder(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(dataDir(), "folders", name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	missing(t, name)
	return ""
}

// dataDir is where models are installed.
func dataDir() string {
	if data := os.Getenv("MALMOI_DATA"); data != "" {
		return data
	}
	base := os.Getenv("XDG_DATA_HOME")
	if base == "" {
		base = filepath.Join(os.Getenv("HOME"), ".local", "share")
	}
	return filepath.Join(base, "malmoi")
}

func missing(t testing.TB, name string) {
	t.Helper()
	if os.Getenv("MALMOI_MODELS") == "required" {
		t.Fatalf("model %s is not installed under %s; run 'make models'", name, dataDir())
	}
	t.Skipf("model %s is not installed; 'make models' fetches it", name)
}
