package webui

import (
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
)

// packedSuffix ends the name of a file that the page has only compressed: what
// is large and seldom asked for, such as the Python of the code interpreter.
// It stays where it is, in the binary, and is not copied into memory.
const packedSuffix = ".gz"

// packedName returns the name under which a file is served that lies in the page
// only compressed, and false for every other file.
func packedName(page fs.FS, name string) (string, bool) {
	plain, ok := strings.CutSuffix(name, packedSuffix)
	if !ok {
		return "", false
	}
	_, err := fs.Stat(page, plain)
	return plain, err != nil
}

func newPacked(page fs.FS, name string) *asset {
	a := newAsset(name)
	a.packed = true
	// The name changes with the content, so that the content need not be read.
	etag := quoted(sha256.Sum256([]byte(name)))
	a.bodies = []body{{
		encoding: "gzip", page: page, name: name + packedSuffix,
		etag: func() (string, error) { return etag, nil },
	}}
	return a
}

// sendUnpacked sends a packed body to a client that does not take gzip.
func sendUnpacked(w http.ResponseWriter, r *http.Request, b body) error {
	f, err := b.open()
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	plain, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("webui: %s: %w", b.name, err)
	}
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, plain) // the client may be gone
	}
	return nil
}
