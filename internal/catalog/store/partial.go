package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"malmoi/internal/catalog"
)

// ErrWrongHash says that what arrived is not what was promised. Nothing of it
// is kept.
var ErrWrongHash = errors.New("wrong SHA-256")

// Partial is a file on its way into the store. What is written to it survives
// the end of the process, and the next Partial of the same key goes on behind
// it. It counts and hashes as it goes. Not safe for concurrent use.
type Partial struct {
	store   *Store
	f       *os.File
	sum     hash.Hash
	size    int64
	resumed bool // holds bytes of an earlier process
}

// Partial opens the partial file of a key: the SHA-256 where it is known,
// otherwise any text that names the very same content. The caller holds the
// lock.
func (s *Store) Partial(key string) (*Partial, error) {
	if catalog.CheckSum(key) != nil {
		h := sha256.Sum256([]byte(key))
		key = "by-name-" + hex.EncodeToString(h[:])
	}
	f, err := os.OpenFile(filepath.Join(s.dir, "partial", key), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	p := &Partial{store: s, f: f, sum: sha256.New()}
	if p.size, err = io.Copy(p.sum, f); err != nil {
		f.Close()
		return nil, fmt.Errorf("data folder: %s: %w", f.Name(), err)
	}
	p.resumed = p.size > 0
	return p, nil
}

// Size is how many bytes are there.
func (p *Partial) Size() int64 { return p.size }

// Path is where the bytes are.
func (p *Partial) Path() string { return p.f.Name() }

// Resumed reports whether bytes of an earlier process are part of it.
func (p *Partial) Resumed() bool { return p.resumed }

// Sum is the SHA-256 of what is there, in hexadecimal.
func (p *Partial) Sum() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// Write appends.
func (p *Partial) Write(b []byte) (int, error) {
	n, err := p.f.WriteAt(b, p.size)
	p.sum.Write(b[:n])
	p.size += int64(n)
	return n, err
}

// Reset forgets all bytes.
func (p *Partial) Reset() error {
	p.sum.Reset()
	p.size, p.resumed = 0, false
	return errors.Join(p.f.Truncate(0), p.SetValidator(""))
}

// Validator is what the source called this version of the content when the
// first byte was written, "" if it said nothing.
func (p *Partial) Validator() string {
	data, err := os.ReadFile(p.f.Name() + ".json")
	if err != nil || len(data) > 4096 {
		return ""
	}
	var v string
	if json.Unmarshal(data, &v) != nil {
		return ""
	}
	return v
}

// SetValidator keeps what the source calls this version of the content.
func (p *Partial) SetValidator(v string) error {
	path := p.f.Name() + ".json"
	if v == "" {
		err := os.Remove(path)
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeFile(path, data)
}

// Close keeps what is there for the next time.
func (p *Partial) Close() error { return p.f.Close() }

// Discard removes what is there.
func (p *Partial) Discard() error {
	p.f.Close()
	return errors.Join(p.SetValidator(""), os.Remove(p.f.Name()))
}

// Commit makes the bytes a file of the store, under their own hash, which it
// returns. If want is not "" and differs, nothing is kept and the error wraps
// ErrWrongHash.
func (p *Partial) Commit(want string) (sum string, err error) {
	sum = p.Sum()
	if want != "" && sum != want {
		return "", errors.Join(fmt.Errorf("%w: expected %s, got %s in %d bytes", ErrWrongHash, want, sum, p.size), p.Discard())
	}
	if err := errors.Join(p.f.Chmod(0o644), p.f.Sync(), p.f.Close()); err != nil {
		return "", err
	}
	to := p.store.BlobPath(sum)
	if err := os.Rename(p.f.Name(), to); err != nil {
		return "", err
	}
	return sum, errors.Join(syncDir(filepath.Dir(to)), p.SetValidator(""))
}

// PartialSize is how many bytes an earlier download of this key left.
func (s *Store) PartialSize(key string) int64 {
	info, err := os.Stat(filepath.Join(s.dir, "partial", key))
	if err != nil || !info.Mode().IsRegular() {
		return 0
	}
	return info.Size()
}

// Scratch is a folder for what a source needs beside the partial files; it
// stays until it is removed by ClearScratch or ClearPartial. The caller holds
// the lock.
func (s *Store) Scratch(name string) (string, error) {
	dir := filepath.Join(s.dir, "partial", "scratch-"+name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return dir, nil
}

// ClearScratch removes a scratch folder.
func (s *Store) ClearScratch(name string) error {
	return os.RemoveAll(filepath.Join(s.dir, "partial", "scratch-"+name))
}

// ClearPartial removes everything that interrupted downloads left, files that
// were whole already among it, and returns how many bytes that was. The caller
// holds the lock.
func (s *Store) ClearPartial() (int64, error) {
	dir, blobs := filepath.Join(s.dir, "partial"), filepath.Join(s.dir, "blobs")
	n := treeSize(dir) + treeSize(blobs)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	err = errors.Join(err, s.Sweep())
	return n - treeSize(blobs), err
}

// treeSize is the size of the regular files under dir.
func treeSize(dir string) (n int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil && !strings.HasSuffix(d.Name(), ".json") {
			n += info.Size()
		}
		return nil
	})
	return n
}

// Adopt makes a verified file of a scratch folder a file of the store. The
// caller holds the lock.
func (s *Store) Adopt(from, sum string) error {
	if err := catalog.CheckSum(sum); err != nil {
		return err
	}
	to := s.BlobPath(sum)
	if err := errors.Join(os.Chmod(from, 0o644), os.Rename(from, to)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}
