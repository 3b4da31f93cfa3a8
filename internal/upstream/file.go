package upstream

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"malmoi/internal/upstream/seal"
)

// fileBody is a configuration file.
type fileBody struct {
	Upstreams []fileEntry `json:"upstreams"`
}

// fileEntry is Config as a file has it. Times are in seconds.
type fileEntry struct {
	Name       string            `json:"name"`
	URLs       []string          `json:"urls"`
	Key        string            `json:"key,omitempty"`
	Flavour    string            `json:"flavour,omitempty"`
	Aliases    map[string]string `json:"aliases,omitempty"`
	Only       []string          `json:"only,omitempty"`
	Embeddings []string          `json:"embeddings,omitempty"`
	CA         string            `json:"ca,omitempty"`
	Mask       bool              `json:"mask_personal_numbers,omitempty"`
	MaxStreams int               `json:"max_streams,omitempty"`
	Connect    float64           `json:"connect_seconds,omitempty"`
	FirstByte  float64           `json:"first_byte_seconds,omitempty"`
	Idle       float64           `json:"idle_seconds,omitempty"`
	Total      float64           `json:"total_seconds,omitempty"`
}

// maxFile bounds a configuration file.
const maxFile = 1 << 20

// ReadFile reads a configuration file: {"upstreams": [{"name", "urls", "key",
// …}]}. A key that stands there in plain text is sealed with box, and the file
// is replaced by one that holds the sealed key: an administrator writes the key
// once, and it does not stay. A file that does not exist is an empty one.
func ReadFile(path string, box *seal.Box) ([]Config, error) {
	data, err := readAll(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("upstreams: %w", err)
	}
	body, err := decodeFile(data)
	if err != nil {
		return nil, fmt.Errorf("upstreams: %s: %w", path, err)
	}
	configs, changed, err := body.open(box)
	if err != nil {
		return nil, fmt.Errorf("upstreams: %s: %w", path, err)
	}
	if changed {
		if err := seal.ReplaceFile(path, body); err != nil {
			return nil, fmt.Errorf("upstreams: seal the keys in %s: %w", path, err)
		}
	}
	return configs, nil
}

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("%s is longer than %d bytes", path, maxFile)
	}
	return data, err
}

func decodeFile(data []byte) (fileBody, error) {
	var body fileBody
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&body); err != nil {
		return body, err
	}
	if d.More() {
		return body, errors.New("something follows the configuration")
	}
	if len(body.Upstreams) > maxUpstreams {
		return body, fmt.Errorf("%d upstreams, at most %d", len(body.Upstreams), maxUpstreams)
	}
	return body, nil
}

// open checks every entry and opens its key. Keys that were plain are sealed in
// place; changed says that there was one.
func (b *fileBody) open(box *seal.Box) (configs []Config, changed bool, err error) {
	for i := range b.Upstreams {
		e := &b.Upstreams[i]
		key := e.Key
		if seal.Is(key) {
			if key, err = box.Open(keyLabel(e.Name), key); err != nil {
				return nil, false, fmt.Errorf("upstream %q: key: %w", e.Name, err)
			}
		}
		c, err := e.config(key).check()
		if err != nil {
			return nil, false, err
		}
		if key != "" && key == e.Key {
			if e.Key, err = box.Seal(keyLabel(e.Name), key); err != nil {
				return nil, false, err
			}
			changed = true
		}
		configs = append(configs, c)
	}
	return configs, changed, nil
}

// keyLabel binds a sealed key to its upstream: moved to another entry, whose
// address might be somebody else's, it does not open.
func keyLabel(name string) string { return "upstream key " + name }

func (e *fileEntry) config(key string) Config {
	seconds := func(s float64) time.Duration { return time.Duration(max(0, min(s, 1e6)) * float64(time.Second)) }
	return Config{
		Name: e.Name, URLs: e.URLs, Key: Secret(key), Flavour: e.Flavour, Aliases: e.Aliases, Only: e.Only,
		Embeddings: e.Embeddings, CA: e.CA, Mask: e.Mask, MaxStreams: max(0, e.MaxStreams),
		Timeouts: Timeouts{Connect: seconds(e.Connect), FirstByte: seconds(e.FirstByte), Idle: seconds(e.Idle), Total: seconds(e.Total)},
	}
}
