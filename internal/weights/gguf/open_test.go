package gguf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"malmoi/internal/num/quant"
)

func TestOpenSmall(t *testing.T) {
	for _, version := range []byte{2, 3} {
		data := smallFile()
		data[4] = version
		f, err := Open(save(t, "m.gguf", data))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		blocks, _ := f.Int("tiny.block_count")
		list, _ := f.Strings("list")
		flags, _ := f.Bools("flags")
		flag, _ := f.Bool("flag")
		got := fmt.Sprint(f.Arch(), blocks, list, flags, flag, f.Names(), f.Bytes(), f.Format())
		want := fmt.Sprint("tiny", 3, []string{"가", "b"}, []bool{true, false, true}, true, []string{"a", "b"}, len(data), "gguf")
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		a, _ := f.Tensor("a")
		if a.Type != quant.F32 || !slices.Equal(a.Shape, []int{2, 4}) || len(a.Data) != 32 {
			t.Errorf("tensor a: %v %v, %d bytes", a.Type, a.Shape, len(a.Data))
		}
		if _, ok := f.Tensor("c"); ok {
			t.Error("there is no tensor c")
		}
	}
}

// Every getter says no to a key of another type, instead of making something up.
func TestGettersAreTyped(t *testing.T) {
	f, err := Open(save(t, "m.gguf", smallFile()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, key := range append(f.Keys(), "absent") {
		var got []string
		add := func(name string, ok bool) {
			if ok {
				got = append(got, name)
			}
		}
		_, ok := f.String(key)
		add("string", ok)
		_, ok = f.Int(key)
		add("int", ok)
		_, ok = f.Float(key)
		add("float", ok)
		_, ok = f.Bool(key)
		add("bool", ok)
		_, ok = f.Strings(key)
		add("strings", ok)
		_, ok = f.Floats(key)
		add("floats", ok)
		_, ok = f.Ints(key)
		add("ints", ok)
		_, ok = f.Bools(key)
		add("bools", ok)
		want := map[string]string{"general.architecture": "string", "tiny.block_count": "int", "list": "strings", "flags": "bools", "flag": "bool"}[key]
		if strings.Join(got, " ") != want {
			t.Errorf("key %q reads as %v, want %q", key, got, want)
		}
	}
}

// A file cut at any byte must be refused: the last tensor ends where it does.
func TestOpenTruncated(t *testing.T) {
	data := smallFile()
	path := filepath.Join(t.TempDir(), "m.gguf")
	for n := range data {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err == nil {
			f.Close()
			t.Fatalf("cut at %d of %d bytes: no error", n, len(data))
		}
		var bad *FormatError
		if !errors.As(err, &bad) || bad.Path != path || bad.Offset > int64(n) {
			t.Fatalf("cut at %d: error is %v", n, err)
		}
	}
}

// Each case is a lie in one field; the message must name the field and the lie.
func TestOpenRefuses(t *testing.T) {
	const huge = 1 << 63
	end := func(r raw) raw { return r.pad(32).zero(64) }
	for _, c := range []struct {
		name string
		data raw
		want string
	}{
		{"empty", nil, "magic"},
		{"other file", raw("PK\x03\x04").zero(100), "not a GGUF file"},
		{"version 1", raw("GGUF").u32(1).zero(100), "version 1 is not supported"},
		{"version 0", raw("GGUF").u32(0).zero(100), "version 0 is not supported"},
		{"big endian", raw("GGUF\x00\x00\x00\x03").zero(100), "big endian"},
		{"many tensors", head(huge, 0).zero(100), "tensor count"},
		{"more tensors than bytes", head(1000, 0).zero(100), "1000 tensors need at least 24 bytes each"},
		{"many keys", head(0, huge).zero(100), "key count"},
		{"more keys than bytes", head(0, 9).zero(100), "9 metadata keys need"},
		{"long key", head(0, 1).u64(huge).zero(100), "key 0"},
		{"empty key", head(0, 1).str("").kind(kindBool).zero(100), "empty key"},
		{"same key", head(0, 2).key("k").kind(kindU8).byte(1).key("k").kind(kindU8).byte(1).zero(64), `key "k" at byte 38: already given at byte 24`},
		{"value type", head(0, 1).key("k").u32(13).zero(64), "value type 13 does not exist"},
		{"bool", head(0, 1).key("k").kind(kindBool).byte(2).zero(64), "bool is 2"},
		{"bool array", head(0, 1).key("k").kind(kindArray).kind(kindBool).u64(2).byte(1).byte(3).zero(64), "bool 1 of the array is 3"},
		{"long string", head(0, 1).key("k").kind(kindString).u64(huge).zero(64), `key "k"`},
		{"string past end", head(0, 1).key("k").kind(kindString).u64(65).zero(64), "65 bytes of text need"},
		{"nested array", head(0, 1).key("k").kind(kindArray).kind(kindArray).u64(1).zero(64), "arrays in arrays"},
		{"array type", head(0, 1).key("k").kind(kindArray).u32(99).u64(1).zero(64), "array of value type 99"},
		{"huge array", head(0, 1).key("k").kind(kindArray).kind(kindU64).u64(huge).zero(64), "array elements"},
		{"array past end", head(0, 1).key("k").kind(kindArray).kind(kindU64).u64(9).zero(64), "9 array elements need at least 8 bytes each"},
		{"array overflow", head(0, 1).key("k").kind(kindArray).kind(kindU64).u64(1<<61 + 1).zero(64), "array elements"},
		{"huge string array", head(0, 1).key("k").kind(kindArray).kind(kindString).u64(1 << 23).zero(64), "strings need"},
		{"string in array", head(0, 1).key("k").kind(kindArray).kind(kindString).u64(2).str("x").u64(huge).zero(64), "string 1 of the array"},
		{"alignment 0", end(head(0, 1).key(alignmentKey).kind(kindU32).u32(0)), "power of two"},
		{"alignment 24", end(head(0, 1).key(alignmentKey).kind(kindU32).u32(24)), "power of two"},
		{"alignment huge", end(head(0, 1).key(alignmentKey).kind(kindU32).u32(1 << 31)), "power of two"},
		{"alignment text", end(head(0, 1).key(alignmentKey).kind(kindString).str("32")), "power of two"},
		{"empty name", end(head(1, 0).tensor("", 0, 0, 4)), "tensor 0 at byte 24: empty name"},
		{"long name", end(head(1, 0).tensor(strings.Repeat("x", 2000), 0, 0, 4)), "name of tensor 0"},
		{"same name", end(head(2, 0).tensor("a", 0, 0, 4).tensor("a", 0, 32, 4)), `tensor "a"`},
		{"five dimensions", end(head(1, 0).tensor("a", 0, 0, 1, 1, 1, 1, 1)), "5 dimensions"},
		{"many dimensions", end(head(1, 0).str("a").u32(1 << 31).zero(64)), "2147483648 dimensions"},
		{"dimension 0", end(head(1, 0).tensor("a", 0, 0, 4, 0)), "dimension of 0"},
		{"dimension huge", end(head(1, 0).tensor("a", 0, 0, huge)), "dimension of 9223372036854775808"},
		{"shape overflow", end(head(1, 0).tensor("a", 0, 0, 1<<40, 1<<40)), "too large"},
		{"shape wraps to little", end(head(1, 0).tensor("a", 0, 0, 1<<32, 1<<30, 4)), `tensor "a"`},
		{"unknown type", end(head(1, 0).tensor("a", 12345, 0, 4)), "type(12345) is not one malmoi reads"},
		{"known foreign type", end(head(1, 0).tensor("a", 16, 0, 256)), "IQ2_XXS is not one malmoi reads"},
		{"removed type", end(head(1, 0).tensor("a", 4, 0, 256)), "type(4)"},
		{"half a block", end(head(1, 0).tensor("a", 8, 0, 33)), "whole Q8_0 blocks"},
		{"block over two rows", end(head(1, 0).tensor("a", 8, 0, 16, 2)), "whole Q8_0 blocks"},
		{"offset unaligned", end(head(1, 0).tensor("a", 0, 4, 4)), "offset 4 is not a multiple of the alignment 32"},
		{"offset past end", end(head(1, 0).tensor("a", 0, 64, 4)), `tensor "a" at byte 24: offset 64 and 16 bytes of data go past the end of the file at`},
		{"offset overflow", end(head(1, 0).tensor("a", 0, 1<<64-32, 16)), "go past the end"},
		{"data past end", end(head(1, 0).tensor("a", 0, 0, 17)), "offset 0 and 68 bytes of data go past the end"},
		{"overlap", end(head(2, 0).tensor("b", 0, 32, 4).tensor("a", 0, 0, 9)), `tensor "b" at byte 24: its data overlaps that of "a"`},
		{"same place", end(head(2, 0).tensor("a", 0, 0, 4).tensor("b", 0, 0, 4)), "overlaps"},
		{"too few descriptions", head(2, 0).tensor("a", 0, 0, 4).zero(20), "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := Open(save(t, "m.gguf", c.data))
			runtime.ReadMemStats(&after)
			if err == nil {
				f.Close()
				t.Fatal("no error")
			}
			var bad *FormatError
			if !errors.As(err, &bad) {
				t.Errorf("error of type %T: %v", err, err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
				t.Errorf("allocated %d bytes to refuse a file of %d", used, len(c.data))
			}
		})
	}
}

// Sound but unusual files are not refused.
func TestOpenAccepts(t *testing.T) {
	for name, data := range map[string]raw{
		"no tensors, no padding": head(0, 1).key("k").kind(kindU8).byte(1),
		"alignment 8":            head(2, 1).key(alignmentKey).kind(kindU32).u32(8).tensor("a", 0, 0, 1).tensor("b", 0, 8, 2).pad(8).zero(16),
		"scalar":                 head(1, 0).tensor("a", 0, 0).pad(32).zero(4),
		"data out of order":      head(2, 0).tensor("b", 0, 32, 4).tensor("a", 0, 0, 4).pad(32).zero(48),
		"bytes after the data":   append(smallFile(), "more"...),
	} {
		f, err := Open(save(t, "m.gguf", data))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
	}
}

func TestOpenAbsent(t *testing.T) {
	if _, err := Open(filepath.Join(t.TempDir(), "m.gguf")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

// A caller can tell a file that ends early from one that is wrong.
func TestCutIsUnexpectedEOF(t *testing.T) {
	f, err := Open(save(t, "m.gguf", smallFile()[:30]))
	if err == nil {
		f.Close()
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error is %v", err)
	}
}

// parts returns a model in three parts, and its file names.
func parts() (names []string, files []raw) {
	for no := range 3 {
		r := head(1, 3)
		r = append(r.key(splitNoKey).kind(kindU16), byte(no), 0)
		r = append(r.key(splitCountKey).kind(kindU16), 3, 0)
		r = r.key(splitTensorKey).kind(kindI32).u32(3)
		r = r.tensor(string(rune('a'+no)), 0, 0, 4).pad(32)
		r = append(r, bytes.Repeat([]byte{byte(no)}, 16)...)
		names = append(names, fmt.Sprintf("m-%05d-of-00003.gguf", no+1))
		files = append(files, r)
	}
	return names, files
}

func TestOpenParts(t *testing.T) {
	open := func(change func(names []string, files []raw)) (*File, error) {
		names, files := parts()
		change(names, files)
		dir := t.TempDir()
		for i, name := range names {
			if name != "" {
				if err := os.WriteFile(filepath.Join(dir, name), files[i], 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		return Open(filepath.Join(dir, names[0]))
	}
	f, err := open(func([]string, []raw) {})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !slices.Equal(f.Names(), []string{"a", "b", "c"}) {
		t.Errorf("names are %v", f.Names())
	}
	for i, name := range f.Names() {
		tensor, _ := f.Tensor(name)
		if !bytes.Equal(tensor.Data, bytes.Repeat([]byte{byte(i)}, 16)) {
			t.Errorf("tensor %q has data % x", name, tensor.Data)
		}
	}
	for _, c := range []struct {
		name, want string
		change     func(names []string, files []raw)
	}{
		{"second missing", "m-00002-of-00003.gguf", func(n []string, f []raw) { n[1] = "" }},
		{"opened the second", "open the first part", func(n []string, f []raw) { n[0], n[1] = n[1], n[0]; f[0], f[1] = f[1], f[0] }},
		{"renamed", "does not end in -00001-of-00003.gguf", func(n []string, f []raw) { n[0] = "m.gguf" }},
		{"wrong order", "part 2 of 3", func(n []string, f []raw) { f[1], f[2] = f[2], f[1] }},
		{"foreign part", "part 3 of 3", func(n []string, f []raw) { f[2] = smallFile() }},
		{"tensor twice", "an earlier part has it", func(n []string, f []raw) {
			f[1] = bytes.Replace(f[1], []byte("\x01\x00\x00\x00\x00\x00\x00\x00b"), []byte("\x01\x00\x00\x00\x00\x00\x00\x00a"), 1)
		}},
		{"promise", "4 tensors promised", func(n []string, f []raw) {
			f[0] = bytes.Replace(f[0], []byte(splitTensorKey+"\x05\x00\x00\x00\x03"), []byte(splitTensorKey+"\x05\x00\x00\x00\x04"), 1)
		}},
		{"cut part", "m-00003-of-00003.gguf", func(n []string, f []raw) { f[2] = f[2][:len(f[2])-1] }},
	} {
		f, err := open(c.change)
		if err == nil {
			f.Close()
			t.Errorf("%s: no error", c.name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.name, err, c.want)
		}
	}
}
