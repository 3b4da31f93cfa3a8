package safetensors

import (
	"testing"
)

// Whatever the bytes are: no panic, and the tensors of what is taken fill the
// data exactly.
func FuzzHeader(f *testing.F) {
	small := file(smallHeader, 58)
	f.Add(small)
	for _, cut := range []int{0, 7, 8, 20, len(small) - 59, len(small) - 1} {
		f.Add(small[:cut])
	}
	f.Add(one("a"))
	f.Add(file(`{}`, 0))
	f.Add(file(`{"a":{"dtype":"F32","shape":[0,9],"data_offsets":[0,0]}}`, 0))
	f.Add(file(`{"a":{"dtype":"F32","shape":[4611686018427387903,4],"data_offsets":[0,0]}}`, 0))
	f.Add(file(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,0]}}`, 1))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, _, rest, err := readHeader("fuzz", data)
		if err != nil {
			return
		}
		sum := 0
		for _, e := range entries {
			d := dtypes[e.dtype]
			tensor := e.view(d.typ, rest)
			if tensor.Len()*d.size != len(tensor.Data) {
				t.Errorf("tensor %q of %v has %d bytes", e.name, e.shape, len(tensor.Data))
			}
			sum += len(tensor.Data)
		}
		if sum != len(rest) {
			t.Errorf("tensors hold %d of %d bytes", sum, len(rest))
		}
	})
}

// An index can make OpenDir open only files of the folder itself.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"weight_map":{"a":"x.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":"../x.safetensors"}}`))
	f.Add([]byte(`{"metadata":{"total_size":8},"weight_map":{"a":"x.safetensors","b":"y.safetensors"}}`))
	f.Add([]byte(`{"weight_map":[1]}`))
	f.Fuzz(func(t *testing.T, index []byte) {
		dir := t.TempDir()
		save(t, dir, "model/x.safetensors", one("a"))
		save(t, dir, "x.safetensors", one("b")) // outside
		d := &Dir{path: dir + "/model", index: map[string]*File{}}
		defer d.Close()
		if err := d.openIndexed(index); err != nil {
			return
		}
		if _, ok := d.DType("b"); ok {
			t.Error("a file outside the folder was opened")
		}
	})
}
