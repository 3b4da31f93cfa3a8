package source

import (
	"crypto/sha1" //nolint:gosec // git's object names, beside TLS; not our only check
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"malmoi/internal/catalog"
)

// checkMarks compares a whole file with what the hub said of it outside the
// listing: a SHA-256 in X-Linked-ETag, or git's hash of a small file. The
// listing's own SHA-256 is checked by whoever commits the file.
func checkMarks(repo string, f HubFile, marks seen, to Sink) error {
	want, got := f.GitSHA1, ""
	var err error
	switch {
	case f.SHA256 != "":
		return nil
	case catalog.CheckSum(marks.linkedETag) == nil:
		want = marks.linkedETag
		sum, ok := to.(interface{ Sum() string })
		if !ok {
			return nil
		}
		got = sum.Sum()
	case want != "":
		got, err = gitHash(to.Path())
	case f.MustHash:
		return errors.Join(fmt.Errorf("hub: %s: %q: the server states no hash: %w", repo, f.Path, ErrWrongContent), to.Reset())
	default:
		return nil
	}
	if err != nil {
		return fmt.Errorf("hub: %s: %q: %w", repo, f.Path, err)
	}
	if got != want {
		return errors.Join(fmt.Errorf("hub: %s: %q: %w: hash %s, the hub says %s", repo, f.Path, ErrWrongContent, got, want), to.Reset())
	}
	return nil
}

// gitHash is the name git gives to a file's content.
func gitHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	h := sha1.New()
	fmt.Fprintf(h, "blob %d\x00", info.Size())
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
