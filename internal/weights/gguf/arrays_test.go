//go:build unix

package gguf

import (
	"fmt"
	"os"
	"testing"
)

// Arrays stay in the file: they are read again when asked, go with Close, and
// are no longer there once the file is shorter.
func TestArraysStayInTheFile(t *testing.T) {
	data := smallFile()
	path := save(t, "m.gguf", data)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	read := func() string {
		list, ok1 := f.Strings("list")
		value, ok2 := f.Value("list")
		flags, ok3 := f.Bools("flags")
		return fmt.Sprint(list, ok1, value, ok2, flags, ok3)
	}
	want := "[가 b] true [가 b] true [true false true] true"
	if got := read(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f.DropHead()
	if got := read(); got != want {
		t.Errorf("after DropHead: got %s, want %s", got, want)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "[] false [] false [] false"; got != want {
		t.Errorf("of a file cut short: got %s, want %s", got, want)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := read(), "[] false <nil> false [] false"; got != want {
		t.Errorf("after Close: got %s, want %s", got, want)
	}
	if arch := f.Arch(); arch != "tiny" {
		t.Errorf("after Close: architecture %q", arch)
	}
}
