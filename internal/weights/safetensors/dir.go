package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"malmoi/internal/weights"
)

const (
	singleName = "model.safetensors"
	indexName  = "model.safetensors.index.json"
	maxShards  = 4096
	// maxSideFile bounds the files that File reads; the largest tokenizers
	// have 35 MB.
	maxSideFile = 256 << 20
)

// Dir is an open model folder: one or several safetensors files and the files
// beside them. It implements weights.Source.
type Dir struct {
	path  string
	files []*File
	names []string
	index map[string]*File
}

var _ weights.Source = (*Dir)(nil)

// OpenDir opens the model in a folder: model.safetensors if it is there, else
// the files that model.safetensors.index.json names, else the only file whose
// name ends in .safetensors. Errors in the content are of type *FormatError.
func OpenDir(dir string) (*Dir, error) {
	d := &Dir{path: dir, index: map[string]*File{}}
	if err := d.open(); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Dir) open() error {
	if _, err := os.Stat(filepath.Join(d.path, singleName)); err == nil {
		return d.openSingle(singleName)
	}
	index, err := d.File(indexName)
	if err == nil {
		return d.openIndexed(index)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return fmt.Errorf("safetensors: %w", err)
	}
	var found []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".safetensors") {
			found = append(found, e.Name())
		}
	}
	switch len(found) {
	case 0:
		return fmt.Errorf("safetensors: no %s or %s in %s: %w", singleName, indexName, d.path, os.ErrNotExist)
	case 1:
		return d.openSingle(found[0])
	}
	return fmt.Errorf("safetensors: %s has %d .safetensors files but no %s that says how they belong together", d.path, len(found), indexName)
}

func (d *Dir) openSingle(name string) error {
	f, err := Open(filepath.Join(d.path, name))
	if err != nil {
		return err
	}
	d.files = []*File{f}
	d.names = f.names
	for name := range f.dtypes {
		d.index[name] = f
	}
	return nil
}

// openIndexed opens the files of an index and checks that each tensor is where
// the index says. Tensors that the index does not name are left out.
func (d *Dir) openIndexed(index []byte) error {
	fail := func(field string, err error) error {
		return &FormatError{Path: filepath.Join(d.path, indexName), Offset: -1, Field: field, Err: err}
	}
	var content struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(index, &content); err != nil {
		return fail("index", err)
	}
	shards := map[string]*File{}
	for tensor, name := range content.WeightMap {
		if !plainName(name) {
			return fail(fmt.Sprintf("tensor %q", tensor), fmt.Errorf("%q is not a plain name of a .safetensors file", name))
		}
		shards[name] = nil
	}
	if len(shards) == 0 || len(shards) > maxShards {
		return fail("weight_map", fmt.Errorf("names %d files, possible are 1 to %d", len(shards), maxShards))
	}
	order := make([]string, 0, len(shards))
	for name := range shards {
		order = append(order, name)
	}
	slices.Sort(order)
	for _, name := range order {
		f, err := Open(filepath.Join(d.path, name))
		if err != nil {
			return err
		}
		d.files = append(d.files, f)
		shards[name] = f
		for _, tensor := range f.names {
			if content.WeightMap[tensor] == name {
				d.names = append(d.names, tensor)
			}
		}
	}
	for tensor, name := range content.WeightMap {
		if _, ok := shards[name].DType(tensor); !ok {
			return fail(fmt.Sprintf("tensor %q", tensor), fmt.Errorf("is not in %s", name))
		}
		d.index[tensor] = shards[name]
	}
	return nil
}

// plainName reports whether name, from a foreign index, names a file in the
// folder itself.
func plainName(name string) bool {
	return strings.HasSuffix(name, ".safetensors") && !strings.HasPrefix(name, ".") &&
		!strings.ContainsAny(name, "/\\:\x00") && filepath.IsLocal(name)
}

// Optional is File for a file that may be missing, which gives nil.
func (d *Dir) Optional(name string) ([]byte, error) {
	data, err := d.File(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// File reads another file of the folder, such as "config.json", at most 256 MiB
// of it. name uses slashes and must stay inside the folder. If there is no such
// file the error wraps os.ErrNotExist.
func (d *Dir) File(name string) ([]byte, error) {
	local := filepath.FromSlash(name)
	if !filepath.IsLocal(local) {
		return nil, fmt.Errorf("safetensors: %q is not a file inside the model's folder", name)
	}
	path := filepath.Join(d.path, local)
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxSideFile {
		return nil, fmt.Errorf("safetensors: %s is no regular file of at most %d bytes", path, maxSideFile)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSideFile+1))
	if err == nil && len(data) > maxSideFile {
		err = fmt.Errorf("more than %d bytes", maxSideFile)
	}
	if err != nil {
		return nil, fmt.Errorf("safetensors: read %s: %w", path, err)
	}
	return data, nil
}

// Format returns "safetensors".
func (d *Dir) Format() string { return "safetensors" }

// Path is the folder that was opened.
func (d *Dir) Path() string { return d.path }

// Names lists the readable tensors, file by file in the order of their data.
func (d *Dir) Names() []string { return d.names }

// Tensor returns the named tensor. Its data is mapped and read-only.
func (d *Dir) Tensor(name string) (weights.Tensor, bool) {
	f, ok := d.index[name]
	if !ok {
		return weights.Tensor{}, false
	}
	return f.Tensor(name)
}

// DType returns the element type of any tensor, readable or not, as its file
// spells it.
func (d *Dir) DType(name string) (string, bool) {
	f, ok := d.index[name]
	if !ok {
		return "", false
	}
	return f.DType(name)
}

// Bytes is the size of all safetensors files.
func (d *Dir) Bytes() int64 {
	var sum int64
	for _, f := range d.files {
		sum += f.Bytes()
	}
	return sum
}

// Close unmaps all files.
func (d *Dir) Close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	d.files, d.index = nil, nil
	return errors.Join(errs...)
}
