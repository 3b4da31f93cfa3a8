package bundle

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// Options say what goes into a bundle beside the models.
type Options struct {
	Binary   string // path of the program; "" leaves it out
	Platform string // what the program runs on
	Now      time.Time
	Report   source.Report
}

// part is a member and where its bytes come from.
type part struct {
	Member
	file string // path, or
	text []byte // the content itself
	name string // for people
	mode int64
}

// Create writes the named models into one file. The file gets its name when it
// is whole.
func Create(ctx context.Context, s *store.Store, models []store.Manifest, to string, o Options) (err error) {
	x := &Index{Version: version, Created: o.Now.UTC().Truncate(time.Second)}
	parts, err := collect(ctx, s, x, models, o)
	if err != nil {
		return err
	}
	index, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	if _, err := parseIndex(index); err != nil {
		return err // what we would not read we do not write
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	err = writeTar(ctx, w, index, parts, x.Created, o.Report)
	if err = errors.Join(err, w.Flush(), f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("bundle %s: %w", to, err)
	}
	return os.Rename(f.Name(), to)
}

// collect lists the members: the program first, since people take it out by
// hand, then licences, then files, each once.
func collect(ctx context.Context, s *store.Store, x *Index, models []store.Manifest, o Options) ([]part, error) {
	var parts []part
	add := func(p part) {
		parts = append(parts, p)
		x.Members = append(x.Members, p.Member)
	}
	if o.Binary != "" {
		f, err := store.HashFile(ctx, o.Binary, nil)
		if err != nil {
			return nil, fmt.Errorf("bundle: the program: %w", err)
		}
		x.Platform = o.Platform
		add(part{Member: Member{binaryPath, f.Bytes, f.SHA256}, file: o.Binary, name: "malmoi", mode: 0o755})
	}
	for _, m := range models {
		text := []byte(licenceText(m))
		sum := sha256.Sum256(text)
		add(part{Member: Member{licencePath + m.Name + ".txt", int64(len(text)), hex.EncodeToString(sum[:])}, text: text, mode: 0o644})
	}
	seen := map[string]bool{}
	for _, m := range models {
		for _, f := range m.Files {
			if !seen[f.SHA256] {
				seen[f.SHA256] = true
				add(part{Member: Member{blobFolder + f.SHA256, f.Bytes, f.SHA256}, file: s.FilePath(m, f), name: f.Name, mode: 0o644})
			}
		}
		m.External = ""
		x.Models = append(x.Models, m)
	}
	return parts, nil
}

// licenceText is what travels beside a model for whoever opens the bundle by
// hand.
func licenceText(m store.Manifest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n\nLicence: %s\n%s\n", m.Title, m.Name, m.Licence.Name, m.Licence.URL)
	if m.Licence.Summary != "" {
		fmt.Fprintf(&b, "\nIn short (not by the makers, and no replacement for the text):\n%s\n", m.Licence.Summary)
	}
	fmt.Fprintf(&b, "\nFrom: %s\nSHA-256: %s\n", m.Source, m.SHA256())
	return b.String()
}

func writeTar(ctx context.Context, out io.Writer, index []byte, parts []part, at time.Time, report source.Report) error {
	w := tar.NewWriter(out)
	all := append([]part{{Member: Member{indexName, int64(len(index)), ""}, text: index, mode: 0o644}}, parts...)
	for _, p := range all {
		h := &tar.Header{Name: p.Path, Size: p.Bytes, Mode: p.mode, ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatPAX}
		if err := w.WriteHeader(h); err != nil {
			return err
		}
		if p.file == "" {
			if _, err := w.Write(p.text); err != nil {
				return err
			}
			continue
		}
		if err := copyChecked(ctx, w, p, report); err != nil {
			return err
		}
	}
	return w.Close()
}

// copyChecked copies a file and insists on the hash the index gives: a damaged
// model is found here, not behind the closed door.
func copyChecked(ctx context.Context, w io.Writer, p part, report source.Report) error {
	f, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer f.Close()
	r := &meter{ctx: ctx, r: f, sum: sha256.New(), name: p.name, total: p.Bytes, report: report}
	if _, err := io.Copy(w, io.LimitReader(r, p.Bytes)); err != nil {
		return err
	}
	if got := r.Sum(); r.done != p.Bytes || got != p.SHA256 {
		return fmt.Errorf("%s: %w: %s in %d bytes, expected %s in %d", p.file, store.ErrWrongHash, got, r.done, p.SHA256, p.Bytes)
	}
	return nil
}
