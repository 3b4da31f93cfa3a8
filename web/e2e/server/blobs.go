package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// blobs keep uploaded files as long as the world lasts.
type blobs struct {
	mu   sync.Mutex
	data map[string][]byte
}

// Put implements converse.Blobs.
func (b *blobs) Put(_ context.Context, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	digest := hex.EncodeToString(sum[:])
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data[digest] = append([]byte(nil), data...)
	return digest, nil
}

// Get implements converse.Blobs.
func (b *blobs) Get(_ context.Context, digest string) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.data[digest]
	if !ok {
		return nil, fmt.Errorf("there is no file %s", digest)
	}
	return data, nil
}

// Delete implements converse.Blobs.
func (b *blobs) Delete(_ context.Context, digest string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.data, digest)
	return nil
}
