package store

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"
)

// A backup is a zip file: tables/NAME.jsonl holds a table, one row per line as
// an array of values; blobs/DIGEST holds a file; manifest.json, written last,
// says what there is, with counts and checksums. It is the same whichever
// database the rows came from.

const (
	archiveFormat  = "malmoi-backup"
	archiveVersion = 1
	manifestName   = "manifest.json"
)

// manifest is what a backup says of itself.
type manifest struct {
	Format  string      `json:"format"`
	Version int         `json:"version"`
	Created time.Time   `json:"created"`
	Dialect Dialect     `json:"dialect"`
	Steps   []int64     `json:"steps"` // of the schema
	Tables  []tableInfo `json:"tables"`
	Blobs   []blobInfo  `json:"blobs"`
	// HasBlobs says whether the blobs themselves are in the file.
	HasBlobs bool `json:"has_blobs"`
}

type tableInfo struct {
	table
	Rows int64  `json:"rows"`
	Sum  string `json:"sum"` // see sum
}

type blobInfo struct {
	Digest string `json:"digest"` // SHA-256 in hex
	Size   int64  `json:"size"`
}

// Blobs are the files that belong to the rows; nil where there are none.
type Blobs interface {
	// List yields the digest of each blob.
	List(ctx context.Context) iter.Seq2[string, error]
	Get(ctx context.Context, digest string) (io.ReadCloser, error)
	// Put stores what r holds under its SHA-256.
	Put(ctx context.Context, r io.Reader) (digest string, size int64, err error)
}

// Report says what a backup, a restore or a move carried.
type Report struct {
	Tables    []TableReport
	Blobs     int
	BlobBytes int64
	Created   time.Time // of the backup
	// Kept is where the database that was replaced lies now, "" if there was
	// none.
	Kept string
}

// TableReport is one table of a Report.
type TableReport struct {
	Name string
	Rows int64
}

// Rows is the number of rows of all tables.
func (r Report) Rows() (n int64) {
	for _, t := range r.Tables {
		n += t.Rows
	}
	return n
}

func (m manifest) report() Report {
	r := Report{Created: m.Created, Blobs: len(m.Blobs)}
	for _, t := range m.Tables {
		r.Tables = append(r.Tables, TableReport{t.Name, t.Rows})
	}
	for _, b := range m.Blobs {
		r.BlobBytes += b.Size
	}
	return r
}

// Backup writes everything into a new file at path, as it was at one moment;
// writers go on meanwhile. With list only, the blobs are named with their sizes
// but not copied. The file has its name only when it is whole and on the disk.
func (db *DB) Backup(ctx context.Context, path string, blobs Blobs, listOnly bool) (Report, error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return Report{}, fmt.Errorf("store: backup: %s exists already; name a new file", path)
	}
	part := path + ".partial"
	f, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return Report{}, fmt.Errorf("store: backup: %w", err)
	}
	defer os.Remove(part)
	defer f.Close()
	m, err := db.writeArchive(ctx, f, blobs, listOnly)
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(part, path)
	}
	if err == nil {
		err = syncFile(filepath.Dir(path))
	}
	if err != nil {
		return Report{}, fmt.Errorf("store: backup to %s: %w", path, err)
	}
	return m.report(), nil
}

func (db *DB) writeArchive(ctx context.Context, w io.Writer, blobs Blobs, listOnly bool) (manifest, error) {
	steps, err := db.applied(ctx)
	if err != nil {
		return manifest{}, err
	}
	m := manifest{
		Format: archiveFormat, Version: archiveVersion, Created: db.now().UTC(),
		Dialect: db.dialect, Steps: steps, HasBlobs: !listOnly,
	}
	z := zip.NewWriter(w)
	err = db.Read(ctx, func(q Q) error {
		list, err := tables(ctx, q)
		if err != nil {
			return err
		}
		for _, t := range list {
			info, err := writeTable(z, t, t.rows(ctx, q))
			if err != nil {
				return err
			}
			m.Tables = append(m.Tables, info)
		}
		return nil
	})
	if err != nil {
		return m, err
	}
	// After the rows: a blob that a row names was there before it.
	if m.Blobs, err = writeBlobs(ctx, z, blobs, listOnly); err != nil {
		return m, err
	}
	f, err := z.Create(manifestName)
	if err != nil {
		return m, err
	}
	e := json.NewEncoder(f)
	e.SetIndent("", " ")
	if err := e.Encode(m); err != nil {
		return m, err
	}
	return m, z.Close()
}

func writeTable(z *zip.Writer, t table, rows iter.Seq2[row, error]) (tableInfo, error) {
	info := tableInfo{table: t}
	f, err := z.Create("tables/" + t.Name + ".jsonl")
	if err != nil {
		return info, err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	var s sum
	for r, err := range rows {
		if err != nil {
			return info, err
		}
		line, err := r.encode()
		if err != nil {
			return info, fmt.Errorf("store: table %s: %w", t.Name, err)
		}
		if len(line) > maxLine {
			return info, fmt.Errorf("store: table %s: a row of %d bytes, more than the %d that a backup holds", t.Name, len(line), maxLine)
		}
		s.add(line)
		info.Rows++
		if _, err := w.Write(line); err != nil {
			return info, err
		}
	}
	info.Sum = s.String()
	return info, w.Flush()
}

func writeBlobs(ctx context.Context, z *zip.Writer, blobs Blobs, listOnly bool) ([]blobInfo, error) {
	out := []blobInfo{}
	if blobs == nil {
		return out, nil
	}
	for digest, err := range blobs.List(ctx) {
		if err != nil {
			return nil, err
		}
		w := io.Discard
		if !listOnly {
			// Stored: files are mostly compressed already.
			w, err = z.CreateHeader(&zip.FileHeader{Name: "blobs/" + digest, Method: zip.Store})
			if err != nil {
				return nil, err
			}
		}
		r, err := blobs.Get(ctx, digest)
		if errors.Is(err, fs.ErrNotExist) && listOnly {
			continue // deleted since it was listed
		}
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(w, r)
		r.Close()
		if err != nil {
			return nil, fmt.Errorf("blob %s: %w", digest, err)
		}
		out = append(out, blobInfo{digest, n})
	}
	return out, nil
}
