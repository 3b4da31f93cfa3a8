package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/catalog"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func open(t testing.TB) (*Store, *Lock) {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Unlock)
	return s, l
}

// put brings content into the store.
func put(t testing.TB, s *Store, name, content string) catalog.File {
	t.Helper()
	p, err := s.Partial("test " + name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	sum, err := p.Commit("")
	if err != nil {
		t.Fatal(err)
	}
	return catalog.File{Name: name, Bytes: int64(len(content)), SHA256: sum}
}

func manifest(name, format string, files ...catalog.File) Manifest {
	return Manifest{Source: "test", Entry: catalog.Entry{Name: name, Format: format, Role: catalog.Chat, Files: files}}
}

func install(t testing.TB, s *Store, m Manifest) {
	t.Helper()
	if err := s.Install(m, noon); err != nil {
		t.Fatal(err)
	}
}

func tree(t testing.TB, s *Store, dir string) string {
	t.Helper()
	var names []string
	root := filepath.Join(s.Dir(), filepath.FromSlash(dir))
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			names = append(names, rel)
		}
		return nil
	})
	return strings.Join(names, " ")
}

func TestOpenCreatesNothing(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	if list, bad := s.List(); len(list)+len(bad) > 0 {
		t.Fatal("an empty store lists something")
	}
	if _, err := s.Manifest("x"); !errors.Is(err, ErrNotInstalled) {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(s.Dir()); err == nil {
		t.Fatal("reading made the folder")
	}
}

func TestInstallOneFile(t *testing.T) {
	s, _ := open(t)
	f := put(t, s, "a.gguf", "hello")
	install(t, s, manifest("a", catalog.GGUF, f))
	m, err := s.Manifest("a")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Path(m), filepath.Join(s.Dir(), "blobs", "sha256", f.SHA256); got != want {
		t.Errorf("path %q, want %q", got, want)
	}
	if m.SHA256() != f.SHA256 || m.Size() != 5 || !m.Installed.Equal(noon) {
		t.Errorf("manifest %+v", m)
	}
	if err := s.Verify(context.Background(), m, nil); err != nil {
		t.Error(err)
	}
	if got := tree(t, s, "partial"); got != "" {
		t.Errorf("left in partial: %s", got)
	}
}

func TestInstallFolder(t *testing.T) {
	s, _ := open(t)
	m := manifest("f", catalog.Safetensors, put(t, s, "model.safetensors", "weights"), put(t, s, "config.json", "{}"), put(t, s, "1_Pooling/config.json", "{ }"))
	install(t, s, m)
	for name, want := range map[string]string{"model.safetensors": "weights", "config.json": "{}", "1_Pooling/config.json": "{ }"} {
		got, err := os.ReadFile(filepath.Join(s.Path(m), filepath.FromSlash(name)))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	// A data folder can be moved.
	moved := s.Dir() + "-moved"
	if err := os.Rename(s.Dir(), moved); err != nil {
		t.Fatal(err)
	}
	s2, _ := Open(moved)
	if err := s2.Verify(context.Background(), m, nil); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(s2.Path(m), "config.json")); err != nil || string(got) != "{}" {
		t.Errorf("after the move: %q %v", got, err)
	}
}

func TestSplitModelOpensByItsFirstPart(t *testing.T) {
	s, _ := open(t)
	m := manifest("s", catalog.GGUF, put(t, s, "s-00002-of-00002.gguf", "b"), put(t, s, "s-00001-of-00002.gguf", "a"))
	install(t, s, m)
	if got := s.Path(m); filepath.Base(got) != "s-00001-of-00002.gguf" {
		t.Errorf("path %s", got)
	}
}

func TestNothingIsShownBeforeItsFilesAreHere(t *testing.T) {
	s, _ := open(t)
	f := put(t, s, "a.gguf", "hello")
	f.SHA256 = strings.Repeat("0", 64)
	if err := s.Install(manifest("a", catalog.GGUF, f), noon); err == nil {
		t.Fatal("installed without its file")
	}
	if list, _ := s.List(); len(list) != 0 {
		t.Fatalf("shown: %+v", list)
	}
}

func TestRemoveKeepsWhatOthersName(t *testing.T) {
	s, _ := open(t)
	both, one := put(t, s, "x.gguf", "shared"), put(t, s, "y.gguf", "alone!")
	install(t, s, manifest("a", catalog.GGUF, both))
	install(t, s, manifest("b", catalog.Safetensors, catalog.File{Name: "model.safetensors", Bytes: both.Bytes, SHA256: both.SHA256}, catalog.File{Name: "config.json", Bytes: one.Bytes, SHA256: one.SHA256}))
	freed, err := s.Remove("b")
	if err != nil || freed != 6 {
		t.Fatalf("freed %d, %v", freed, err)
	}
	if !s.HasBlob(both.SHA256) || s.HasBlob(one.SHA256) || tree(t, s, "folders") != "" {
		t.Fatalf("blobs %s, folders %s", tree(t, s, "blobs"), tree(t, s, "folders"))
	}
	if _, err := s.Remove("a"); err != nil || s.HasBlob(both.SHA256) {
		t.Fatal("the last name did not take the file along")
	}
	for _, name := range []string{"a", "../a", "lock", ""} {
		if _, err := s.Remove(name); !errors.Is(err, ErrNotInstalled) {
			t.Errorf("remove %q: %v", name, err)
		}
	}
}

func TestReplacingGivesOldFilesBack(t *testing.T) {
	s, _ := open(t)
	old := put(t, s, "a.gguf", "old")
	install(t, s, manifest("a", catalog.GGUF, old))
	install(t, s, manifest("a", catalog.GGUF, put(t, s, "a.gguf", "new")))
	if s.HasBlob(old.SHA256) {
		t.Error("the old file stays")
	}
}

func TestInterruptedModelSurvivesOtherModels(t *testing.T) {
	s, _ := open(t)
	part := put(t, s, "part.gguf", "whole, but its model is not")
	install(t, s, manifest("a", catalog.GGUF, put(t, s, "a.gguf", "a")))
	install(t, s, manifest("a", catalog.GGUF, put(t, s, "a.gguf", "b")))
	if _, err := s.Remove("a"); err != nil || !s.HasBlob(part.SHA256) {
		t.Fatal("another model took it along")
	}
	if n, err := s.ClearPartial(); err != nil || s.HasBlob(part.SHA256) || n != part.Bytes {
		t.Fatalf("cleared %d bytes, %v", n, err)
	}
}

func TestReaderKeepsAnOpenFile(t *testing.T) {
	s, _ := open(t)
	m := manifest("a", catalog.GGUF, put(t, s, "a.gguf", "hello"))
	install(t, s, m)
	f, err := os.Open(s.Path(m))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := s.Remove("a"); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 5)
	if _, err := f.Read(buf); err != nil || string(buf) != "hello" {
		t.Errorf("%q %v", buf, err)
	}
}

func TestBadManifestHidesNoOtherAndLosesNothing(t *testing.T) {
	s, _ := open(t)
	f := put(t, s, "a.gguf", "hello")
	install(t, s, manifest("a", catalog.GGUF, f))
	stray := put(t, s, "b.gguf", "only the broken manifest names it")
	if err := os.WriteFile(filepath.Join(s.Dir(), "manifests", "b.json"), []byte(`{"version":1,`), 0o644); err != nil {
		t.Fatal(err)
	}
	list, bad := s.List()
	if len(list) != 1 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "b.json") {
		t.Fatalf("%d listed, errors %v", len(list), bad)
	}
	if err := s.Sweep(); err != nil || !s.HasBlob(stray.SHA256) {
		t.Fatalf("swept while a manifest was unreadable: %v", err)
	}
	if err := s.Drop([]catalog.File{stray}); err != nil || !s.HasBlob(stray.SHA256) {
		t.Fatalf("dropped while a manifest was unreadable: %v", err)
	}
	if _, err := s.Remove("b"); err != nil {
		t.Fatal(err)
	}
	if s.HasBlob(stray.SHA256) || !s.HasBlob(f.SHA256) {
		t.Fatal("wrong files are left")
	}
}

func TestWrongHashKeepsNothing(t *testing.T) {
	s, _ := open(t)
	p, err := s.Partial(strings.Repeat("1", 64))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = p.Write([]byte("bad"))
	_ = p.SetValidator(`"v1"`)
	if _, err := p.Commit(strings.Repeat("1", 64)); !errors.Is(err, ErrWrongHash) {
		t.Fatalf("got %v", err)
	}
	if got := tree(t, s, "partial") + tree(t, s, "blobs"); got != "" {
		t.Errorf("kept: %s", got)
	}
}

func TestPartialGoesOn(t *testing.T) {
	s, _ := open(t)
	key := "anything"
	p, _ := s.Partial(key)
	_, _ = p.Write([]byte("hel"))
	_ = p.SetValidator(`"v1"`)
	p.Close()
	p, err := s.Partial(key)
	if err != nil || p.Size() != 3 || !p.Resumed() || p.Validator() != `"v1"` {
		t.Fatalf("size %d, resumed %v, validator %q: %v", p.Size(), p.Resumed(), p.Validator(), err)
	}
	_, _ = p.Write([]byte("lo"))
	sum, err := p.Commit("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
	if err != nil || !s.HasBlob(sum) {
		t.Fatal(err)
	}
	if got := tree(t, s, "partial"); got != "" {
		t.Errorf("left: %s", got)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	s, _ := open(t)
	m := manifest("a", catalog.GGUF, put(t, s, "a.gguf", "hello"))
	install(t, s, m)
	path := s.Path(m)
	if err := os.WriteFile(path, []byte("hellO"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(context.Background(), m, nil); !errors.Is(err, ErrWrongHash) {
		t.Errorf("flip: %v", err)
	}
	if err := os.WriteFile(path, []byte("hell"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(context.Background(), m, nil); err == nil || !strings.Contains(err.Error(), "4 bytes, expected 5") {
		t.Errorf("truncated: %v", err)
	}
	os.Remove(path)
	if err := s.Verify(context.Background(), m, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("gone: %v", err)
	}
}

func TestOneWriter(t *testing.T) {
	s, l := open(t)
	_, err := s.Lock()
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Dir != s.Dir() {
		t.Fatalf("got %v", err)
	}
	l.Unlock()
	again, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	again.Unlock()
}

func TestSpace(t *testing.T) {
	s, _ := open(t)
	if err := s.CheckSpace(1); err != nil {
		t.Fatal(err)
	}
	err := s.CheckSpace(1 << 60)
	var full *SpaceError
	if !errors.As(err, &full) || full.Need != 1<<60 || full.Free <= 0 {
		t.Fatalf("got %v", err)
	}
	if err := s.Full(errors.New("other"), 5); errors.As(err, &full) {
		t.Error("every error is a full disk")
	}
}

func TestDataFolderThatIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil {
		t.Fatal("opened")
	}
}

func FuzzManifest(f *testing.F) {
	m := manifest("a", catalog.GGUF, catalog.File{Name: "a.gguf", Bytes: 5, SHA256: strings.Repeat("a", 64)})
	m.Version, m.Installed = manifestVersion, noon
	data, _ := m.Encode()
	f.Add(data)
	f.Add([]byte(`{"version":1,"name":"../a","format":"gguf","role":"chat","files":[{"name":"../../x","bytes":1,"sha256":"` + strings.Repeat("a", 64) + `"}]}`))
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"name":"a","format":"safetensors","role":"base","external":"relative"}`))
	s, _ := Open(f.TempDir())
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if err != nil {
			return
		}
		if m.External == "" && !strings.HasPrefix(s.Path(m), s.Dir()+string(filepath.Separator)) {
			t.Fatalf("opens %q outside the data folder", s.Path(m))
		}
		for _, file := range m.Files {
			if m.External == "" && filepath.Dir(s.FilePath(m, file)) != filepath.Join(s.Dir(), "blobs", "sha256") {
				t.Fatalf("file at %q", s.FilePath(m, file))
			}
		}
		again, err := m.Encode()
		if err != nil {
			return
		}
		if _, err := ParseManifest(again); err != nil {
			t.Fatalf("does not read its own writing: %v", err)
		}
	})
}
