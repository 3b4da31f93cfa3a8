package source

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// Limits on a wheel: it is a zip file that a stranger made.
const (
	maxMembers     = 20000
	maxMemberBytes = 64 << 30
)

// wheel is the zip file of a package. Only members that are asked for are read,
// as bytes; nothing of it is unpacked or run.
type wheel struct {
	f   *os.File
	zip *zip.Reader
}

func openWheel(name string) (*wheel, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	w, err := readWheel(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("package %s: %w", path.Base(name), err)
	}
	w.f = f
	return w, nil
}

func readWheel(r io.ReaderAt, size int64) (*wheel, error) {
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("not a wheel: %w", err)
	}
	if len(z.File) > maxMembers {
		return nil, fmt.Errorf("wheel: %d members, more than %d", len(z.File), maxMembers)
	}
	return &wheel{zip: z}, nil
}

func (w *wheel) Close() error { return w.f.Close() }

// member finds the one member that matches a pattern (path.Match).
func (w *wheel) member(pattern string) (*zip.File, error) {
	var found *zip.File
	for _, f := range w.zip.File {
		if ok, _ := path.Match(pattern, f.Name); !ok || f.Mode().IsDir() {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("wheel: both %q and %q match %q", found.Name, f.Name, pattern)
		}
		found = f
	}
	if found == nil {
		return nil, fmt.Errorf("wheel: no member matches %q", pattern)
	}
	if !found.Mode().IsRegular() {
		return nil, fmt.Errorf("wheel: member %q is no plain file", found.Name)
	}
	if found.UncompressedSize64 > maxMemberBytes {
		return nil, fmt.Errorf("wheel: member %q claims %d bytes", found.Name, found.UncompressedSize64)
	}
	return found, nil
}

// copyMember writes a member from offset skip on and returns how many bytes it
// wrote. It reads no more than the member claims to hold, whatever the
// compressed data expand to.
func copyMember(to io.Writer, f *zip.File, skip int64) (int64, error) {
	r, err := f.Open()
	if err != nil {
		return 0, fmt.Errorf("wheel: member %q: %w", f.Name, err)
	}
	defer r.Close()
	size := int64(f.UncompressedSize64)
	if _, err := io.CopyN(io.Discard, r, min(skip, size)); err != nil {
		return 0, memberError(f, err)
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{to}, io.LimitReader(r, size-skip), make([]byte, 1<<20))
	if err != nil {
		return n, memberError(f, err)
	}
	// One more read meets the end, where the zip reader checks length and CRC.
	if extra, err := io.CopyN(io.Discard, r, 1); extra > 0 || (err != nil && err != io.EOF) {
		if err == nil {
			err = errors.New("more bytes than it claims")
		}
		return n, memberError(f, err)
	}
	return n, nil
}

// memberError tells a broken wheel from a disk that cannot be written.
func memberError(f *zip.File, err error) error {
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) || errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("wheel: member %q: %w: %w", f.Name, ErrWrongContent, err)
	}
	return fmt.Errorf("wheel: member %q: %w", f.Name, err)
}
