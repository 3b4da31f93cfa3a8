package bundle

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/store"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// shop is a store with a model of one file, one of several, and one in place.
func shop(t testing.TB) (*store.Store, []store.Manifest) {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "data"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	put := func(name, content string) catalog.File {
		p, err := s.Partial(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = p.Write([]byte(content))
		sum, err := p.Commit("")
		if err != nil {
			t.Fatal(err)
		}
		return catalog.File{Name: name, Bytes: int64(len(content)), SHA256: sum}
	}
	outside := filepath.Join(t.TempDir(), "mine.gguf")
	if err := os.WriteFile(outside, []byte("imported"), 0o644); err != nil {
		t.Fatal(err)
	}
	measured, err := store.HashFile(context.Background(), outside, nil)
	if err != nil {
		t.Fatal(err)
	}
	var list []store.Manifest
	for _, m := range []store.Manifest{
		{Entry: catalog.Entry{Name: "one", Title: "One", Format: catalog.GGUF, Role: catalog.Chat, Files: []catalog.File{put("one.gguf", "weights of one")},
			Licence: catalog.Licence{Name: "special", URL: "https://example.org", Consent: true, Summary: "be kind"}}, Source: "test"},
		{Entry: catalog.Entry{Name: "two", Title: "Two", Format: catalog.Safetensors, Role: catalog.Base, Files: []catalog.File{put("model.safetensors", "weights"), put("config.json", "{}"), put("1_Pooling/config.json", "{}")}}, Source: "test"},
		{Entry: catalog.Entry{Name: "mine", Title: "Mine", Format: catalog.GGUF, Role: catalog.Chat, Files: []catalog.File{measured}}, External: outside, Source: "file"},
	} {
		if err := s.Install(m, noon); err != nil {
			t.Fatal(err)
		}
		got, err := s.Manifest(m.Name)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, got)
	}
	return s, list
}

func create(t testing.TB, o Options) string {
	t.Helper()
	s, models := shop(t)
	o.Now = noon
	to := filepath.Join(t.TempDir(), "b.tar")
	if err := Create(context.Background(), s, models, to, o); err != nil {
		t.Fatal(err)
	}
	return to
}

func installer(t testing.TB) *Installer {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "empty", "data"))
	if err != nil {
		t.Fatal(err)
	}
	return &Installer{Store: s, Now: func() time.Time { return noon }, Agree: func(string, catalog.Licence) error { return nil }}
}

func files(dir string) string {
	var names []string
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			names = append(names, path)
		}
		return nil
	})
	return strings.Join(names, "\n")
}

func TestRoundTrip(t *testing.T) {
	program := filepath.Join(t.TempDir(), "malmoi")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := create(t, Options{Binary: program, Platform: "linux/amd64"})
	in := installer(t)
	in.BinDir = filepath.Join(t.TempDir(), "bin")
	asked := 0
	in.Agree = func(_ string, l catalog.Licence) error { asked++; return nil }
	x, err := in.Install(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	if len(x.Models) != 3 || x.Platform != "linux/amd64" || asked != 1 {
		t.Errorf("%d models for %s, asked %d times", len(x.Models), x.Platform, asked)
	}
	for _, name := range []string{"one", "two", "mine"} {
		m, err := in.Store.Manifest(name)
		if err != nil || m.External != "" {
			t.Fatalf("%s: %v", name, err)
		}
		if err := in.Store.Verify(context.Background(), m, nil); err != nil {
			t.Error(err)
		}
	}
	m, _ := in.Store.Manifest("one")
	if m.Licence.Summary != "be kind" || m.Licence.URL != "https://example.org" {
		t.Errorf("licence %+v", m.Licence)
	}
	if info, err := os.Stat(filepath.Join(in.BinDir, "malmoi")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the program: %v", err)
	}
	if left := files(filepath.Join(in.Store.Dir(), "partial")); left != "" {
		t.Errorf("left: %s", left)
	}
	// Once more changes nothing.
	if _, err := in.Install(context.Background(), file); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedLicenceInstallsNothing(t *testing.T) {
	in := installer(t)
	no := errors.New("no")
	in.Agree = func(string, catalog.Licence) error { return no }
	if _, err := in.Install(context.Background(), create(t, Options{})); !errors.Is(err, no) || files(in.Store.Dir()) != "" {
		t.Fatalf("%v, files %s", err, files(in.Store.Dir()))
	}
}

func TestEveryCutIsRefused(t *testing.T) {
	data, err := os.ReadFile(create(t, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	// The last blocks are padding and the archive's end, which say nothing.
	for n := 0; n < len(data)-3*512; n += 331 {
		check(t, data[:n], "cut")
	}
}

func TestEveryFlipIsRefusedOrHarmless(t *testing.T) {
	data, err := os.ReadFile(create(t, Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(data); i += 211 {
		bad := bytes.Clone(data)
		bad[i] ^= 0x01
		in := installer(t)
		path := filepath.Join(t.TempDir(), "bad.tar")
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := in.Install(context.Background(), path); err == nil {
			list, _ := in.Store.List()
			for _, m := range list {
				if err := in.Store.Verify(context.Background(), m, nil); err != nil {
					t.Fatalf("flip at %d went unseen: %v", i, err)
				}
			}
		} else if f := files(in.Store.Dir()); f != "" {
			t.Fatalf("flip at %d: %v, but there is %s", i, err, f)
		}
	}
}

// check installs something bad and insists that nothing is there afterwards.
func check(t *testing.T, data []byte, want string) {
	t.Helper()
	in := installer(t)
	path := filepath.Join(t.TempDir(), "bad.tar")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := in.Install(context.Background(), path)
	if err == nil {
		t.Fatalf("%s: installed", want)
	}
	if want != "cut" && !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if f := files(in.Store.Dir()); f != "" {
		t.Fatalf("%s: %v, but there is %s", want, err, f)
	}
}

// entryOf is a member of a tar file under test.
type entryOf struct {
	name string
	data []byte
	kind byte
	link string
}

func tarOf(t *testing.T, members []entryOf) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		h := &tar.Header{Name: m.name, Size: int64(len(m.data)), Mode: 0o644, Typeflag: m.kind, Linkname: m.link}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(m.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func membersOf(t *testing.T, file string) []entryOf {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []entryOf
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, entryOf{name: h.Name, data: data, kind: tar.TypeReg})
	}
}

func TestTamperedBundles(t *testing.T) {
	good := membersOf(t, create(t, Options{}))
	with := func(change func([]entryOf) []entryOf) []byte {
		list := make([]entryOf, len(good))
		for i, m := range good {
			m.data = bytes.Clone(m.data)
			list[i] = m
		}
		return tarOf(t, change(list))
	}
	index := func(change func(*Index)) []byte {
		return with(func(l []entryOf) []entryOf {
			var x Index
			if err := json.Unmarshal(l[0].data, &x); err != nil {
				t.Fatal(err)
			}
			change(&x)
			l[0].data, _ = json.Marshal(x)
			return l
		})
	}
	last := len(good) - 1
	check(t, with(func(l []entryOf) []entryOf { l[last].data[0] ^= 1; return l }), "wrong SHA-256")
	check(t, with(func(l []entryOf) []entryOf { l[last], l[last-1] = l[last-1], l[last]; return l }), "where the index has")
	check(t, with(func(l []entryOf) []entryOf { return l[:last] }), "ends before member")
	check(t, with(func(l []entryOf) []entryOf { return append(l, entryOf{name: "more", kind: tar.TypeReg}) }), "not in the index")
	check(t, with(func(l []entryOf) []entryOf { l[last].name = "../../evil"; return l }), "where the index has")
	check(t, with(func(l []entryOf) []entryOf {
		l[last].kind, l[last].link, l[last].data = tar.TypeSymlink, "/etc/passwd", nil
		return l
	}), "where the index has")
	check(t, with(func(l []entryOf) []entryOf { l[last].data = append(l[last].data, 'x'); return l }), "where the index has")
	check(t, with(func(l []entryOf) []entryOf { return l[1:] }), "not a malmoi bundle")
	check(t, []byte("hello"), "not a malmoi bundle")
	check(t, index(func(x *Index) { x.Version = 9 }), "version 9")
	check(t, index(func(x *Index) { x.Members[0].Path = "/etc/cron.d/x" }), "unknown kind")
	check(t, index(func(x *Index) { x.Members[0].Path = "licences/../../x.txt" }), "not a plain path")
	check(t, index(func(x *Index) { x.Members[last-1].Bytes = 1 << 60 }), "impossible size")
	check(t, index(func(x *Index) { x.Members[last-1].SHA256 = strings.Repeat("0", 64) }), "its hash is said to be")
	check(t, index(func(x *Index) { x.Members = append(x.Members, x.Members[0]) }), "listed twice")
	check(t, index(func(x *Index) { x.Models[0].Name = "../evil" }), "no model name")
	check(t, index(func(x *Index) { x.Models[0].Files[0].Name = "../evil" }), "no file name")
	check(t, index(func(x *Index) { x.Models[0].Files[0].Bytes++ }), "not in the bundle with")
	check(t, index(func(x *Index) { x.Models[0].External = "/etc/passwd" }), "elsewhere")
	check(t, index(func(x *Index) { x.Models = x.Models[1:] }), "belongs to no model")
}

func TestHugeClaimsAreRefusedBeforeReading(t *testing.T) {
	file := create(t, Options{})
	good := membersOf(t, file)
	var x Index
	if err := json.Unmarshal(good[0].data, &x); err != nil {
		t.Fatal(err)
	}
	for i := range x.Members {
		if strings.HasPrefix(x.Members[i].Path, blobFolder) {
			x.Members[i].Bytes = 4 << 40
		}
	}
	for i := range x.Models {
		for j := range x.Models[i].Files {
			x.Models[i].Files[j].Bytes = 4 << 40
		}
	}
	good[0].data, _ = json.Marshal(x)
	check(t, tarOf(t, good), "disk is too full")
}

func TestDamagedModelIsNotBundled(t *testing.T) {
	s, models := shop(t)
	if err := os.WriteFile(s.Path(models[0]), []byte("weights of onE"), 0o644); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "b.tar")
	if err := Create(context.Background(), s, models, to, Options{Now: noon}); !errors.Is(err, store.ErrWrongHash) {
		t.Fatalf("got %v", err)
	}
	if left := files(filepath.Dir(to)); left != "" {
		t.Errorf("left: %s", left)
	}
}

func TestStoppedCreateLeavesNothing(t *testing.T) {
	s, models := shop(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	to := filepath.Join(t.TempDir(), "b.tar")
	if err := Create(ctx, s, models, to, Options{Now: noon}); !errors.Is(err, context.Canceled) || files(filepath.Dir(to)) != "" {
		t.Fatalf("%v, files %s", err, files(filepath.Dir(to)))
	}
}

func FuzzIndex(f *testing.F) {
	s, models := shop(f)
	x := &Index{Version: version, Created: noon}
	if _, err := collect(context.Background(), s, x, models, Options{}); err != nil {
		f.Fatal(err)
	}
	data, _ := json.Marshal(x)
	f.Add(data)
	f.Add([]byte(`{"version":1,"members":[{"path":"bin/malmoi","bytes":-1,"sha256":""}]}`))
	f.Add([]byte(`{"version":1,"models":[{"version":1,"name":"a"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := parseIndex(data)
		if err != nil {
			return
		}
		for _, m := range x.Members {
			if filepath.IsAbs(m.Path) || strings.Contains(m.Path, "..") && !licencePattern.MatchString(m.Path) || m.Bytes < 0 {
				t.Fatalf("accepted member %+v", m)
			}
		}
		for _, m := range x.Models {
			if catalog.CheckName(m.Name) != nil || m.External != "" {
				t.Fatalf("accepted model %+v", m)
			}
		}
	})
}
