package webui

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"sync"
)

// asset is one file in all its encodings.
type asset struct {
	name      string
	mime      string
	immutable bool // its name changes with its content
	bodies    []body
	packed    bool // has a gzip body alone
}

// body is an asset's bytes in one content encoding, "" for as it is. The
// identity is the last one of an asset. The bytes stay where they are, in the
// binary: a server that is asked for no page does not bring them into memory.
type body struct {
	encoding string
	page     fs.FS
	name     string
	etag     func() (string, error) // quoted; read once, when first asked for
}

// encodings in the order in which they are preferred.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// mimes are fixed here, because the tables of the operating system differ and
// a browser told nosniff runs no script of a wrong type.
var mimes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".wasm":        "application/wasm",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
	".zip":         "application/zip",
}

// load lists every file of the page, keyed by its path without leading slash.
func load(page fs.FS) (map[string]*asset, error) {
	assets := map[string]*asset{}
	err := fs.WalkDir(page, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if plain, ok := packedName(page, name); ok {
			assets[plain] = newPacked(page, plain)
			return nil
		}
		if isEncoded(name) {
			return nil
		}
		assets[name] = newEncoded(page, name)
		return nil
	})
	return assets, err
}

func isEncoded(name string) bool {
	for _, e := range encodings {
		if strings.HasSuffix(name, e.suffix) {
			return true
		}
	}
	return false
}

func newAsset(name string) *asset {
	a := &asset{name: name, mime: mimes[path.Ext(name)], immutable: strings.HasPrefix(name, "assets/")}
	if a.mime == "" {
		a.mime = "application/octet-stream"
	}
	return a
}

// newEncoded is the asset of a file and what of it there is compressed.
func newEncoded(page fs.FS, name string) *asset {
	a := newAsset(name)
	for _, e := range encodings {
		if _, err := fs.Stat(page, name+e.suffix); err == nil {
			a.bodies = append(a.bodies, newBody(page, e.name, name+e.suffix))
		}
	}
	a.bodies = append(a.bodies, newBody(page, "", name))
	return a
}

func newBody(page fs.FS, encoding, name string) body {
	b := body{encoding: encoding, page: page, name: name}
	b.etag = sync.OnceValues(func() (string, error) {
		f, err := b.open()
		if err != nil {
			return "", err
		}
		defer func() { _ = f.Close() }() // nothing was written
		sum := sha256.New()
		if _, err := io.Copy(sum, f); err != nil {
			return "", fmt.Errorf("webui: %s: %w", name, err)
		}
		return quoted([sha256.Size]byte(sum.Sum(nil))), nil
	})
	return b
}

// quoted makes a hash an ETag.
func quoted(sum [sha256.Size]byte) string { return `"` + hex.EncodeToString(sum[:12]) + `"` }

// open opens the body for reading at any place.
func (b body) open() (io.ReadSeekCloser, error) {
	f, err := b.page.Open(b.name)
	if err != nil {
		return nil, fmt.Errorf("webui: %w", err)
	}
	if s, ok := f.(io.ReadSeekCloser); ok {
		return s, nil
	}
	_ = f.Close()
	return nil, fmt.Errorf("webui: %s: %w", b.name, errors.ErrUnsupported)
}

// choose returns the best body for an Accept-Encoding header.
func (a *asset) choose(accept string) body {
	for _, b := range a.bodies {
		if b.encoding == "" || accepts(accept, b.encoding) {
			return b
		}
	}
	return a.bodies[len(a.bodies)-1]
}

// accepts reports whether an Accept-Encoding header names the encoding with a
// weight other than zero (RFC 9110, 12.5.3). A bare "*" is not taken as leave:
// clients that send it seldom mean Brotli.
func accepts(header, encoding string) bool {
	for item := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), encoding) {
			continue
		}
		weight, found := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
		return !found || strings.Trim(weight, "0.") != ""
	}
	return false
}
