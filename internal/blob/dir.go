package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"time"
)

// Dir keeps blobs in a folder: the first two digits of the digest are a folder,
// the digest is the file. A file has its name only when it is whole and on the
// disk.
type Dir struct {
	root  *os.Root
	limit int64
}

// partials is the folder of files that are being written; what is older than
// stalePartial was left by a process that ended.
const (
	partials     = "partial"
	stalePartial = 24 * time.Hour
)

// OpenDir opens the folder and makes it if it is not there.
func OpenDir(dir string) (*Dir, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	d := &Dir{root, MaxSize}
	if err := d.clean(); err != nil {
		root.Close()
		return nil, fmt.Errorf("blob: %w", err)
	}
	return d, nil
}

// Close closes the folder.
func (d *Dir) Close() error { return d.root.Close() }

// clean removes what writers left that did not end well.
func (d *Dir) clean() error {
	if err := d.root.MkdirAll(partials, 0o700); err != nil {
		return err
	}
	entries, err := fs.ReadDir(d.root.FS(), partials)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > stalePartial {
			_ = d.root.Remove(path.Join(partials, e.Name()))
		}
	}
	return nil
}

func place(digest string) (dir, file string) {
	return digest[:2], digest[:2] + "/" + digest
}

// Put implements Store.
func (d *Dir) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	part := path.Join(partials, rand.Text())
	digest, size, err := d.write(ctx, part, r)
	if err == nil {
		err = d.publish(part, digest)
	}
	if err != nil {
		_ = d.root.Remove(part)
		return "", 0, full(fmt.Errorf("blob: put: %w", err))
	}
	return digest, size, nil
}

func (d *Dir) write(ctx context.Context, part string, r io.Reader) (string, int64, error) {
	f, err := d.root.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	digest, size, err := copyHashed(ctx, f, r, d.limit)
	if err != nil {
		return "", 0, err
	}
	if err := f.Sync(); err != nil {
		return "", 0, err
	}
	return digest, size, f.Close()
}

// publish gives a whole file its name. The same bytes under the same name may
// be there already; they are written over, in case they are damaged.
func (d *Dir) publish(part, digest string) error {
	dir, file := place(digest)
	if err := d.root.Mkdir(dir, 0o700); err == nil {
		if err := d.sync("."); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := d.root.Rename(part, file); err != nil {
		return err
	}
	return d.sync(dir)
}

// sync brings the entries of a folder onto the disk.
func (d *Dir) sync(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// Get implements Store.
func (d *Dir) Get(_ context.Context, digest string) (io.ReadCloser, error) {
	if err := checkDigest(digest); err != nil {
		return nil, err
	}
	_, file := place(digest)
	f, err := d.root.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("blob %s: %w", digest, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return verify(f, digest), nil
}

// Delete implements Store.
func (d *Dir) Delete(_ context.Context, digest string) error {
	if checkDigest(digest) != nil {
		return nil
	}
	_, file := place(digest)
	if err := d.root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: delete: %w", err)
	}
	return nil
}

// List implements Store.
func (d *Dir) List(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := fs.WalkDir(d.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist): // deleted meanwhile
				return nil
			case err != nil:
				return err
			case ctx.Err() != nil:
				return ctx.Err()
			case e.IsDir() && name == partials:
				return fs.SkipDir
			case !e.IsDir() && digestForm.MatchString(e.Name()) && !yield(e.Name(), nil):
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield("", fmt.Errorf("blob: list: %w", err))
		}
	}
}

// errStop ends a walk whose caller has heard enough.
var errStop = errors.New("stop")
