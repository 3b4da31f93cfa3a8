package safetensors

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/num/quant"
)

// file returns a file with the given header and bytes of data.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	for i := range data {
		b = append(b, byte(i))
	}
	return b
}

const smallHeader = `{"__metadata__":{"format":"pt"},` +
	`"norm":{"dtype":"BF16","shape":[4],"data_offsets":[32,40]},` +
	`"ids":{"dtype":"I64","shape":[1,2],"data_offsets":[40,56]},` +
	`"가":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]},` +
	`"scalar":{"dtype":"F16","shape":[],"data_offsets":[56,58]}}   `

func save(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenSmall(t *testing.T) {
	f, err := Open(save(t, t.TempDir(), "m.safetensors", file(smallHeader, 58)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want := []string{"가", "norm", "scalar"}; !slices.Equal(f.Names(), want) {
		t.Errorf("names are %v, want %v", f.Names(), want)
	}
	check := func(name string, typ quant.Type, shape []int, first, n int) {
		t.Helper()
		got, ok := f.Tensor(name)
		if !ok || got.Type != typ || !slices.Equal(got.Shape, shape) || len(got.Data) != n || int(got.Data[0]) != first {
			t.Errorf("tensor %q is %v %v, %d bytes", name, got.Type, got.Shape, len(got.Data))
		}
	}
	check("가", quant.F32, []int{2, 4}, 0, 32)
	check("norm", quant.BF16, []int{4}, 32, 8)
	check("scalar", quant.F16, []int{1}, 56, 2)
	if _, ok := f.Tensor("ids"); ok {
		t.Error("a tensor of whole numbers became weights")
	}
	if d, ok := f.DType("ids"); !ok || d != "I64" {
		t.Errorf("ids have type %q", d)
	}
	if v, ok := f.Metadata("format"); !ok || v != "pt" {
		t.Errorf("format is %q", v)
	}
}

func TestOpenTruncated(t *testing.T) {
	data := file(smallHeader, 58)
	dir := t.TempDir()
	for n := range data {
		f, err := Open(save(t, dir, "m.safetensors", data[:n]))
		if err == nil {
			f.Close()
			t.Fatalf("cut at %d of %d bytes: no error", n, len(data))
		}
		var bad *FormatError
		if !errors.As(err, &bad) {
			t.Fatalf("cut at %d: error is %v", n, err)
		}
	}
}

// Each case is a lie in one place; the message must name it.
func TestOpenRefuses(t *testing.T) {
	entry := func(dtype, shape, offsets string) string {
		return fmt.Sprintf(`{"a":{"dtype":%q,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
	}
	two := func(a, b string) string {
		return fmt.Sprintf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":%s},"b":{"dtype":"F32","shape":[2],"data_offsets":%s}}`, a, b)
	}
	for _, c := range []struct {
		name, header string
		data         int
		want         string
	}{
		{"no header", "", 8, "does not start with {"},
		{"array", "[]", 0, "does not start with {"},
		{"space first", " {}", 0, "does not start with {"},
		{"not UTF-8", "{\"\xff\":1}", 0, "is not UTF-8"},
		{"open object", `{"a":{"dtype":"F32"`, 0, "ends early"},
		{"two objects", "{}{}", 0, "something follows"},
		{"trailing comma", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}`, 4, "header"},
		{"tensor twice", `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8, `"a" is given twice`},
		{"metadata twice", `{"__metadata__":{},"__metadata__":{}}`, 0, "given twice"},
		{"metadata number", `{"__metadata__":{"a":1}}`, 0, "1 instead of text"},
		{"field twice", `{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, "a field is given twice"},
		{"field in capitals", `{"a":{"DTYPE":"F32","shape":[1],"data_offsets":[0,4]}}`, 4, `unknown field "DTYPE"`},
		{"field missing", `{"a":{"dtype":"F32","shape":[1]}}`, 4, `tensor "a"`},
		{"null tensor", `{"a":null}`, 4, `tensor "a"`},
		{"deep", `{"a":` + strings.Repeat("[", 5000), 4, `tensor "a"`},
		{"unknown type", entry("F4", "[1]", "[0,4]"), 4, `tensor "a": type "F4" is not known`},
		{"negative", entry("F32", "[-1]", "[0,4]"), 4, "-1 is not a possible size"},
		{"fraction", entry("F32", "[1.0]", "[0,4]"), 4, "1.0 is not a possible size"},
		{"exponent", entry("F32", "[1e0]", "[0,4]"), 4, "1e0 is not a possible size"},
		{"text size", entry("F32", `["1"]`, "[0,4]"), 4, "1 instead of a number"},
		{"huge", entry("F32", "[99999999999999999999]", "[0,4]"), 4, "is not a possible size"},
		{"overflow", entry("F32", "[4294967296,4294967296]", "[0,0]"), 4, "too large"},
		{"many dimensions", entry("F32", "[1"+strings.Repeat(",1", 20)+"]", "[0,4]"), 4, "more than 16 numbers"},
		{"three offsets", entry("F32", "[1]", "[0,4,8]"), 4, "more than 2 numbers"},
		{"one offset", entry("F32", "[1]", "[0]"), 4, "data_offsets has 1 numbers"},
		{"backwards", entry("F32", "[1]", "[4,0]"), 4, "do not hold 4 bytes"},
		{"wrong size", entry("F32", "[1]", "[0,8]"), 8, "do not hold 4 bytes of F32 [1]"},
		{"past end", entry("F32", "[4]", "[0,16]"), 15, `tensor "a": data ends at 16, past the end of the file's data at 15`},
		{"overlap", two("[0,8]", "[4,12]"), 12, `tensor "b": data at 4 overlaps`},
		{"same place", two("[0,8]", "[0,8]"), 8, "overlaps"},
		{"hole", two("[0,8]", "[12,20]"), 20, `tensor "b": data at 12 leaves a hole after 8`},
		{"hole at start", entry("F32", "[1]", "[4,8]"), 8, "leaves a hole after 0"},
		{"more data", entry("F32", "[1]", "[0,4]"), 5, "1 bytes after the last tensor"},
		{"only data", "{}", 5, "5 bytes after the last tensor"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Open(save(t, t.TempDir(), "m.safetensors", file(c.header, c.data)))
			if err == nil {
				f.Close()
				t.Fatal("no error")
			}
			var bad *FormatError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
	for _, n := range []uint64{101 << 20, 1 << 63, 1<<64 - 1} {
		f, err := Open(save(t, t.TempDir(), "m.safetensors", binary.LittleEndian.AppendUint64(nil, n)))
		if err == nil {
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "header length") {
			t.Errorf("header of %d bytes: %v", n, err)
		}
	}
}

// one returns a file with one F32 tensor of two values.
func one(name string) []byte {
	return file(fmt.Sprintf(`{%q:{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, name), 8)
}

func TestOpenDirIndexed(t *testing.T) {
	open := func(index string) (*Dir, error) {
		dir := t.TempDir()
		save(t, dir, "x-1.safetensors", one("a"))
		save(t, dir, "x-2.safetensors", one("b"))
		save(t, dir, "sub/x-3.safetensors", one("b"))
		save(t, dir, indexName, []byte(index))
		return OpenDir(dir)
	}
	d, err := open(`{"metadata":{"total_size":16},"weight_map":{"b":"x-2.safetensors","a":"x-1.safetensors"}}`)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !slices.Equal(d.Names(), []string{"a", "b"}) {
		t.Errorf("names are %v", d.Names())
	}
	if b, ok := d.Tensor("b"); !ok || len(b.Data) != 8 {
		t.Errorf("tensor b has %d bytes", len(b.Data))
	}
	if d.Bytes() != int64(len(one("a"))+len(one("b"))) {
		t.Errorf("size is %d", d.Bytes())
	}
	for _, c := range []struct{ name, index, want string }{
		{"no JSON", `{`, "index"},
		{"no map", `{}`, "names 0 files"},
		{"file absent", `{"weight_map":{"a":"y.safetensors"}}`, "y.safetensors"},
		{"tensor elsewhere", `{"weight_map":{"a":"x-2.safetensors"}}`, `tensor "a": is not in x-2.safetensors`},
		{"parent", `{"weight_map":{"a":"../x.safetensors"}}`, "not a plain name"},
		{"folder", `{"weight_map":{"b":"sub/x-3.safetensors"}}`, "not a plain name"},
		{"absolute", `{"weight_map":{"a":"/etc/x.safetensors"}}`, "not a plain name"},
		{"backslash", `{"weight_map":{"a":"sub\\x.safetensors"}}`, "not a plain name"},
		{"drive", `{"weight_map":{"a":"C:x.safetensors"}}`, "not a plain name"},
		{"zero byte", `{"weight_map":{"a":"x\u0000.safetensors"}}`, "not a plain name"},
		{"other file", `{"weight_map":{"a":"config.json"}}`, "not a plain name"},
		{"empty", `{"weight_map":{"a":""}}`, "not a plain name"},
	} {
		d, err := open(c.index)
		if err == nil {
			d.Close()
			t.Errorf("%s: no error", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.name, err, c.want)
		}
	}
}

func TestOpenDirChooses(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenDir(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("empty folder: %v", err)
	}
	save(t, dir, "weights.safetensors", one("a"))
	check := func(tensor string) {
		t.Helper()
		d, err := OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		if !slices.Equal(d.Names(), []string{tensor}) {
			t.Errorf("names are %v, want %q", d.Names(), tensor)
		}
	}
	check("a")
	save(t, dir, "other.safetensors", one("b"))
	if d, err := OpenDir(dir); err == nil {
		d.Close()
		t.Error("one of two files was chosen")
	}
	save(t, dir, singleName, one("c"))
	check("c")
}

func TestDirFile(t *testing.T) {
	dir := t.TempDir()
	save(t, dir, singleName, one("a"))
	save(t, dir, "config.json", []byte("{}"))
	save(t, dir, "1_Pooling/config.json", []byte("[]"))
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, want := range map[string]string{"config.json": "{}", "1_Pooling/config.json": "[]"} {
		if got, err := d.File(name); err != nil || string(got) != want {
			t.Errorf("File(%q) = %q, %v", name, got, err)
		}
	}
	if _, err := d.File("absent"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
	for _, name := range []string{"../x", "/etc/passwd", "", "1_Pooling"} {
		if _, err := d.File(name); err == nil {
			t.Errorf("File(%q): no error", name)
		}
	}
	huge, err := os.Create(filepath.Join(dir, "huge.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer huge.Close()
	if err := huge.Truncate(maxSideFile + 1); err != nil { // sparse: costs nothing
		t.Fatal(err)
	}
	if _, err := d.File("huge.json"); err == nil {
		t.Error("a file beyond the limit was read")
	}
}
