package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"malmoi/internal/llm"
)

// oneFile is a shelf that holds one model by its path.
type oneFile struct{ name, path string }

func fileShelf(path string) oneFile {
	return oneFile{strings.TrimSuffix(filepath.Base(path), ".gguf"), path}
}

// Installed lists the one model.
func (f oneFile) Installed() []llm.Info { return []llm.Info{{Name: f.name, Title: f.name}} }

// Path returns the model's path under its name or the path itself.
func (f oneFile) Path(name string) (string, error) {
	if name != f.name && name != f.path {
		return "", fmt.Errorf("%w: %q; this server has %q only", llm.ErrUnknownModel, name, f.name)
	}
	return f.path, nil
}
