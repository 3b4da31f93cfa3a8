package store

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"regexp"
)

// Limits of a backup that is read.
const (
	maxLine     = 256 << 20 // bytes of one row
	maxManifest = 256 << 20 // bytes; a blob takes about 100
	maxTables   = 1000
	maxColumns  = 1000 // of one table
	maxEntries  = 10_000_000
)

// archive is a backup that is open for reading.
type archive struct {
	manifest
	files  map[string]*zip.File
	closer io.Closer
}

func openArchive(path string) (*archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("store: backup: %w", err)
	}
	info, err := f.Stat()
	if err == nil {
		var a *archive
		if a, err = readArchive(f, info.Size()); err == nil {
			a.closer = f
			return a, nil
		}
	}
	f.Close()
	return nil, fmt.Errorf("store: backup %s: %w", path, err)
}

func (a *archive) Close() error { return a.closer.Close() }

// tableName is what a table of ours may be called, digestName a blob.
var (
	tableName  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	digestName = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// readArchive reads the directory and the manifest and checks that they fit.
func readArchive(r io.ReaderAt, size int64) (*archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, err
	}
	if len(z.File) > maxEntries {
		return nil, fmt.Errorf("%d entries, at most %d", len(z.File), maxEntries)
	}
	a := &archive{files: map[string]*zip.File{}}
	for _, f := range z.File {
		if a.files[f.Name] != nil {
			return nil, fmt.Errorf("two entries %q", f.Name)
		}
		a.files[f.Name] = f
	}
	f := a.files[manifestName]
	if f == nil {
		return nil, errors.New("no manifest: not a backup of malmoi, or cut off")
	}
	if f.UncompressedSize64 > maxManifest {
		return nil, fmt.Errorf("a manifest of %d bytes, at most %d", f.UncompressedSize64, maxManifest)
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if err := json.NewDecoder(io.LimitReader(in, maxManifest)).Decode(&a.manifest); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return a, a.check()
}

// check holds the manifest against the directory.
func (a *archive) check() error {
	switch {
	case a.Format != archiveFormat:
		return fmt.Errorf("format %q, not %q", a.Format, archiveFormat)
	case a.Version > archiveVersion:
		return fmt.Errorf("%w: version %d of the backup format, this program knows %d", ErrNewer, a.Version, archiveVersion)
	case len(a.Tables) > maxTables:
		return fmt.Errorf("%d tables, at most %d", len(a.Tables), maxTables)
	}
	for _, t := range a.Tables {
		if !tableName.MatchString(t.Name) || len(t.Columns) == 0 || len(t.Columns) > maxColumns {
			return fmt.Errorf("table %.80q with %d columns cannot be ours", t.Name, len(t.Columns))
		}
		for _, c := range t.Columns {
			switch c.Kind {
			case integerKind, realKind, textKind, blobKind:
			default:
				return fmt.Errorf("table %s: column %q has unknown kind %q", t.Name, c.Name, c.Kind)
			}
		}
		if a.files[t.entry()] == nil {
			return fmt.Errorf("entry %s is missing", t.entry())
		}
	}
	for _, b := range a.Blobs {
		if !digestName.MatchString(b.Digest) {
			return fmt.Errorf("blob %.80q: not a SHA-256", b.Digest)
		}
		if a.HasBlobs && a.files["blobs/"+b.Digest] == nil {
			return fmt.Errorf("blob %s is missing", b.Digest)
		}
	}
	return nil
}

func (t tableInfo) entry() string { return "tables/" + t.Name + ".jsonl" }

// rows reads a table and, at its end, compares count and checksum.
func (a *archive) rows(t tableInfo) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		n, s, err := a.eachLine(t, func(line []byte) error {
			r, err := t.decodeRow(line)
			if err != nil {
				return err
			}
			if !yield(r, nil) {
				return errStop
			}
			return nil
		})
		switch {
		case errors.Is(err, errStop):
			return
		case err != nil:
			yield(nil, fmt.Errorf("store: backup: table %s, row %d: %w", t.Name, n, err))
		case n != t.Rows || s.String() != t.Sum:
			yield(nil, fmt.Errorf("store: backup: table %s is damaged: %d rows with sum %s, the manifest says %d with %s", t.Name, n, s, t.Rows, t.Sum))
		}
	}
}

// errStop ends eachLine early.
var errStop = errors.New("stop")

// eachLine calls f for the lines of a table and returns how many there were
// and their sum.
func (a *archive) eachLine(t tableInfo, f func(line []byte) error) (n int64, s sum, err error) {
	in, err := a.files[t.entry()].Open()
	if err != nil {
		return 0, s, err
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 1<<16), maxLine)
	for lines.Scan() {
		n++
		line := append(lines.Bytes(), '\n')
		s.add(line)
		if err := f(line); err != nil {
			return n, s, err
		}
	}
	return n, s, lines.Err()
}

// Verify reads a backup from the first byte to the last and says what is in it.
func Verify(ctx context.Context, path string) (Report, error) {
	a, err := openArchive(path)
	if err != nil {
		return Report{}, err
	}
	defer a.Close()
	return a.report(), a.verify(ctx)
}

func (a *archive) verify(ctx context.Context) error {
	for _, t := range a.Tables {
		for _, err := range a.rows(t) {
			if err := errors.Join(err, ctx.Err()); err != nil {
				return err
			}
		}
	}
	if !a.HasBlobs {
		return nil
	}
	for _, b := range a.Blobs {
		if err := errors.Join(a.verifyBlob(b), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

func (a *archive) verifyBlob(b blobInfo) error {
	in, err := a.files["blobs/"+b.Digest].Open()
	if err != nil {
		return err
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return fmt.Errorf("store: backup: blob %s: %w", b.Digest, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != b.Digest || n != b.Size {
		return fmt.Errorf("store: backup: blob %s is damaged: %d bytes with SHA-256 %s", b.Digest, n, got)
	}
	return nil
}
