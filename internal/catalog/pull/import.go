package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// Import installs a model that is on this machine already: a GGUF file (with
// its sisters if it is split) or a folder with safetensors. The files are used
// where they are, or copied into the store if copied is set.
func (p *Puller) Import(ctx context.Context, at, name string, copied bool) (store.Manifest, error) {
	abs, err := filepath.Abs(at)
	if err != nil {
		return store.Manifest{}, err
	}
	paths, format, err := modelAt(abs)
	if err != nil {
		return store.Manifest{}, err
	}
	m := store.Manifest{Source: "file:" + abs, External: abs}
	m.Entry = catalog.Entry{Name: name, Title: filepath.Base(abs), Format: format, Role: catalog.Chat}
	m.Licence = catalog.Licence{Name: "not known: the files came from you"}
	if m.Name == "" {
		m.Name = catalog.MakeName(splitStem(filepath.Base(abs)))
	}
	if err := catalog.CheckName(m.Name); err != nil {
		return m, err
	}
	lock, err := p.Store.Lock()
	if err != nil {
		return m, err
	}
	defer lock.Unlock()
	if err := p.collect(ctx, &m, abs, paths, copied); err != nil {
		return m, err
	}
	if copied {
		m.External = ""
	}
	if !p.recognise(&m) && p.Describe != nil {
		if err := p.describe(&m); err != nil {
			return m, errors.Join(err, p.Store.Drop(m.Files))
		}
	}
	return m, p.Store.Install(m, p.Now())
}

// recognise takes over what the catalogue says of a model whose files have the
// very hashes of one of its entries.
func (p *Puller) recognise(m *store.Manifest) bool {
	if p.Catalogue == nil {
		return false
	}
	for _, e := range p.Catalogue.Entries {
		if !e.Pinned() || len(e.Files) != len(m.Files) || (len(m.Files) > 1 && !sameFiles(e.Files, m.Files)) {
			continue
		}
		if len(m.Files) == 1 && e.Files[0].SHA256 != m.Files[0].SHA256 {
			continue
		}
		name, files := m.Name, m.Files
		m.Entry = e
		m.Name, m.Files = name, files
		return true
	}
	return false
}

// collect hashes the files of a model, and copies them if asked to.
func (p *Puller) collect(ctx context.Context, m *store.Manifest, abs string, paths []string, copied bool) error {
	var need int64
	for _, file := range paths {
		info, err := os.Stat(file)
		if err != nil {
			return err
		}
		need += info.Size()
	}
	if copied {
		if err := p.Store.CheckSpace(need); err != nil {
			return err
		}
	}
	for _, file := range paths {
		name := fileName(abs, file)
		var done int64
		read := func(n int) {
			done += int64(n)
			if p.Report != nil {
				p.Report(source.Event{File: name, Done: done, Total: need})
			}
		}
		f, err := store.HashFile(ctx, file, read)
		if err == nil && copied {
			err = p.copyIn(ctx, file, f)
		}
		if err != nil {
			return p.Store.Full(err, need)
		}
		f.Name = name
		m.Files = append(m.Files, f)
	}
	return catalog.CheckFiles(m.Files)
}

// fileName is what a file is called inside the model.
func fileName(abs, file string) string {
	rel, err := filepath.Rel(abs, file)
	if err != nil || strings.HasPrefix(rel, "..") || rel == "." {
		rel = filepath.Base(file)
	}
	name := filepath.ToSlash(rel)
	if catalog.CheckFile(name) != nil && file == abs {
		return "model.gguf" // one file needs no name of its own
	}
	return name
}

func (p *Puller) copyIn(ctx context.Context, file string, want catalog.File) error {
	if p.Store.HasBlob(want.SHA256) {
		return nil
	}
	from, err := os.Open(file)
	if err != nil {
		return err
	}
	defer from.Close()
	part, err := p.Store.Partial(want.SHA256)
	if err != nil {
		return err
	}
	if _, err := from.Seek(part.Size(), io.SeekStart); err != nil {
		return errors.Join(err, part.Close())
	}
	if _, err := io.Copy(part, contextReader{ctx, from}); err != nil {
		return errors.Join(err, part.Discard())
	}
	_, err = part.Commit(want.SHA256)
	return err
}

// contextReader lets a copy be stopped.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// modelAt lists the files of the model at a path.
func modelAt(abs string) (files []string, format string, err error) {
	info, err := os.Stat(abs)
	if err != nil {
		return nil, "", err
	}
	if !info.IsDir() {
		if strings.HasSuffix(abs, ".safetensors") {
			return nil, "", fmt.Errorf("%s: safetensors come with config.json and tokenizer.json: name their folder", abs)
		}
		files, err := splits(abs)
		return files, catalog.GGUF, err
	}
	weights := false
	for _, pattern := range source.ModelFiles {
		found, err := fs.Glob(os.DirFS(abs), pattern)
		if err != nil {
			return nil, "", err
		}
		for _, name := range found {
			weights = weights || path.Ext(name) == ".safetensors"
			files = append(files, filepath.Join(abs, filepath.FromSlash(name)))
		}
	}
	if !weights {
		return nil, "", fmt.Errorf("%s: no .safetensors file in this folder; a GGUF file is named by itself", abs)
	}
	return files, catalog.Safetensors, nil
}

// splits returns a file, or all parts if it is the part of a split one.
func splits(abs string) ([]string, error) {
	stem := splitStem(filepath.Base(abs))
	if stem == filepath.Base(abs) {
		return []string{abs}, nil
	}
	dir, count := filepath.Dir(abs), abs[len(abs)-len("NNNNN.gguf"):]
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if s := splitStem(e.Name()); s == stem && s != e.Name() && strings.HasSuffix(e.Name(), count) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	return files, nil
}

// splitStem is the name of a split GGUF file without its numbers, and any other
// name as it is.
func splitStem(name string) string {
	if m := source.SplitName.FindStringIndex(name); m != nil {
		return name[:m[0]]
	}
	return name
}
