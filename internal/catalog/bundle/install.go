package bundle

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// scratch is the store's place for members that are not verified yet.
const scratch = "bundle"

// Installer brings a bundle into a store.
type Installer struct {
	Store  *store.Store
	Now    func() time.Time
	Report source.Report
	Agree  func(title string, l catalog.Licence) error // as pull.Puller's
	BinDir string                                      // where the program is put; "" leaves it in the bundle

	names map[string]string // of model files by hash
}

// Install verifies a bundle and makes its models visible.
func (in *Installer) Install(ctx context.Context, file string) (*Index, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lock, err := in.Store.Lock()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	tr := tar.NewReader(bufio.NewReaderSize(f, 1<<20))
	x, err := readIndex(tr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	in.names = map[string]string{}
	for _, m := range x.Models {
		for _, f := range m.Files {
			in.names[f.SHA256] = f.Name
		}
		if m.Licence.Consent {
			if err := in.Agree(m.Title, m.Licence); err != nil {
				return nil, err
			}
		}
	}
	if err := in.Store.CheckSpace(in.need(x)); err != nil {
		return nil, err
	}
	defer in.Store.ClearScratch(scratch)
	if err := in.unpack(ctx, tr, x); err != nil {
		return nil, fmt.Errorf("%s: %w", file, in.Store.Full(err, in.need(x)))
	}
	return x, in.publish(x)
}

// readIndex reads the first member.
func readIndex(tr *tar.Reader) (*Index, error) {
	h, err := tr.Next()
	if err != nil || h.Name != indexName || h.Typeflag != tar.TypeReg {
		return nil, errors.Join(fmt.Errorf("not a malmoi bundle: it does not begin with %s", indexName), err)
	}
	if h.Size > maxIndex {
		return nil, fmt.Errorf("bundle: index of %d bytes, more than %d", h.Size, maxIndex)
	}
	data, err := io.ReadAll(io.LimitReader(tr, maxIndex))
	if err != nil {
		return nil, fmt.Errorf("bundle: index: %w", err)
	}
	return parseIndex(data)
}

// need is how many bytes the files want that are not in the store yet.
func (in *Installer) need(x *Index) (n int64) {
	for _, m := range x.Members {
		if !strings.HasPrefix(m.Path, blobFolder) || !in.Store.HasBlob(m.SHA256) {
			n += m.Bytes
		}
	}
	return n
}

// unpack follows the index member by member into the scratch folder, where a
// file's name is its hash: no name of the tar file reaches the file system.
func (in *Installer) unpack(ctx context.Context, tr *tar.Reader, x *Index) error {
	if err := in.Store.ClearScratch(scratch); err != nil {
		return err
	}
	dir, err := in.Store.Scratch(scratch)
	if err != nil {
		return err
	}
	for _, m := range x.Members {
		h, err := tr.Next()
		if err != nil {
			return fmt.Errorf("bundle: it ends before member %q: %w", m.Path, endless(err))
		}
		if h.Name != m.Path || h.Typeflag != tar.TypeReg || h.Size != m.Bytes {
			return fmt.Errorf("bundle: member %q of %d bytes, where the index has %q of %d", h.Name, h.Size, m.Path, m.Bytes)
		}
		if err := in.take(ctx, tr, m, filepath.Join(dir, m.SHA256)); err != nil {
			return fmt.Errorf("bundle: member %q: %w", m.Path, endless(err))
		}
	}
	if h, err := tr.Next(); err == nil {
		return fmt.Errorf("bundle: member %q is not in the index", h.Name)
	} else if err != io.EOF {
		return fmt.Errorf("bundle: after the last member: %w", err)
	}
	return nil
}

// title is what a member is called to people: a model's file by its own name.
func (in *Installer) title(m Member) string {
	if name, ok := in.names[m.SHA256]; ok {
		return name
	}
	return filepath.Base(m.Path)
}

// endless turns a plain end into one that says it came too early.
func endless(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take writes one member to a file and checks its hash. What the store has
// already is checked and not written.
func (in *Installer) take(ctx context.Context, tr io.Reader, m Member, to string) (err error) {
	r := &meter{ctx: ctx, r: tr, sum: sha256.New(), name: in.title(m), total: m.Bytes, report: in.Report}
	var w io.Writer = io.Discard
	if !in.Store.HasBlob(m.SHA256) {
		f, err := os.Create(to)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Sync(), f.Close()) }()
		w = f
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r}, make([]byte, 1<<20)); err != nil {
		return err
	}
	if got := r.Sum(); got != m.SHA256 || r.done != m.Bytes {
		return fmt.Errorf("%w: %s in %d bytes, the index says %s in %d", store.ErrWrongHash, got, r.done, m.SHA256, m.Bytes)
	}
	return nil
}

// publish moves the verified files into the store and installs the models.
func (in *Installer) publish(x *Index) error {
	dir, err := in.Store.Scratch(scratch)
	if err != nil {
		return err
	}
	for _, m := range x.Members {
		from := filepath.Join(dir, m.SHA256)
		switch {
		case strings.HasPrefix(m.Path, blobFolder) && !in.Store.HasBlob(m.SHA256):
			err = in.Store.Adopt(from, m.SHA256)
		case m.Path == binaryPath && in.BinDir != "":
			err = placeBinary(from, in.BinDir)
		}
		if err != nil {
			return fmt.Errorf("bundle: member %q: %w", m.Path, err)
		}
	}
	for _, m := range x.Models {
		m.Installed = time.Time{}
		if err := in.Store.Install(m, in.Now()); err != nil {
			return err
		}
	}
	return nil
}

// placeBinary copies the program to where the user wants it and makes it
// runnable; the folder may be on another disk.
func placeBinary(from, dir string) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	f, err := os.CreateTemp(dir, ".malmoi-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = io.Copy(f, src)
	if err = errors.Join(err, f.Chmod(0o755), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, "malmoi"))
}
