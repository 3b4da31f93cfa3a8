package fresh

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	clock := time.Unix(1000, 0)
	w := New(path, func() time.Time { return clock })
	check := func(what string, after time.Duration, want bool) {
		t.Helper()
		clock = clock.Add(after)
		if got := w.Changed(); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	write := func(path, text string, at int64) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, time.Unix(at, 0)); err != nil {
			t.Fatal(err)
		}
	}
	check("no file yet", Every, false)
	write(path, "a", 1)
	check("too soon to look", Every/2, false)
	check("it came", Every/2, true)
	check("nothing new", Every, false)
	write(path, "ab", 1)
	check("another size", Every, true)
	write(path, "ab", 2)
	check("another time", Every, true)
	write(path+"2", "ab", 2)
	if err := os.Rename(path+"2", path); err != nil {
		t.Fatal(err)
	}
	check("another file in its place", Every, true)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("it went", Every, true)
	check("still away", Every, false)
	write(path, "a", 3)
	check("a clock set back", -time.Hour, true)
}
