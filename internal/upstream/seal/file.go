package seal

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// ReplaceFile writes a configuration anew as JSON; see Replace.
func ReplaceFile(path string, configuration any) error {
	data, err := json.MarshalIndent(configuration, "", "  ")
	if err != nil {
		return err
	}
	return Replace(path, append(data, '\n'))
}

// Replace writes a file anew, readable by its owner only, beside the old one
// first, so that a crash leaves the old or the new one.
func Replace(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	return err
}
