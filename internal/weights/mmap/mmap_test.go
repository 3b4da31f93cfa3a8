package mmap

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := bytes.Repeat([]byte("malmoi "), 3000)
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(f.Data, want) {
		t.Error("data differs from the file")
	}
	for range 2 {
		if err := f.Close(); err != nil || f.Data != nil {
			t.Errorf("close: %v, %d bytes left", err, len(f.Data))
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil {
		t.Error("a folder was mapped")
	}
	if _, err := Open(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(empty)
	if err != nil || len(f.Data) != 0 {
		t.Errorf("empty file: %v", err)
	} else if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestGuardPassesOn(t *testing.T) {
	want := errors.New("bad")
	if err := Guard(func() error { return want }); err != want {
		t.Errorf("error became %v", err)
	}
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("panic became %v", r)
		}
	}()
	_ = Guard(func() error { panic("other") })
}
