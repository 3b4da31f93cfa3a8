package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"malmoi/internal/blob"
	"malmoi/internal/store"
)

// dataFlags say where rows and files are.
type dataFlags struct {
	Database string `help:"Where people and conversations are kept: a file, or postgres://… (default: malmoi.db in the data folder)." placeholder:"DATABASE" env:"MALMOI_DATABASE"`
	Blobs    string `help:"Where uploaded files are kept: a folder, or s3://KEY:SECRET@HOST/BUCKET/PREFIX (default: the folder files beside the database)." placeholder:"PLACE" env:"MALMOI_BLOBS"`
}

// database is the database that the flags name, by default a file in the data
// folder, which is made for its owner alone.
func (f *dataFlags) database(g *globals) (string, error) {
	if f.Database != "" {
		return f.Database, nil
	}
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		return "", withHint(err, "name a place for the data with --data DIR or --database FILE")
	}
	return filepath.Join(g.Data, "malmoi.db"), nil
}

// blobs opens the place of files. Every database has its own: a site deletes
// what none of its rows needs any more.
func (f *dataFlags) blobs(ctx context.Context, g *globals) (blob.Store, error) {
	s, err := blob.Open(ctx, f.place(g))
	return s, withHint(err, "say where files are kept with --blobs FOLDER or --blobs s3://KEY:SECRET@HOST/BUCKET")
}

// place is a folder beside a SQLite file: files for malmoi.db, and x-files for
// x.db.
func (f *dataFlags) place(g *globals) string {
	switch {
	case f.Blobs != "":
		return f.Blobs
	case f.Database == "", store.IsPostgres(f.Database):
		return filepath.Join(g.Data, "files")
	}
	folder, name := filepath.Split(strings.TrimPrefix(f.Database, "sqlite://"))
	if name = strings.TrimSuffix(name, filepath.Ext(name)); name == "malmoi" {
		return filepath.Join(folder, "files")
	}
	return filepath.Join(folder, name+"-files")
}
