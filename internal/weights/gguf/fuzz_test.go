package gguf

import (
	"os"
	"path/filepath"
	"testing"
)

// Whatever the bytes are: no panic, and what opens can be read to the last
// byte and asked for every key.
func FuzzOpen(f *testing.F) {
	small := smallFile()
	f.Add([]byte(small))
	_, files := parts()
	f.Add([]byte(files[1]))
	f.Add([]byte(head(1, 1).key(alignmentKey).kind(kindU32).u32(8).tensor("a", 0, 0, 1).pad(8).zero(4)))
	f.Add([]byte(head(0, 1).key("k").kind(kindArray).kind(kindU64).u64(1<<61 + 1).zero(64)))
	f.Add([]byte(head(2, 0).tensor("b", 0, 32, 4).tensor("a", 0, 0, 9).pad(32).zero(64)))
	f.Add([]byte(head(1, 0).tensor("a", 8, 1<<64-32, 1<<40, 1<<40)))
	for _, cut := range []int{3, 8, 23, 40, 100, len(small) - 67} {
		f.Add([]byte(small[:cut]))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := readPart("fuzz", data)
		if err != nil {
			return
		}
		m := &File{keys: p.keys, meta: p.meta}
		for _, key := range m.Keys() {
			if _, ok := m.Value(key); !ok {
				t.Errorf("key %q has no value", key)
			}
			m.Int(key)
			m.Ints(key)
			m.Floats(key)
			m.Bools(key)
		}
		sum := byte(0)
		for _, info := range p.tensors {
			tensor := p.view(info)
			if want, err := tensor.Type.RowBytes(tensor.Len()); err != nil || want != len(tensor.Data) {
				t.Errorf("tensor %q of %v has %d bytes, want %d (%v)", tensor.Name, tensor.Shape, len(tensor.Data), want, err)
			}
			for _, b := range tensor.Data {
				sum += b
			}
		}
	})
}

// The second file of a pair is as little trusted as the first.
func FuzzParts(f *testing.F) {
	_, files := parts()
	f.Add([]byte(files[0]), []byte(files[1]), []byte(files[2]))
	f.Add([]byte(files[1]), []byte(files[0]), []byte(files[2]))
	f.Add([]byte(files[0]), []byte(smallFile()), []byte{})
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		dir := t.TempDir()
		names, _ := parts()
		for i, data := range [][]byte{a, b, c} {
			if err := os.WriteFile(filepath.Join(dir, names[i]), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		file, err := Open(filepath.Join(dir, names[0]))
		if err != nil {
			return
		}
		for _, name := range file.Names() {
			if _, ok := file.Tensor(name); !ok {
				t.Errorf("tensor %q is listed but not there", name)
			}
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	})
}
