package catalog

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
)

// maxFiles bounds the files of one model.
const maxFiles = 1000

// maxBytes bounds the size of one file: 4 TiB, far above any model and far
// below where sums overflow.
const maxBytes = 4 << 40

// Check reports the first thing wrong with an entry. The embedded table passes;
// entries also come from manifests and bundles, which strangers write.
func (e Entry) Check() error {
	if err := CheckName(e.Name); err != nil {
		return err
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("model %q: %s", e.Name, fmt.Sprintf(format, args...))
	}
	if e.Format != GGUF && e.Format != Safetensors {
		return fail("format %q is neither %s nor %s", e.Format, GGUF, Safetensors)
	}
	if !slices.Contains([]Role{Chat, Base, Embedding}, e.Role) {
		return fail("role %q is none of chat, base, embedding", e.Role)
	}
	if err := CheckFiles(e.Files); err != nil {
		return fail("%v", err)
	}
	for i, s := range e.Sources {
		if err := s.check(e); err != nil {
			return fail("source %d: %v", i+1, err)
		}
	}
	return nil
}

// CheckFiles reports a bad or repeated name, a bad size or hash.
func CheckFiles(files []File) error {
	if len(files) > maxFiles {
		return fmt.Errorf("%d files, more than %d", len(files), maxFiles)
	}
	seen := map[string]bool{}
	for _, f := range files {
		if err := CheckFile(f.Name); err != nil {
			return err
		}
		for dir := f.Name; dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("file %q collides with %q", f.Name, dir)
			}
		}
		seen[f.Name] = true
		if f.Bytes < -1 || f.Bytes > maxBytes {
			return fmt.Errorf("file %q: impossible size %d", f.Name, f.Bytes)
		}
		if f.SHA256 != "" {
			if err := CheckSum(f.SHA256); err != nil {
				return fmt.Errorf("file %q: %v", f.Name, err)
			}
		}
	}
	for _, f := range files {
		for dir := path.Dir(f.Name); dir != "."; dir = path.Dir(dir) {
			if seen[dir] {
				return fmt.Errorf("%q is a file and the folder of %q", dir, f.Name)
			}
		}
	}
	return nil
}

var (
	repoPattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}$`)
	packagePattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,98}[A-Za-z0-9])?==[0-9][A-Za-z0-9.!+_-]{0,63}$`)
)

// CheckRepo reports why a string is not owner/name on the hub.
func CheckRepo(repo string) error {
	if !repoPattern.MatchString(repo) {
		return fmt.Errorf("%q is no hub repository (owner/name)", repo)
	}
	return nil
}

func (s Source) check(e Entry) error {
	switch s.Kind {
	case Hub:
		if len(s.Include) == 0 && len(e.Files) == 0 {
			return fmt.Errorf("neither the source nor the entry says which files")
		}
		for _, p := range s.Include {
			if _, err := path.Match(p, ""); err != nil {
				return fmt.Errorf("pattern %q: %v", p, err)
			}
		}
		return CheckRepo(s.Repo)
	case Index:
		return s.checkIndex(e)
	case URL:
		u, err := url.Parse(s.Address)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
			return fmt.Errorf("%q is no http address", s.Address)
		}
		if len(e.Files) != 1 || !e.Pinned() {
			return fmt.Errorf("an address needs exactly one file with its SHA-256")
		}
		return nil
	}
	return fmt.Errorf("unknown kind %q", s.Kind)
}

// checkIndex insists on hashes: a package index vouches for packages, not for
// what somebody put into them.
func (s Source) checkIndex(e Entry) error {
	if !e.Pinned() {
		return fmt.Errorf("package %v: files from a package index need their SHA-256", s.Packages)
	}
	for _, p := range s.Packages {
		if !packagePattern.MatchString(p) {
			return fmt.Errorf("%q is no pinned package (name==version)", p)
		}
	}
	if len(s.Packages) == 0 || len(s.Packages) > maxFiles || len(s.Members) != len(e.Files) {
		return fmt.Errorf("%d packages and %d members for %d files", len(s.Packages), len(s.Members), len(e.Files))
	}
	for _, m := range s.Members {
		if _, err := path.Match(m.Pattern, ""); err != nil || m.Pattern == "" {
			return fmt.Errorf("pattern %q of file %q is malformed", m.Pattern, m.File)
		}
		if !slices.ContainsFunc(e.Files, func(f File) bool { return f.Name == m.File }) {
			return fmt.Errorf("member for %q, which is no file of the model", m.File)
		}
	}
	return nil
}
