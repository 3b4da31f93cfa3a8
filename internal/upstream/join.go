package upstream

import (
	"context"
	"errors"

	"malmoi/internal/llm"
)

// joined offers the models of several sources under one roof.
type joined struct{ sources []llm.Models }

// Join puts sources together: where two have a model of the same name, the
// earlier one's is used and listed. Local models come first.
func Join(sources ...llm.Models) llm.Models { return &joined{sources} }

// List implements llm.Models.
func (j *joined) List() []llm.Info {
	var out []llm.Info
	seen := map[string]bool{}
	for _, s := range j.sources {
		for _, i := range s.List() {
			if !seen[i.Name] {
				seen[i.Name] = true
				out = append(out, i)
			}
		}
	}
	return out
}

// Default implements llm.Models: a model that can chat before one that cannot,
// an earlier source before a later one.
func (j *joined) Default() string {
	first := ""
	for _, s := range j.sources {
		name := s.Default()
		if name == "" {
			continue
		}
		if first == "" {
			first = name
		}
		for _, i := range s.List() {
			if i.Name == name && !i.Embedding {
				return name
			}
		}
	}
	return first
}

// Acquire implements llm.Models. A model that an earlier source has but cannot
// load is not looked for elsewhere: that would hide the failure.
func (j *joined) Acquire(ctx context.Context, name string) (llm.Generator, func(), error) {
	if name == "" {
		name = j.Default()
	}
	first := llm.ErrUnknownModel
	for _, s := range j.sources {
		m, release, err := s.Acquire(ctx, name)
		if err == nil || !errors.Is(err, llm.ErrUnknownModel) {
			return m, release, err
		}
		if first == llm.ErrUnknownModel {
			first = err
		}
	}
	return nil, nil, first
}
