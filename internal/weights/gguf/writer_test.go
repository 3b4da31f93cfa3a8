package gguf

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"malmoi/internal/num/quant"
)

// everyValue has one value of each type the format knows, in order.
var everyValue = []struct {
	key   string
	value any
}{
	{"general.architecture", "tiny"},
	{"general.alignment", uint32(64)},
	{"u8", uint8(255)}, {"i8", int8(-128)}, {"u16", uint16(65535)}, {"i16", int16(-32768)},
	{"u32", uint32(math.MaxUint32)}, {"i32", int32(math.MinInt32)}, {"u64", uint64(math.MaxUint64)}, {"i64", int64(math.MinInt64)},
	{"f32", float32(1e-30)}, {"f64", 1e-300}, {"yes", true}, {"no", false}, {"text", "말모이\x00\xff"}, {"empty", ""},
	{"au8", []uint8{1, 2}}, {"ai8", []int8{-1, 2}}, {"au16", []uint16{1}}, {"ai16", []int16{-1}},
	{"au32", []uint32{1, 2, 3}}, {"ai32", []int32{-1}}, {"au64", []uint64{math.MaxUint64}}, {"ai64", []int64{-1, 0}},
	{"af32", []float32{0.5, -0.25}}, {"af64", []float64{0.1}}, {"ab", []bool{true, false, true}},
	{"as", []string{"가", "", "\xed"}}, {"none", []float32{}},
}

// writeModel writes everyValue and three tensors whose bytes count up.
func writeModel(t *testing.T, path string, piece int) map[string][]byte {
	t.Helper()
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, kv := range everyValue {
		must(w.Set(kv.key, kv.value))
	}
	must(w.Declare("embed", quant.Q4_K, []int{3, 256}))
	must(w.Declare("norm", quant.F32, []int{5}))
	must(w.Declare("deep", quant.BF16, []int{2, 3, 1, 4}))
	data := map[string][]byte{"embed": make([]byte, 3*144), "norm": make([]byte, 20), "deep": make([]byte, 48)}
	n := byte(0)
	for _, name := range []string{"embed", "norm", "deep"} {
		b := data[name]
		for i := range b {
			b[i] = n
			n++
		}
		for len(b) > 0 {
			cut := min(piece, len(b))
			must(w.WriteData(name, b[:cut]))
			b = b[cut:]
		}
	}
	must(w.Close())
	return data
}

func TestWriterRoundTrip(t *testing.T) {
	dir := t.TempDir()
	var files [][]byte
	for _, piece := range []int{1, 7, 1 << 20} {
		path := filepath.Join(dir, "m.gguf")
		data := writeModel(t, path, piece)
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if len(f.Keys()) != len(everyValue) {
			t.Errorf("%d keys, want %d", len(f.Keys()), len(everyValue))
		}
		for i, kv := range everyValue {
			if f.Keys()[i] != kv.key {
				t.Errorf("key %d is %q, want %q", i, f.Keys()[i], kv.key)
			}
			got, ok := f.Value(kv.key)
			if !ok || !reflect.DeepEqual(got, kv.value) {
				t.Errorf("key %q is %T %v, want %T %v", kv.key, got, got, kv.value, kv.value)
			}
		}
		shapes := map[string][]int{"embed": {3, 256}, "norm": {5}, "deep": {2, 3, 1, 4}}
		for name, want := range data {
			tensor, ok := f.Tensor(name)
			if !ok || !bytes.Equal(tensor.Data, want) || !reflect.DeepEqual(tensor.Shape, shapes[name]) {
				t.Errorf("tensor %q: shape %v, data differs: %v", name, tensor.Shape, !bytes.Equal(tensor.Data, want))
			}
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, whole)
	}
	if !bytes.Equal(files[0], files[1]) || !bytes.Equal(files[0], files[2]) {
		t.Error("the file depends on the size of the pieces")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("temporary files are left: %v", entries)
	}
}

// The integer getters agree with the exact values.
func TestGettersConvert(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.gguf")
	writeModel(t, path, 1000)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for key, want := range map[string]int64{"u8": 255, "i8": -128, "u16": 65535, "i16": -32768, "u32": math.MaxUint32, "i32": math.MinInt32, "i64": math.MinInt64} {
		if got, ok := f.Int(key); !ok || got != want {
			t.Errorf("Int(%q) = %d %v, want %d", key, got, ok, want)
		}
	}
	if _, ok := f.Int("u64"); ok {
		t.Error("2^64-1 became an int64")
	}
	if _, ok := f.Ints("au64"); ok {
		t.Error("an array with 2^64-1 became int64")
	}
	if got, ok := f.Ints("ai8"); !ok || !reflect.DeepEqual(got, []int64{-1, 2}) {
		t.Errorf("Ints(ai8) = %v %v", got, ok)
	}
	if got, ok := f.Floats("af64"); !ok || !reflect.DeepEqual(got, []float32{0.1}) {
		t.Errorf("Floats(af64) = %v %v", got, ok)
	}
	if got, ok := f.Floats("none"); !ok || len(got) != 0 {
		t.Errorf("Floats(none) = %v %v", got, ok)
	}
	if got, ok := f.Float("f32"); !ok || got != float64(float32(1e-30)) {
		t.Errorf("Float(f32) = %v %v", got, ok)
	}
}

func TestWriterRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "m.gguf")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	fails := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	fails("int", w.Set("k", 1))
	fails("nested", w.Set("k", [][]string{{"a"}}))
	fails("nil", w.Set("k", nil))
	fails("empty key", w.Set("", "x"))
	fails("alignment", w.Set(alignmentKey, uint32(24)))
	if err := w.Set("k", "x"); err != nil {
		t.Fatal(err)
	}
	fails("same key", w.Set("k", "y"))
	fails("half a block", w.Declare("t", quant.Q8_0, []int{2, 33}))
	fails("no dimensions", w.Declare("t", quant.F32, nil))
	fails("dimension", w.Declare("t", quant.F32, []int{0}))
	fails("type", w.Declare("t", 99, []int{4}))
	if err := w.Declare("t", quant.F32, []int{2}); err != nil {
		t.Fatal(err)
	}
	if err := w.Declare("u", quant.F32, []int{2}); err != nil {
		t.Fatal(err)
	}
	fails("same tensor", w.Declare("t", quant.F32, []int{2}))
	fails("out of turn", w.WriteData("u", make([]byte, 8)))
	fails("too much", w.WriteData("t", make([]byte, 9)))
	if err := w.WriteData("t", make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	fails("late key", w.Set("late", "x"))
	fails("late tensor", w.Declare("v", quant.F32, []int{2}))
	fails("data missing", w.Close())
	fails("closed", w.Close())
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("an unfinished file is left: %v", entries)
	}
}
