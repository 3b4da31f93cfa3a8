package pull

import (
	"context"
	"errors"
	"fmt"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// load fetches every file of a plan and installs the model.
func (p *Puller) load(ctx context.Context, e catalog.Entry, plan *source.Plan) (store.Manifest, error) {
	files := make([]catalog.File, len(plan.Files))
	for i, f := range plan.Files {
		files[i] = expected(e, f)
	}
	if err := catalog.CheckFiles(files); err != nil {
		return store.Manifest{}, fmt.Errorf("%s: %w", plan.Label, err)
	}
	if err := p.Store.CheckSpace(p.need(files, plan)); err != nil {
		return store.Manifest{}, err
	}
	for i, f := range files {
		got, err := p.fetch(ctx, f, plan)
		if err != nil {
			return store.Manifest{}, p.Store.Full(err, p.need(files[i:], plan))
		}
		files[i] = got
	}
	m := store.Manifest{Entry: e, Source: plan.Label}
	m.Files = files
	if p.Describe != nil && m.Family == "" {
		if err := p.describe(&m); err != nil {
			// Nobody will name these files.
			return store.Manifest{}, errors.Join(err, p.Store.Drop(m.Files))
		}
	}
	return m, p.Store.Install(m, p.Now())
}

// describe looks into files that are in the store but not installed yet: they
// are installed first under a name that is not shown.
func (p *Puller) describe(m *store.Manifest) error {
	path, done, err := p.Store.Preview(*m)
	if err != nil {
		return err
	}
	defer done()
	return p.Describe(path, &m.Entry)
}

// need is how many bytes must still be written for some files of a plan.
func (p *Puller) need(files []catalog.File, plan *source.Plan) (n int64) {
	missing := false
	for _, f := range files {
		if p.Store.HasBlob(f.SHA256) {
			continue
		}
		missing = true
		n += max(0, f.Bytes-p.Store.PartialSize(key(f, plan)))
	}
	if missing {
		n += plan.Scratch
	}
	return n
}

// key names the content of a file for going on later.
func key(f catalog.File, plan *source.Plan) string {
	if f.SHA256 != "" || plan.Key == nil {
		return f.SHA256
	}
	return plan.Key(f)
}

// fetch brings one file into the store and returns it with size and hash.
func (p *Puller) fetch(ctx context.Context, f catalog.File, plan *source.Plan) (catalog.File, error) {
	if n, ok := p.Store.BlobSize(f.SHA256); ok {
		f.Bytes = n
		return f, nil
	}
	got, resumed, err := p.fetchOnce(ctx, f, plan)
	if resumed && errors.Is(err, store.ErrWrongHash) {
		// What an earlier attempt left may be what is wrong, after a power cut for
		// instance. One fresh start tells.
		p.say("%s: the earlier part does not fit; starting over", f.Name)
		got, _, err = p.fetchOnce(ctx, f, plan)
	}
	if err != nil {
		return f, fmt.Errorf("%s: %q: %w", plan.Label, f.Name, err)
	}
	return got, nil
}

func (p *Puller) fetchOnce(ctx context.Context, f catalog.File, plan *source.Plan) (got catalog.File, resumed bool, err error) {
	part, err := p.Store.Partial(key(f, plan))
	if err != nil {
		return f, false, err
	}
	resumed = part.Resumed()
	err = plan.Fetch(ctx, f, part)
	resumed = resumed && part.Resumed() // not if the source began anew
	if errors.Is(err, source.ErrWrongContent) {
		return f, resumed, errors.Join(err, part.Discard())
	}
	if err != nil {
		return f, resumed, errors.Join(err, part.Close())
	}
	size := part.Size()
	sum, err := part.Commit(f.SHA256)
	if err != nil {
		return f, resumed, err
	}
	return catalog.File{Name: f.Name, Bytes: size, SHA256: sum}, resumed, nil
}
