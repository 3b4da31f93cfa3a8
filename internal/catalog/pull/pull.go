package pull

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// ErrRefused says that the licence was not accepted.
var ErrRefused = errors.New("licence not accepted")

// Puller brings models into a store.
type Puller struct {
	Store  *store.Store
	Hub    *source.Hub
	Index  *source.Index
	Web    *source.Web
	Report source.Report
	Now    func() time.Time

	// Catalogue recognises files that are imported; it may be nil.
	Catalogue *catalog.Catalogue
	// Agree shows a licence that asks for consent and returns nil if the user
	// accepts it, or an error wrapping ErrRefused.
	Agree func(title string, l catalog.Licence) error
	// Describe fills in what an entry from outside the catalogue does not know,
	// by looking into the files at path.
	Describe func(path string, e *catalog.Entry) error
}

func (p *Puller) say(format string, args ...any) {
	if p.Report != nil {
		p.Report(source.Event{Line: fmt.Sprintf(format, args...)})
	}
}

// Pull installs an entry of the catalogue from the first source that has it.
func (p *Puller) Pull(ctx context.Context, e catalog.Entry) (store.Manifest, error) {
	lock, err := p.Store.Lock()
	if err != nil {
		return store.Manifest{}, err
	}
	defer lock.Unlock()
	if e.Licence.Consent {
		if err := p.Agree(e.Title, e.Licence); err != nil {
			return store.Manifest{}, err
		}
	}
	if m, ok := p.present(e); ok {
		return m, p.Store.Install(m, p.Now())
	}
	var failures []error
	for i, s := range e.Sources {
		m, err := p.from(ctx, e, s)
		if err == nil {
			return m, nil
		}
		if ctx.Err() != nil {
			return store.Manifest{}, context.Cause(ctx)
		}
		var full *store.SpaceError
		if errors.As(err, &full) {
			return store.Manifest{}, err // no other source makes the disk larger
		}
		failures = append(failures, err)
		if i+1 < len(e.Sources) {
			p.say("%v; trying the next source", err)
		}
	}
	if len(failures) == 0 {
		return store.Manifest{}, fmt.Errorf("model %q: the catalogue names no source", e.Name)
	}
	return store.Manifest{}, fmt.Errorf("model %q: no source delivered it: %w", e.Name, errors.Join(failures...))
}

// present finds an entry whose files are all in the store already: it is
// installed, or an interruption came between the last file and the manifest.
func (p *Puller) present(e catalog.Entry) (store.Manifest, bool) {
	if m, err := p.Store.Manifest(e.Name); err == nil && m.External == "" && (!e.Pinned() || sameFiles(m.Files, e.Files)) {
		if p.complete(m.Files) {
			return m, true
		}
	}
	if e.Pinned() && e.Family != "" && p.complete(e.Files) {
		m := store.Manifest{Entry: e, Source: "files already here"}
		m.Files = slices.Clone(e.Files)
		for i, f := range m.Files {
			m.Files[i].Bytes, _ = p.Store.BlobSize(f.SHA256)
		}
		return m, true
	}
	return store.Manifest{}, false
}

func sameFiles(a, b []catalog.File) bool {
	hashes := map[string]string{}
	for _, f := range a {
		hashes[f.Name] = f.SHA256
	}
	for _, f := range b {
		if hashes[f.Name] != f.SHA256 {
			return false
		}
	}
	return len(a) == len(b)
}

func (p *Puller) complete(files []catalog.File) bool {
	for _, f := range files {
		if !p.Store.HasBlob(f.SHA256) {
			return false
		}
	}
	return true
}

// from tries one source.
func (p *Puller) from(ctx context.Context, e catalog.Entry, s catalog.Source) (store.Manifest, error) {
	var plan *source.Plan
	var err error
	switch s.Kind {
	case catalog.Hub:
		plan, err = p.Hub.Plan(ctx, e, s)
	case catalog.Index:
		plan, err = p.Index.Plan(ctx, e, s)
	case catalog.URL:
		plan, err = (&source.Address{Web: p.Web, Report: p.Report}).Plan(ctx, e, s)
	default:
		err = fmt.Errorf("source %q: unknown kind", s.Kind)
	}
	if err != nil {
		return store.Manifest{}, err
	}
	p.say("loading %s from %s", e.Name, plan.Label)
	m, err := p.load(ctx, e, plan)
	if s.Kind == catalog.Index && (err == nil || errors.Is(err, store.ErrWrongHash) || errors.Is(err, source.ErrWrongContent)) {
		// Kept packages would only go wrong again.
		err = errors.Join(err, p.Store.ClearScratch(e.Name))
	}
	return m, err
}

// expected is what a file must be: the entry's word on its hash and size wins
// over the source's.
func expected(e catalog.Entry, f catalog.File) catalog.File {
	for _, want := range e.Files {
		if want.Name != f.Name || want.SHA256 == "" {
			continue
		}
		f.SHA256 = want.SHA256
		if want.Bytes >= 0 {
			f.Bytes = want.Bytes
		}
	}
	return f
}
