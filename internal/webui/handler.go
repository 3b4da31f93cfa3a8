package webui

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// ContentSecurityPolicy is what the page lives under: nothing from elsewhere,
// no inline script, no frame around it. Styles may be inline because KaTeX
// places its glyphs with style attributes.
const ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at every path that is not an API's. It panics never
// and fails never: a binary without a page serves a message that says so.
func Handler() http.Handler { return newHandler(embedded) }

// Of serves a page that was built into a folder, instead of the one in the
// binary. The folder must not change meanwhile.
func Of(page fs.FS) http.Handler {
	assets, err := load(page)
	if err != nil || assets["index.html"] == nil {
		return missing(embedded)
	}
	return &handler{assets: assets}
}

func newHandler(all fs.FS) http.Handler {
	page, ok := built(all)
	if !ok {
		return missing(all)
	}
	assets, err := load(page)
	if err != nil || assets["index.html"] == nil {
		return missing(all)
	}
	return &handler{assets: assets}
}

// missing answers for a page that was not built.
func missing(all fs.FS) http.Handler {
	message, err := fs.ReadFile(all, "dist.txt")
	if err != nil {
		message = []byte("malmoi: this binary was built without its page\n")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		secure(w.Header())
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write(message) // the client may be gone
	})
}

type handler struct{ assets map[string]*asset }

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a := h.find(r.URL.Path)
	if a == nil {
		secure(w.Header())
		http.NotFound(w, r)
		return
	}
	send(w, r, a)
}

// find maps a path to a file. The page has addresses of its own (/c/ID), which
// all are index.html; a path with a file extension that is no file is a
// mistake, and so is an API route that nobody serves.
func (h *handler) find(urlPath string) *asset {
	name := strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if a := h.assets[name]; a != nil {
		return a
	}
	if path.Ext(name) != "" || isAPI(name) {
		return nil
	}
	return h.assets["index.html"]
}

func isAPI(name string) bool {
	first, _, _ := strings.Cut(name, "/")
	return first == "v1" || first == "api" || first == "assets"
}

func send(w http.ResponseWriter, r *http.Request, a *asset) {
	header := w.Header()
	secure(header)
	header.Set("Content-Type", a.mime)
	header.Set("Cache-Control", "no-cache")
	if a.immutable {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if len(a.bodies) != 1 || a.packed {
		header.Add("Vary", "Accept-Encoding")
	}
	b := a.choose(r.Header.Get("Accept-Encoding"))
	how := sendBody
	if a.packed && !accepts(r.Header.Get("Accept-Encoding"), b.encoding) {
		how = sendUnpacked
	}
	if err := how(w, r, b); err != nil {
		http.Error(w, "this file of the page cannot be read", http.StatusInternalServerError)
	}
}

// sendBody sends a body as it lies there.
func sendBody(w http.ResponseWriter, r *http.Request, b body) error {
	etag, err := b.etag()
	if err != nil {
		return err
	}
	f, err := b.open()
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	w.Header().Set("ETag", etag)
	if b.encoding != "" {
		w.Header().Set("Content-Encoding", b.encoding)
	}
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}

// secure sets the headers that keep the page to itself. What an outer handler
// has set already stands.
func secure(header http.Header) {
	for name, value := range map[string]string{
		"Content-Security-Policy":    ContentSecurityPolicy,
		"X-Content-Type-Options":     "nosniff",
		"Referrer-Policy":            "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Permissions-Policy":         "camera=(), microphone=(), geolocation=()",
	} {
		if header.Get(name) == "" {
			header.Set(name, value)
		}
	}
}
