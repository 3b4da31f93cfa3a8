package pull

import (
	"context"
	"fmt"
	"path"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// free are licences that ask nothing of somebody who only uses a model.
var free = []string{"apache-2.0", "mit", "bsd-3-clause", "bsd-2-clause", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "isc", "unlicense"}

// PullRef installs a model of the hub that the catalogue does not list. name
// may be "", then it is made from the repository's.
func (p *Puller) PullRef(ctx context.Context, ref source.Ref, name string) (store.Manifest, error) {
	list, err := p.Hub.List(ctx, ref.Repo, ref.Revision)
	if l, ok := ref.Named(err); ok {
		list, err = l, nil
	}
	if err != nil {
		return store.Manifest{}, err
	}
	format, files, err := list.Pick(ref.Pick)
	if err != nil {
		return store.Manifest{}, err
	}
	e := catalog.Entry{Name: name, Title: ref.Repo, Format: format, Role: catalog.Chat, Licence: list.Licence}
	if e.Name == "" {
		e.Name = catalog.MakeName(path.Base(ref.Repo))
		if ref.Pick != "" {
			e.Name = catalog.MakeName(strings.TrimSuffix(path.Base(ref.Repo)+"-"+path.Base(ref.Pick), ".gguf"))
		}
	}
	if err := catalog.CheckName(e.Name); err != nil {
		return store.Manifest{}, err
	}
	lock, err := p.Store.Lock()
	if err != nil {
		return store.Manifest{}, err
	}
	defer lock.Unlock()
	if list.Gated || !isFree(e.Licence.Name) {
		e.Licence.Consent = true
		e.Licence.Summary = "The catalogue does not know this model. Read its licence at the address above before you use it."
		if e.Licence.Name == "" {
			e.Licence.Name = "no licence stated"
		}
		if err := p.Agree(e.Title, e.Licence); err != nil {
			return store.Manifest{}, err
		}
	}
	plan := p.Hub.PlanFiles(list, files)
	p.say("loading %s from %s", e.Name, plan.Label)
	return p.load(ctx, e, plan)
}

func isFree(licence string) bool {
	for _, name := range free {
		if strings.EqualFold(name, licence) {
			return true
		}
	}
	return false
}

// PullAddress installs the GGUF file at an address, whose hash the user knows.
func (p *Puller) PullAddress(ctx context.Context, address, sum, name string) (store.Manifest, error) {
	if err := catalog.CheckSum(sum); err != nil {
		return store.Manifest{}, fmt.Errorf("%s: %w", address, err)
	}
	clean, _, _ := strings.Cut(address, "?")
	file := path.Base(clean)
	if catalog.CheckFile(file) != nil {
		file = "model.gguf"
	}
	if name == "" {
		name = catalog.MakeName(file)
	}
	e := catalog.Entry{
		Name: name, Title: file, Format: catalog.GGUF, Role: catalog.Chat,
		Files:   []catalog.File{{Name: file, Bytes: -1, SHA256: sum}},
		Sources: []catalog.Source{{Kind: catalog.URL, Address: address}},
	}
	if err := e.Check(); err != nil {
		return store.Manifest{}, err
	}
	return p.Pull(ctx, e)
}
