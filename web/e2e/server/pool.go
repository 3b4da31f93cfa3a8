package main

import (
	"context"
	"fmt"

	"malmoi/internal/llm"
)

// rack is the scripted models as files that a pool reads.
type rack struct{ models *models }

// Installed implements llm.Shelf.
func (r rack) Installed() []llm.Info {
	list := r.models.List()
	for i := range list {
		list[i].Loaded = false
	}
	return list
}

// Path implements llm.Shelf.
func (r rack) Path(name string) (string, error) {
	for _, i := range r.models.List() {
		if i.Name == name {
			return "/" + name, nil
		}
	}
	return "", fmt.Errorf("llm: %w: %q is not installed", llm.ErrUnknownModel, name)
}

// newPool is a real pool of two models and 6 GB.
func newPool(m *models) *llm.Pool {
	o := llm.PoolOptions{Limit: 2, Memory: 6 << 30, Estimate: func(_ string, i llm.Info) int64 { return i.Bytes }}
	return llm.NewBoundedPool(rack{m}, o, func(ctx context.Context, _ string, i llm.Info) (llm.Generator, error) {
		g, _, err := m.Acquire(ctx, i.Name)
		return g, err
	})
}
