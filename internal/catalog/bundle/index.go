package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"
	"time"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/store"
)

// indexName is the first member.
const indexName = "malmoi-bundle.json"

// version of the format; another is refused.
const version = 1

// Limits on what an index may claim.
const (
	maxIndex   = 16 << 20
	maxMembers = 10000
)

// Index says what a bundle holds.
type Index struct {
	Version  int              `json:"version"`
	Created  time.Time        `json:"created"`
	Platform string           `json:"platform,omitempty"` // of the binary, "linux/amd64"
	Models   []store.Manifest `json:"models"`
	Members  []Member         `json:"members"` // in the order in which they follow
}

// Member is one file in a bundle.
type Member struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

const (
	blobFolder  = "blobs/sha256/"
	binaryPath  = "bin/malmoi"
	licencePath = "licences/"
)

var licencePattern = regexp.MustCompile(`^licences/[a-z0-9][a-z0-9._-]{0,120}\.txt$`)

// parseIndex reads and checks an index.
func parseIndex(data []byte) (*Index, error) {
	if len(data) > maxIndex {
		return nil, fmt.Errorf("bundle: index of %d bytes, more than %d", len(data), maxIndex)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	x := &Index{}
	if err := d.Decode(x); err != nil {
		return nil, fmt.Errorf("bundle: index: %w", err)
	}
	if x.Version != version {
		return nil, fmt.Errorf("bundle: version %d; this malmoi reads version %d", x.Version, version)
	}
	have, err := x.checkMembers()
	if err != nil {
		return nil, err
	}
	return x, x.checkModels(have)
}

// checkMembers allows files of models under their hash, licence texts and the
// program, each once, and nothing else.
func (x *Index) checkMembers() (map[string]Member, error) {
	if len(x.Members) > maxMembers {
		return nil, fmt.Errorf("bundle: %d members, more than %d", len(x.Members), maxMembers)
	}
	have := map[string]Member{}
	var total int64
	for _, m := range x.Members {
		sum, isBlob := strings.CutPrefix(m.Path, blobFolder)
		switch {
		case catalog.CheckSum(m.SHA256) != nil:
			return nil, fmt.Errorf("bundle: member %q: no SHA-256", m.Path)
		case path.Clean(m.Path) != m.Path:
			return nil, fmt.Errorf("bundle: member %q: not a plain path", m.Path)
		case isBlob && sum != m.SHA256:
			return nil, fmt.Errorf("bundle: member %q: its hash is said to be %s", m.Path, m.SHA256)
		case !isBlob && m.Path != binaryPath && !licencePattern.MatchString(m.Path):
			return nil, fmt.Errorf("bundle: member %q: unknown kind", m.Path)
		case m.Bytes < 0 || m.Bytes > 4<<40:
			return nil, fmt.Errorf("bundle: member %q: impossible size %d", m.Path, m.Bytes)
		}
		if _, twice := have[m.Path]; twice {
			return nil, fmt.Errorf("bundle: member %q: listed twice", m.Path)
		}
		have[m.Path] = m
		if total += m.Bytes; total > 64<<40 {
			return nil, fmt.Errorf("bundle: members of more than 64 TiB")
		}
	}
	return have, nil
}

// checkModels makes sure that every file of every model is a member, and every
// model file a member of a model.
func (x *Index) checkModels(have map[string]Member) error {
	used, names := map[string]bool{}, map[string]bool{}
	for _, m := range x.Models {
		data, err := m.Encode()
		if err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		if _, err := store.ParseManifest(data); err != nil {
			return fmt.Errorf("bundle: %w", err)
		}
		if m.External != "" || names[m.Name] {
			return fmt.Errorf("bundle: model %q: listed twice, or its files are elsewhere", m.Name)
		}
		names[m.Name] = true
		for _, f := range m.Files {
			b, ok := have[blobFolder+f.SHA256]
			if !ok || b.Bytes != f.Bytes {
				return fmt.Errorf("bundle: model %q: file %q is not in the bundle with its %d bytes", m.Name, f.Name, f.Bytes)
			}
			used[b.Path] = true
		}
	}
	for _, m := range x.Members {
		if strings.HasPrefix(m.Path, blobFolder) && !used[m.Path] {
			return fmt.Errorf("bundle: member %q belongs to no model", m.Path)
		}
	}
	return nil
}
