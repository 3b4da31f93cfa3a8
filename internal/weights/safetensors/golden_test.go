package safetensors

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"malmoi/internal/golden"
)

// Every reference checkpoint opens, whole or in shards, with its side files.
func TestGoldenOpenDir(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(golden.Dir(t), "tiny", "*", "config.json"))
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no checkpoints in the reference folder: %v", err)
	}
	for _, config := range dirs {
		dir := filepath.Dir(config)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			d, err := OpenDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if len(d.Names()) < 20 {
				t.Errorf("only %d tensors", len(d.Names()))
			}
			for _, name := range d.Names() {
				tensor, ok := d.Tensor(name)
				bytes, err := tensor.Type.RowBytes(tensor.Len())
				if !ok || err != nil || bytes != len(tensor.Data) {
					t.Errorf("tensor %q: %d bytes of data, want %d (%v)", name, len(tensor.Data), bytes, err)
				}
			}
			if _, err := d.File("config.json"); err != nil {
				t.Error(err)
			}
			if _, err := d.File("absent.json"); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("absent file: %v", err)
			}
		})
	}
}
