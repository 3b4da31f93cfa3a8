package gguf

import (
	"path/filepath"
	"testing"

	"malmoi/internal/golden"
)

// Every reference model opens, names its architecture and has an embedding of
// the shape that its metadata promises.
func TestGoldenOpen(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(golden.Dir(t), "tiny", "*", "*.gguf"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no models in the reference folder: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), func(t *testing.T) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			width, ok := f.Int(f.Arch() + ".embedding_length")
			if !ok {
				t.Fatalf("no embedding length for architecture %q", f.Arch())
			}
			pieces, ok := f.Strings("tokenizer.ggml.tokens")
			if !ok {
				t.Fatal("no vocabulary")
			}
			embed, ok := f.Tensor("token_embd.weight")
			if !ok || len(embed.Shape) != 2 || embed.Shape[0] != len(pieces) || int64(embed.Shape[1]) != width {
				t.Errorf("embedding has shape %v, want [%d %d]", embed.Shape, len(pieces), width)
			}
			for _, name := range f.Names() {
				tensor, _ := f.Tensor(name)
				bytes, err := tensor.Type.RowBytes(tensor.Len())
				if err != nil || bytes != len(tensor.Data) {
					t.Errorf("tensor %q: %d bytes of data, want %d (%v)", name, len(tensor.Data), bytes, err)
				}
			}
		})
	}
}
