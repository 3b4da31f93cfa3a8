package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"malmoi/internal/blob"
	"malmoi/internal/converse"
	"malmoi/internal/store"
)

// Files keeps the files of conversations in a blob store. A full disk is the
// same error as that of a full database: nothing can be saved now.
func Files(s blob.Store) converse.Blobs { return files{s} }

type files struct{ store blob.Store }

// Put implements converse.Blobs.
func (f files) Put(ctx context.Context, data []byte) (string, error) {
	digest, _, err := f.store.Put(ctx, bytes.NewReader(data))
	if errors.Is(err, blob.ErrFull) {
		return "", fmt.Errorf("%w (%w)", store.ErrReadOnly, err)
	}
	return digest, err
}

// Get implements converse.Blobs.
func (f files) Get(ctx context.Context, digest string) ([]byte, error) {
	r, err := f.store.Get(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, converse.MaxFile+1))
	if err == nil && len(data) > converse.MaxFile {
		err = fmt.Errorf("app: the file %s is larger than what was ever taken", digest)
	}
	return data, err
}

// Delete implements converse.Blobs.
func (f files) Delete(ctx context.Context, digest string) error { return f.store.Delete(ctx, digest) }
