package source

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
	"malmoi/internal/catalog/source/fakehub"
)

// memory is a sink in a file without a store.
type memory struct {
	path      string
	data      []byte
	validator string
}

func (m *memory) Write(b []byte) (int, error) { m.data = append(m.data, b...); return len(b), m.save() }
func (m *memory) Size() int64                 { return int64(len(m.data)) }
func (m *memory) Reset() error                { m.data, m.validator = nil, ""; return m.save() }
func (m *memory) Path() string                { return m.path }
func (m *memory) Validator() string           { return m.validator }
func (m *memory) SetValidator(v string) error { m.validator = v; return nil }
func (m *memory) Sum() string                 { return fakehub.SHA256(m.data) }
func (m *memory) save() error                 { return os.WriteFile(m.path, m.data, 0o644) }

func newSink(t *testing.T) *memory { return &memory{path: filepath.Join(t.TempDir(), "sink")} }

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

func quick() *Web {
	return &Web{Client: NewClient(), Wait: 2 * time.Second, Stall: 300 * time.Millisecond, Pause: time.Millisecond}
}

const repo = "maker/tiny-GGUF"

func entry(data []byte) catalog.Entry {
	return catalog.Entry{Name: "tiny", Format: catalog.GGUF, Role: catalog.Chat, Family: "llama",
		Files:   []catalog.File{{Name: "tiny-q4_k_m.gguf", Bytes: int64(len(data)), SHA256: fakehub.SHA256(data)}},
		Sources: []catalog.Source{{Kind: catalog.Hub, Repo: repo}}}
}

func tinyHub(t *testing.T, data []byte) *fakehub.Hub {
	return fakehub.New(t, map[string]*fakehub.Repo{repo: {Licence: "apache-2.0", Files: map[string][]byte{
		"tiny-q4_k_m.gguf": data, "tiny-q8_0.gguf": noise(7), "README.md": []byte("hello")}}})
}

// get fetches the entry's file from the fake hub.
func get(t *testing.T, f *fakehub.Hub, h *Hub, e catalog.Entry, to Sink) error {
	t.Helper()
	if h == nil {
		h = &Hub{Web: quick()}
	}
	h.Endpoint = f.URL
	p, err := h.Plan(context.Background(), e, e.Sources[0])
	if err != nil {
		return err
	}
	return p.Fetch(context.Background(), p.Files[0], to)
}

func TestHubDelivers(t *testing.T) {
	data := noise(300_000)
	sink := newSink(t)
	if err := get(t, tinyHub(t, data), nil, entry(data), sink); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sink.data, data) {
		t.Fatal("other bytes arrived")
	}
}

func TestDownloadGoesOnAtEveryCut(t *testing.T) {
	data := noise(1000)
	f := tinyHub(t, data)
	for cut := 0; cut < len(data); cut += 37 {
		// An earlier process left cut bytes; the connection breaks once more later.
		sink := newSink(t)
		sink.data = append([]byte(nil), data[:cut]...)
		broken := false
		f.Cut = func(int) int {
			if broken {
				return -1
			}
			broken = true
			return (len(data) - cut) / 2
		}
		if err := get(t, f, nil, entry(data), sink); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if !bytes.Equal(sink.data, data) {
			t.Fatalf("cut at %d: other bytes arrived", cut)
		}
	}
	for _, r := range f.Requests() {
		if r.Server == "storage" && r.Header.Get("Range") == "bytes=0-" {
			t.Fatal("asked for a range that is everything")
		}
	}
}

func TestDownloadLoadsOnlyWhatIsMissing(t *testing.T) {
	data := noise(10_000)
	f := tinyHub(t, data)
	sink := newSink(t)
	sink.data = append([]byte(nil), data[:9_000]...)
	if err := get(t, f, nil, entry(data), sink); err != nil {
		t.Fatal(err)
	}
	last := f.Requests()[len(f.Requests())-1]
	if got := last.Header.Get("Range"); got != "bytes=9000-" {
		t.Fatalf("Range %q", got)
	}
}

func TestDownloadStartsOverWhenTheFileChanged(t *testing.T) {
	data := noise(5_000)
	f := tinyHub(t, data)
	sink := newSink(t)
	f.Cut = func(n int) int {
		if n == 0 {
			f.Version = "2" // behind the client's back, after the first bytes
			return 2_000
		}
		return -1
	}
	if err := get(t, f, nil, entry(data), sink); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sink.data, data) {
		t.Fatal("two versions were mixed")
	}
	whole := 0
	for _, r := range f.Requests() {
		if r.Server == "storage" && r.Header.Get("If-Range") != "" {
			whole++
		}
	}
	if whole == 0 {
		t.Fatal("the second request did not insist on the same version")
	}
}

func TestServerWithoutRanges(t *testing.T) {
	data := noise(5_000)
	f := tinyHub(t, data)
	f.IgnoreRange = true
	sink := newSink(t)
	sink.data = append([]byte(nil), data[:1234]...)
	if err := get(t, f, nil, entry(data), sink); err != nil || !bytes.Equal(sink.data, data) {
		t.Fatalf("%v, %d bytes", err, len(sink.data))
	}
}

func TestOverlongRemainderStartsOver(t *testing.T) {
	data := noise(500)
	sink := newSink(t)
	sink.data = noise(800)
	if err := get(t, tinyHub(t, data), nil, entry(data), sink); err != nil || !bytes.Equal(sink.data, data) {
		t.Fatalf("%v, %d bytes", err, len(sink.data))
	}
}

func TestStalledBodyGoesOn(t *testing.T) {
	data := noise(8_000)
	f := tinyHub(t, data)
	f.Hang = "body"
	sink := newSink(t)
	// Each attempt brings half of the rest; in the end nothing more comes.
	err := get(t, f, &Hub{Web: &Web{Client: NewClient(), Wait: time.Second, Stall: 50 * time.Millisecond, Pause: time.Millisecond, Tries: 2}}, entry(data), sink)
	if err == nil || !strings.Contains(err.Error(), "sent nothing for") {
		t.Fatalf("got %v", err)
	}
	if len(sink.data) < 7_900 || !bytes.Equal(sink.data, data[:len(sink.data)]) {
		t.Fatalf("%d bytes are here", len(sink.data))
	}
}

func TestSilentServerCostsOnlyTheWait(t *testing.T) {
	data := noise(100)
	for _, hang := range []string{"api", "file"} {
		f := tinyHub(t, data)
		f.Hang = hang
		begun := time.Now()
		err := get(t, f, &Hub{Web: &Web{Client: NewClient(), Wait: 200 * time.Millisecond}}, entry(data), newSink(t))
		if !errors.Is(err, ErrUnreachable) {
			t.Fatalf("%s: got %v", hang, err)
		}
		if took := time.Since(begun); took > 2*time.Second {
			t.Fatalf("%s: took %v", hang, took)
		}
	}
	if w := (&Web{}); orElse(w.Wait, 5*time.Second) > 5*time.Second {
		t.Fatal("the default wait is more than 5 s")
	}
}

func TestNobodyListens(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := (&Hub{Web: quick(), Endpoint: s.URL}).List(context.Background(), repo, "")
	if !errors.Is(err, ErrUnreachable) || strings.Contains(err.Error(), "/api/") {
		t.Fatalf("got %v", err)
	}
}

func TestTokenGoesToTheHubOnly(t *testing.T) {
	data := noise(100)
	f := tinyHub(t, data)
	if err := get(t, f, &Hub{Web: quick(), Token: "hf_secret"}, entry(data), newSink(t)); err != nil {
		t.Fatal(err)
	}
	hub, storage := 0, 0
	for _, r := range f.Requests() {
		auth := r.Header.Get("Authorization")
		switch r.Server {
		case "hub":
			hub++
			if auth != "Bearer hf_secret" {
				t.Errorf("hub got Authorization %q", auth)
			}
		case "storage":
			storage++
			if auth != "" {
				t.Errorf("another host got the token: %q", auth)
			}
		}
	}
	if hub < 2 || storage < 1 {
		t.Fatalf("%d requests to the hub, %d to storage", hub, storage)
	}
}

func TestRedirectOutOfTLSIsRefused(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer secure.Close()
	client := secure.Client()
	client.CheckRedirect = followSafely
	_, err := (&Hub{Web: &Web{Client: client}, Endpoint: secure.URL, Token: "x"}).List(context.Background(), repo, "")
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
}

func TestGatedRepositories(t *testing.T) {
	data := noise(100)
	f := fakehub.New(t, map[string]*fakehub.Repo{repo: {Gated: true, Token: "right", Files: map[string][]byte{"tiny-q4_k_m.gguf": data}}})
	check := func(token string, gated, sent bool) {
		t.Helper()
		err := get(t, f, &Hub{Web: quick(), Token: token}, entry(data), newSink(t))
		var a *AccessError
		if !errors.As(err, &a) {
			t.Fatalf("token %q: got %v", token, err)
		}
		if a.Gated != gated || a.Token != sent || a.Page != f.URL+"/"+repo {
			t.Errorf("token %q: %+v", token, a)
		}
	}
	check("", true, false)
	check("wrong", true, true)
	if err := get(t, f, &Hub{Web: quick(), Token: "right"}, entry(data), newSink(t)); err != nil {
		t.Fatal(err)
	}
}

func TestUnknownRepository(t *testing.T) {
	f := fakehub.New(t, nil)
	_, err := (&Hub{Web: quick(), Endpoint: f.URL}).List(context.Background(), "no/such", "")
	var a *AccessError
	if !errors.As(err, &a) || a.Gated {
		t.Fatalf("got %v", err)
	}
}

func TestHubWithAnotherFileIsRefusedBeforeTheDownload(t *testing.T) {
	data := noise(100)
	e := entry(data)
	e.Files[0].SHA256 = fakehub.SHA256([]byte("expected"))
	f := tinyHub(t, data)
	if err := get(t, f, nil, e, newSink(t)); !errors.Is(err, ErrWrongContent) {
		t.Fatalf("got %v", err)
	}
	if n := len(f.Requests()); n != 1 {
		t.Fatalf("%d requests", n)
	}
}

func TestSmallFilesAreCheckedByGitsHash(t *testing.T) {
	f := fakehub.New(t, map[string]*fakehub.Repo{repo: {Files: map[string][]byte{"config.json": []byte(`{"a":1}`)}}})
	e := catalog.Entry{Name: "x", Format: catalog.Safetensors}
	e.Sources = []catalog.Source{{Kind: catalog.Hub, Repo: repo, Include: []string{"*.json"}}}
	if err := get(t, f, nil, e, newSink(t)); err != nil {
		t.Fatal(err)
	}
	f.Corrupt = true
	if err := get(t, f, nil, e, newSink(t)); !errors.Is(err, ErrWrongContent) {
		t.Fatalf("got %v", err)
	}
}

func TestHashFromTheRedirectIsChecked(t *testing.T) {
	data := noise(1000)
	f := tinyHub(t, data)
	f.HideHashes = true
	e := entry(data)
	e.Files, e.Sources[0].Include = nil, []string{"*q4_k_m.gguf"}
	if err := get(t, f, nil, e, newSink(t)); err != nil {
		t.Fatal(err)
	}
	f.Corrupt = true
	if err := get(t, f, nil, e, newSink(t)); !errors.Is(err, ErrWrongContent) {
		t.Fatalf("got %v", err)
	}
}

func TestServerErrorsAreRetriedAndThenReported(t *testing.T) {
	data := noise(100)
	f := tinyHub(t, data)
	f.Status = http.StatusServiceUnavailable
	err := get(t, f, nil, entry(data), newSink(t))
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Fatalf("got %v", err)
	}
	tries := 0
	for _, r := range f.Requests() {
		if r.Server == "storage" {
			tries++
		}
	}
	if tries != 4 {
		t.Fatalf("%d tries", tries)
	}
}

func TestStoppingStopsAtOnce(t *testing.T) {
	data := noise(1000)
	f := tinyHub(t, data)
	f.Hang = "body"
	h := &Hub{Web: &Web{Client: NewClient(), Stall: time.Hour}, Endpoint: f.URL}
	e := entry(data)
	p, err := h.Plan(context.Background(), e, e.Sources[0])
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := p.Fetch(ctx, p.Files[0], newSink(t)); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 3*time.Second {
		t.Fatalf("got %v after %v", err, time.Since(begun))
	}
}

func TestMirrorThatListsNothing(t *testing.T) {
	data := noise(1000)
	f := tinyHub(t, data)
	f.NoList = true
	sink := newSink(t)
	if err := get(t, f, nil, entry(data), sink); err != nil || !bytes.Equal(sink.data, data) {
		t.Fatalf("pinned: %v", err)
	}
	ref, _, _ := ParseRef("hf:" + repo + ":tiny-q8_0.gguf")
	h := &Hub{Web: quick(), Endpoint: f.URL}
	fetch := func() error {
		_, err := h.List(context.Background(), ref.Repo, ref.Revision)
		l, ok := ref.Named(err)
		if !ok {
			t.Fatalf("got %v", err)
		}
		p := h.PlanFiles(l, l.Files)
		return p.Fetch(context.Background(), p.Files[0], newSink(t))
	}
	if err := fetch(); err != nil {
		t.Fatalf("by name: %v", err)
	}
	f.HideEtag = true
	if err := fetch(); !errors.Is(err, ErrWrongContent) {
		t.Fatalf("without any hash: %v", err)
	}
	f.HideEtag, f.Corrupt = false, true
	if err := fetch(); !errors.Is(err, ErrWrongContent) {
		t.Fatalf("corrupt: %v", err)
	}
}
