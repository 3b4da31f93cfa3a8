package webui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func zipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const script = "console.log('말모이')"

func page(t *testing.T) fstest.MapFS {
	return fstest.MapFS{
		"dist.txt":                   {Data: []byte("no page")},
		"dist/index.html":            {Data: []byte("<!doctype html><title>말모이</title>")},
		"dist/icon.svg":              {Data: []byte("<svg/>")},
		"dist/manifest.webmanifest":  {Data: []byte("{}")},
		"dist/assets/a-1.js":         {Data: []byte(script)},
		"dist/assets/a-1.js.gz":      {Data: zipped(t, script)},
		"dist/assets/a-1.js.br":      {Data: []byte("brotli bytes")},
		"dist/assets/f-1.woff2":      {Data: []byte("font")},
		"dist/assets/odd.bin":        {Data: []byte("odd")},
		"dist/assets/py/p-1.wasm.gz": {Data: zipped(t, script)},
		"dist/assets/py/bad.zip.gz":  {Data: []byte("not gzip")},
	}
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	h := newHandler(page(t))
	for _, c := range []struct {
		path, mime, cache string
		status            int
	}{
		{"/", "text/html; charset=utf-8", "no-cache", 200},
		{"/index.html", "text/html; charset=utf-8", "no-cache", 200},
		{"/c/0123456789abcdef0123456789abcdef", "text/html; charset=utf-8", "no-cache", 200},
		{"/icon.svg", "image/svg+xml", "no-cache", 200},
		{"/manifest.webmanifest", "application/manifest+json", "no-cache", 200},
		{"/assets/a-1.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", 200},
		{"/assets/f-1.woff2", "font/woff2", "public, max-age=31536000, immutable", 200},
		{"/assets/odd.bin", "application/octet-stream", "public, max-age=31536000, immutable", 200},
		{"/assets/py/p-1.wasm", "application/wasm", "public, max-age=31536000, immutable", 200},
		{"/assets/py/p-1.wasm.gz", "", "", 404},
		{"/assets/../icon.svg", "image/svg+xml", "no-cache", 200},
		{"/assets/gone-2.js", "", "", 404},
		{"/assets/gone", "", "", 404},
		{"/assets/a-1.js.gz", "", "", 404},
		{"/favicon.ico", "", "", 404},
		{"/v1/nothing", "", "", 404},
		{"/api/nothing", "", "", 404},
		{"/../../etc/passwd.txt", "", "", 404},
	} {
		t.Run(c.path, func(t *testing.T) {
			r := get(t, h, c.path)
			if r.StatusCode != c.status {
				t.Fatalf("status %d, want %d", r.StatusCode, c.status)
			}
			if r.Header.Get("Content-Security-Policy") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("security headers missing: %v", r.Header)
			}
			if c.status != 200 {
				if strings.Contains(text(t, r), "<!doctype") {
					t.Error("a missing file must not be the page")
				}
				return
			}
			if got := r.Header.Get("Content-Type"); got != c.mime {
				t.Errorf("type %q, want %q", got, c.mime)
			}
			if got := r.Header.Get("Cache-Control"); got != c.cache {
				t.Errorf("cache %q, want %q", got, c.cache)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	h := newHandler(page(t))
	for _, c := range []struct{ accept, want string }{
		{"", ""},
		{"identity", ""},
		{"gzip", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"gzip;q=1.0, br;q=0", "gzip"},
		{"gzip; q=0.000, br; q=0.0", ""},
		{"GZIP", "gzip"},
		{"*", ""},
		{"xgzip", ""},
	} {
		t.Run(c.accept, func(t *testing.T) {
			r := get(t, h, "/assets/a-1.js", "Accept-Encoding", c.accept)
			if got := r.Header.Get("Content-Encoding"); got != c.want {
				t.Fatalf("encoding %q, want %q", got, c.want)
			}
			if r.Header.Get("Vary") != "Accept-Encoding" {
				t.Error("Vary is missing")
			}
			body := text(t, r)
			switch c.want {
			case "gzip":
				z, err := gzip.NewReader(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if plain, _ := io.ReadAll(z); string(plain) != script {
					t.Errorf("unzipped to %q", plain)
				}
			case "":
				if body != script {
					t.Errorf("body %q", body)
				}
			}
		})
	}
}

// A file that lies there only compressed reaches every client as what it is.
func TestPacked(t *testing.T) {
	h := newHandler(page(t))
	const path = "/assets/py/p-1.wasm"
	r := get(t, h, path, "Accept-Encoding", "gzip, deflate, br")
	if r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("headers %v", r.Header)
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if plain, _ := io.ReadAll(z); string(plain) != script {
		t.Errorf("unzipped to %q", plain)
	}
	tag := r.Header.Get("ETag")
	if r := get(t, h, path, "Accept-Encoding", "gzip", "If-None-Match", tag); r.StatusCode != http.StatusNotModified || tag == "" {
		t.Errorf("tag %q: status %d, want 304", tag, r.StatusCode)
	}
	for _, accept := range []string{"", "br", "gzip;q=0"} {
		r := get(t, h, path, "Accept-Encoding", accept)
		if body := text(t, r); body != script || r.Header.Get("Content-Encoding") != "" || r.Header.Get("ETag") != "" {
			t.Errorf("accept %q: body %q, headers %v", accept, body, r.Header)
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodHead, path, nil))
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD: status %d, %d bytes", w.Code, w.Body.Len())
	}
	if r := get(t, h, "/assets/py/bad.zip"); r.StatusCode != http.StatusInternalServerError {
		t.Errorf("a damaged file: status %d, want 500", r.StatusCode)
	}
}

func TestRevalidation(t *testing.T) {
	h := newHandler(page(t))
	for _, accept := range []string{"", "gzip", "br"} {
		first := get(t, h, "/assets/a-1.js", "Accept-Encoding", accept)
		tag := first.Header.Get("ETag")
		again := get(t, h, "/assets/a-1.js", "Accept-Encoding", accept, "If-None-Match", tag)
		if again.StatusCode != http.StatusNotModified || text(t, again) != "" {
			t.Errorf("accept %q: status %d, want 304 without a body", accept, again.StatusCode)
		}
		other := get(t, h, "/assets/a-1.js", "Accept-Encoding", accept, "If-None-Match", `"other"`)
		if other.StatusCode != http.StatusOK {
			t.Errorf("accept %q: another tag got %d, want 200", accept, other.StatusCode)
		}
	}
	plain := get(t, h, "/assets/a-1.js").Header.Get("ETag")
	if zip := get(t, h, "/assets/a-1.js", "Accept-Encoding", "gzip").Header.Get("ETag"); zip == plain {
		t.Error("two encodings share one ETag")
	}
}

func TestMethods(t *testing.T) {
	h := newHandler(page(t))
	for method, want := range map[string]int{"HEAD": 200, "POST": 405, "PUT": 405, "DELETE": 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", method, w.Code, want)
		}
		if method == "HEAD" && w.Body.Len() != 0 {
			t.Errorf("HEAD sent %d bytes", w.Body.Len())
		}
	}
}

func TestOuterHeadersStand(t *testing.T) {
	h := newHandler(page(t))
	w := httptest.NewRecorder()
	w.Header().Set("Content-Security-Policy", "default-src 'none'")
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Values("Content-Security-Policy"); len(got) != 1 || got[0] != "default-src 'none'" {
		t.Errorf("policy %q was not left alone", got)
	}
}

func TestWithoutPage(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"no dist":   {"dist.txt": {Data: []byte("run make web")}},
		"no index":  {"dist.txt": {Data: []byte("run make web")}, "dist/assets/a.js": {Data: []byte("x")}},
		"no notice": {},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHandler(files)
			r := get(t, h, "/")
			if r.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("status %d, want 503", r.StatusCode)
			}
			if body := text(t, r); !strings.Contains(body, "make web") && !strings.Contains(body, "without its page") {
				t.Errorf("message %q does not help", body)
			}
			if r := get(t, h, "/assets/a.js"); r.StatusCode != http.StatusNotFound {
				t.Errorf("status %d, want 404", r.StatusCode)
			}
		})
	}
}

// The embedded file system compiles and serves, with or without a built page.
func TestEmbedded(t *testing.T) {
	r := get(t, Handler(), "/")
	_, has := built(embedded)
	want := http.StatusServiceUnavailable
	if has {
		want = http.StatusOK
	}
	if r.StatusCode != want {
		t.Fatalf("status %d, want %d (page built: %v)", r.StatusCode, want, has)
	}
	if !has {
		return
	}
	html := text(t, r)
	if strings.Contains(html, "<script>") || strings.Contains(html, "http://") || strings.Contains(html, "https://") {
		t.Error("index.html has an inline script or an address elsewhere")
	}
}
