package pull

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/source/fakehub"
	"malmoi/internal/catalog/store"
)

const repo = "maker/tiny-GGUF"

// noise is deterministic content without repetition.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

func entry(data []byte) catalog.Entry {
	return catalog.Entry{Name: "tiny", Title: "Tiny", Format: catalog.GGUF, Role: catalog.Chat, Family: "llama",
		Files:   []catalog.File{{Name: "tiny-q4_k_m.gguf", Bytes: int64(len(data)), SHA256: fakehub.SHA256(data)}},
		Sources: []catalog.Source{{Kind: catalog.Hub, Repo: repo}}}
}

func newHub(t testing.TB, data []byte) *fakehub.Hub {
	return fakehub.New(t, map[string]*fakehub.Repo{repo: {Licence: "apache-2.0", Files: map[string][]byte{"tiny-q4_k_m.gguf": data}}})
}

// puller is a Puller on a folder whose hub is at url.
func puller(t testing.TB, dir, url string) *Puller {
	t.Helper()
	s, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	web := &source.Web{Client: source.NewClient(), Wait: 2 * time.Second, Stall: time.Second, Pause: time.Millisecond}
	return &Puller{
		Store: s, Web: web,
		Hub:   &source.Hub{Web: web, Endpoint: url},
		Index: &source.Index{Client: &source.Pip{Command: []string{"/nonexistent/pip"}}, Scratch: s.Scratch},
		Now:   time.Now,
		Agree: func(title string, _ catalog.Licence) error { return ErrRefused },
	}
}

func files(t testing.TB, dir string) string {
	t.Helper()
	var names []string
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lock" {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, rel)
		}
		return nil
	})
	return strings.Join(names, " ")
}

func TestPull(t *testing.T) {
	data := noise(100_000)
	dir, e := t.TempDir(), entry(data)
	f := newHub(t, data)
	m, err := puller(t, dir, f.URL).Pull(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if want := "blobs/sha256/" + e.Files[0].SHA256 + " manifests/tiny.json"; files(t, dir) != want {
		t.Errorf("the folder holds %s", files(t, dir))
	}
	if m.Source != "hub:"+repo+"@"+fakehub.Commit[:12] {
		t.Errorf("source %q", m.Source)
	}
	// A second pull asks nobody.
	n := len(f.Requests())
	if _, err := puller(t, dir, f.URL).Pull(context.Background(), e); err != nil || len(f.Requests()) != n {
		t.Errorf("%v, %d more requests", err, len(f.Requests())-n)
	}
}

func TestPullKilledBeforeTheManifest(t *testing.T) {
	data := noise(1000)
	dir, e := t.TempDir(), entry(data)
	f := newHub(t, data)
	if _, err := puller(t, dir, f.URL).Pull(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "manifests", "tiny.json")); err != nil {
		t.Fatal(err)
	}
	n := len(f.Requests())
	m, err := puller(t, dir, f.URL).Pull(context.Background(), e)
	if err != nil || len(f.Requests()) != n || m.Size() != 1000 {
		t.Fatalf("%v, %d requests, %d bytes", err, len(f.Requests())-n, m.Size())
	}
}

func TestWrongHashKeepsNothing(t *testing.T) {
	data := noise(1000)
	dir := t.TempDir()
	f := newHub(t, data)
	f.Corrupt = true
	_, err := puller(t, dir, f.URL).Pull(context.Background(), entry(data))
	if !errors.Is(err, store.ErrWrongHash) {
		t.Fatalf("got %v", err)
	}
	if got := files(t, dir); got != "" {
		t.Errorf("kept: %s", got)
	}
}

func TestDamagedRemainderIsLoadedAnew(t *testing.T) {
	data := noise(1000)
	dir, e := t.TempDir(), entry(data)
	f := newHub(t, data)
	p := puller(t, dir, f.URL)
	l, err := p.Store.Lock()
	if err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	// Zeros, as a file system may leave them after a power cut.
	if err := os.WriteFile(filepath.Join(dir, "partial", e.Files[0].SHA256), make([]byte, 600), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := p.Pull(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Store.Verify(context.Background(), m, nil); err != nil {
		t.Fatal(err)
	}
}

func TestSourcesAreTriedInOrder(t *testing.T) {
	data := noise(1000)
	e := entry(data)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(data) }))
	defer plain.Close()
	e.Sources = append(e.Sources, catalog.Source{Kind: catalog.URL, Address: plain.URL + "/x.gguf"})
	check := func(name string, spoil func(*fakehub.Hub, *Puller)) {
		t.Helper()
		f := newHub(t, data)
		p := puller(t, t.TempDir(), f.URL)
		var said []string
		p.Report = func(ev source.Event) { said = append(said, ev.Line) }
		spoil(f, p)
		begun := time.Now()
		m, err := p.Pull(context.Background(), e)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if m.Source != "url:"+plain.URL+"/x.gguf" || !strings.Contains(strings.Join(said, "\n"), "trying the next source") {
			t.Errorf("%s: from %s, said %q", name, m.Source, said)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	check("silent", func(f *fakehub.Hub, p *Puller) { f.Hang = "api"; p.Web.Wait = 200 * time.Millisecond })
	check("silent file", func(f *fakehub.Hub, p *Puller) { f.Hang = "file"; p.Web.Wait = 200 * time.Millisecond })
	check("dead", func(_ *fakehub.Hub, p *Puller) { p.Hub.Endpoint = "http://127.0.0.1:1" })
	check("corrupt", func(f *fakehub.Hub, _ *Puller) { f.Corrupt = true })
	check("broken", func(f *fakehub.Hub, _ *Puller) { f.Status = 404 })
	check("no such repository", func(f *fakehub.Hub, p *Puller) { p.Hub.Endpoint = fakehub.New(t, nil).URL })
}

func TestAllSourcesFail(t *testing.T) {
	data := noise(10)
	e := entry(data)
	e.Sources = append(e.Sources, catalog.Source{Kind: catalog.URL, Address: "http://127.0.0.1:1/x"})
	_, err := puller(t, t.TempDir(), "http://127.0.0.1:1").Pull(context.Background(), e)
	if !errors.Is(err, source.ErrUnreachable) || !strings.Contains(err.Error(), "hub: ") || !strings.Contains(err.Error(), "url:") {
		t.Fatalf("got %v", err)
	}
}

func TestConsentComesFirst(t *testing.T) {
	data := noise(10)
	e := entry(data)
	e.Licence = catalog.Licence{Name: "special", Consent: true}
	f := newHub(t, data)
	p := puller(t, t.TempDir(), f.URL)
	if _, err := p.Pull(context.Background(), e); !errors.Is(err, ErrRefused) || len(f.Requests()) != 0 {
		t.Fatalf("%v after %d requests", err, len(f.Requests()))
	}
	p.Agree = func(string, catalog.Licence) error { return nil }
	if _, err := p.Pull(context.Background(), e); err != nil {
		t.Fatal(err)
	}
}

func TestFolderModel(t *testing.T) {
	repoFiles := map[string][]byte{
		"model-00001-of-00002.safetensors": noise(500), "model-00002-of-00002.safetensors": noise(300), "model.safetensors.index.json": []byte("{}"),
		"config.json": []byte(`{"model_type":"llama"}`), "tokenizer.json": []byte("{}"), "training.py": []byte("evil()"), "1_Pooling/config.json": []byte("{ }"),
	}
	f := fakehub.New(t, map[string]*fakehub.Repo{"maker/folder": {Licence: "mit", Files: repoFiles}})
	p := puller(t, t.TempDir(), f.URL)
	p.Describe = func(path string, e *catalog.Entry) error {
		if _, err := os.Stat(filepath.Join(path, "model-00002-of-00002.safetensors")); err != nil {
			return err
		}
		e.Family, e.Role = "llama", catalog.Base
		return nil
	}
	m, err := p.PullRef(context.Background(), source.Ref{Repo: "maker/folder"}, "")
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "folder" || m.Family != "llama" || m.Role != catalog.Base || m.Licence.Name != "mit" {
		t.Errorf("%+v", m.Entry)
	}
	for name, want := range repoFiles {
		got, err := os.ReadFile(filepath.Join(p.Store.Path(m), filepath.FromSlash(name)))
		if name == "training.py" {
			if err == nil {
				t.Error("code was loaded")
			}
			continue
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := files(t, filepath.Join(p.Store.Dir(), "partial")); left != "" {
		t.Errorf("left: %s", left)
	}
}

func TestModelThatCannotBeReadIsNotInstalled(t *testing.T) {
	f := newHub(t, noise(100))
	p := puller(t, t.TempDir(), f.URL)
	p.Describe = func(string, *catalog.Entry) error { return errors.New("not a model") }
	if _, err := p.PullRef(context.Background(), source.Ref{Repo: repo}, "x"); err == nil {
		t.Fatal("installed")
	}
	if got := files(t, p.Store.Dir()); got != "" {
		t.Errorf("kept: %s", got)
	}
}

func TestRefsWithOtherLicencesAsk(t *testing.T) {
	f := fakehub.New(t, map[string]*fakehub.Repo{repo: {Licence: "cc-by-nc-4.0", Files: map[string][]byte{"a.gguf": noise(9)}}})
	p := puller(t, t.TempDir(), f.URL)
	var asked catalog.Licence
	p.Agree = func(_ string, l catalog.Licence) error { asked = l; return ErrRefused }
	if _, err := p.PullRef(context.Background(), source.Ref{Repo: repo}, ""); !errors.Is(err, ErrRefused) {
		t.Fatalf("got %v", err)
	}
	if asked.Name != "cc-by-nc-4.0" || !asked.Consent {
		t.Errorf("asked for %+v", asked)
	}
}

func TestAddress(t *testing.T) {
	data := noise(5000)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(data) }))
	defer plain.Close()
	p := puller(t, t.TempDir(), "")
	p.Describe = func(_ string, e *catalog.Entry) error { e.Family = "llama"; return nil }
	ctx := context.Background()
	if _, err := p.PullAddress(ctx, plain.URL+"/My-Model.gguf?x=1", fakehub.SHA256([]byte("no")), ""); !errors.Is(err, store.ErrWrongHash) {
		t.Fatalf("got %v", err)
	}
	m, err := p.PullAddress(ctx, plain.URL+"/My-Model.gguf?x=1", fakehub.SHA256(data), "")
	if err != nil || m.Name != "my-model" || m.Size() != 5000 {
		t.Fatalf("%v %+v", err, m)
	}
	if _, err := p.PullAddress(ctx, plain.URL, "short", ""); err == nil {
		t.Fatal("a bad hash is accepted")
	}
}

func TestTwoPullersAtOnce(t *testing.T) {
	data := noise(1000)
	f := newHub(t, data)
	f.Hang = "body"
	dir := t.TempDir()
	first := puller(t, dir, f.URL)
	first.Web.Stall = time.Hour
	ctx, cancel := context.WithCancel(context.Background())
	begun := make(chan struct{})
	done := make(chan error, 1)
	first.Hub.Report = func(source.Event) {
		select {
		case <-begun:
		default:
			close(begun)
		}
	}
	go func() { _, err := first.Pull(ctx, entry(data)); done <- err }()
	<-begun
	_, err := puller(t, dir, f.URL).Pull(context.Background(), entry(data))
	var locked *store.LockedError
	if !errors.As(err, &locked) {
		t.Errorf("the second got %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the first got %v", err)
	}
	f.Hang = ""
	if _, err := puller(t, dir, f.URL).Pull(context.Background(), entry(data)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestImport(t *testing.T) {
	data := noise(100)
	src := t.TempDir()
	path := filepath.Join(src, "모델 파일 v1.gguf")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	p := puller(t, t.TempDir(), "")
	m, err := p.Import(ctx, path, "", false)
	if err != nil || m.Name != "v1" || p.Store.Path(m) != path {
		t.Fatalf("%v: %+v", err, m)
	}
	if err := p.Store.Verify(ctx, m, nil); err != nil {
		t.Fatal(err)
	}
	if got := files(t, filepath.Join(p.Store.Dir(), "blobs")); got != "" {
		t.Fatalf("copied: %s", got)
	}
	if _, err := p.Store.Remove("v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("removing took the user's file")
	}
	p.Catalogue = &catalog.Catalogue{Entries: []catalog.Entry{entry(data)}}
	m, err = p.Import(ctx, path, "mine", true)
	if err != nil || m.Name != "mine" || m.Title != "Tiny" || p.Store.Path(m) != p.Store.BlobPath(fakehub.SHA256(data)) {
		t.Fatalf("%v: %+v", err, m)
	}
	os.Remove(path)
	if err := p.Store.Verify(ctx, m, nil); err != nil {
		t.Fatal(err)
	}
}

func TestImportFolderAndSplit(t *testing.T) {
	src := t.TempDir()
	for name, data := range map[string]string{"model.safetensors": "w", "config.json": "{}", "notes.txt": "x",
		"big-00001-of-00002.gguf": "1", "big-00002-of-00002.gguf": "2", "big-00001-of-00003.gguf": "3"} {
		if err := os.WriteFile(filepath.Join(src, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	p := puller(t, t.TempDir(), "")
	m, err := p.Import(ctx, src, "folder", false)
	if err != nil || len(m.Files) != 2 || p.Store.Path(m) != src {
		t.Fatalf("%v: %+v", err, m)
	}
	if err := p.Store.Verify(ctx, m, nil); err != nil {
		t.Fatal(err)
	}
	m, err = p.Import(ctx, filepath.Join(src, "big-00001-of-00002.gguf"), "", true)
	if err != nil || m.Name != "big" || len(m.Files) != 2 || filepath.Base(p.Store.Path(m)) != "big-00001-of-00002.gguf" {
		t.Fatalf("%v: %+v", err, m)
	}
	for _, bad := range []string{filepath.Join(src, "model.safetensors"), t.TempDir(), filepath.Join(src, "none")} {
		if _, err := p.Import(ctx, bad, "bad", false); err == nil {
			t.Errorf("%s was imported", bad)
		}
	}
}
