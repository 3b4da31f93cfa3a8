package webui

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"time"
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
	a.packed = page
	return a
}

// sendPacked sends a file as it lies there, or unpacked on the way to a client
// that does not take gzip. Its ETag is its name's, which changes with its content.
func sendPacked(w http.ResponseWriter, r *http.Request, a *asset) error {
	f, err := a.packed.Open(a.name + packedSuffix)
	if err != nil {
		return fmt.Errorf("webui: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if file, ok := f.(io.ReadSeeker); ok && accepts(r.Header.Get("Accept-Encoding"), "gzip") {
		sum := sha256.Sum256([]byte(a.name))
		w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:12])+`"`)
		w.Header().Set("Content-Encoding", "gzip")
		http.ServeContent(w, r, "", time.Time{}, file)
		return nil
	}
	plain, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("webui: %s: %w", a.name, err)
	}
	if r.Method != http.MethodHead {
		_, _ = io.Copy(w, plain) // the client may be gone
	}
	return nil
}
