// Package blob keeps the bytes of files under their SHA-256, in a folder or in
// a bucket of an S3-compatible server. The same bytes are kept once. What is
// kept is whole and on the disk when Put returns, and what Get returns is what
// was put, or an error. It does not know whose files they are: who may read one
// is decided by the rows that name it.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"iter"
	"path/filepath"
	"regexp"
	"strings"
)

// MaxSize is the size of the largest blob, in bytes.
const MaxSize = 4 << 30

// Errors that callers branch on.
var (
	// ErrNotFound: there is no such blob. It is also fs.ErrNotExist.
	ErrNotFound = fmt.Errorf("there is no such blob: %w", fs.ErrNotExist)
	// ErrTooLarge: more than MaxSize bytes.
	ErrTooLarge = errors.New("the file is too large")
	// ErrDamaged: the bytes are not those that were put.
	ErrDamaged = errors.New("the file is damaged")
	// ErrFull: the disk takes no more. What was kept is safe.
	ErrFull = errors.New("the disk for files is full; make room and try again")
)

// Store keeps blobs. It is safe for concurrent use.
type Store interface {
	// Put keeps what r holds until its end.
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
	// Get opens a blob, or returns ErrNotFound. If the bytes are not those that
	// were put, the read that should end returns ErrDamaged.
	Get(ctx context.Context, digest string) (io.ReadCloser, error)
	// Delete forgets a blob; one that is not there is no error.
	Delete(ctx context.Context, digest string) error
	// List yields the digests of all blobs, in no particular order.
	List(ctx context.Context) iter.Seq2[string, error]
}

// Open opens the store at address: a folder, or
// s3://KEY:SECRET@HOST/BUCKET/PREFIX (see ParseS3).
func Open(ctx context.Context, address string) (Store, error) {
	if strings.HasPrefix(address, "s3://") {
		o, err := ParseS3(address)
		if err != nil {
			return nil, err
		}
		return OpenS3(ctx, o)
	}
	path, err := filepath.Abs(address)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return OpenDir(path)
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// checkDigest keeps everything that is not a digest away from names of files.
func checkDigest(digest string) error {
	if !digestForm.MatchString(digest) {
		return fmt.Errorf("blob %.80q: %w", digest, ErrNotFound)
	}
	return nil
}

// copyHashed copies at most limit bytes and returns their digest.
func copyHashed(ctx context.Context, w io.Writer, r io.Reader, limit int64) (digest string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(w, h), io.LimitReader(ctxReader{ctx, r}, limit+1))
	if err == nil && size > limit {
		err = fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// ctxReader ends a copy when its context does.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// verified compares the digest when the bytes have been read.
type verified struct {
	io.ReadCloser
	want string
	hash hash.Hash
}

func verify(r io.ReadCloser, digest string) io.ReadCloser {
	return &verified{r, digest, sha256.New()}
}

// Read passes bytes on; at their end they must add up to the digest.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.ReadCloser.Read(p)
	v.hash.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(v.hash.Sum(nil)) != v.want {
		err = fmt.Errorf("blob %s: %w", v.want, ErrDamaged)
	}
	return n, err
}
