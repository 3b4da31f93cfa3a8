package gguf

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// raw builds files field by field, so that tests can lie in any of them.
type raw []byte

func (r raw) u32(v uint32) raw   { return binary.LittleEndian.AppendUint32(r, v) }
func (r raw) u64(v uint64) raw   { return binary.LittleEndian.AppendUint64(r, v) }
func (r raw) str(s string) raw   { return append(r.u64(uint64(len(s))), s...) }
func (r raw) zero(n int) raw     { return append(r, make([]byte, n)...) }
func (r raw) pad(to int) raw     { return r.zero((to - len(r)%to) % to) }
func (r raw) key(k string) raw   { return r.str(k) }
func (r raw) kind(k kind) raw    { return r.u32(uint32(k)) }
func (r raw) byte(b byte) raw    { return append(r, b) }
func head(tensors, n uint64) raw { return raw("GGUF").u32(3).u64(tensors).u64(n) }

// tensor appends a description; dims are innermost first, as in files.
func (r raw) tensor(name string, typ uint32, offset uint64, dims ...uint64) raw {
	r = r.str(name).u32(uint32(len(dims)))
	for _, d := range dims {
		r = r.u64(d)
	}
	return r.u32(typ).u64(offset)
}

// smallFile is a sound file with one of everything.
func smallFile() raw {
	r := head(2, 5)
	r = r.key("general.architecture").kind(kindString).str("tiny")
	r = r.key("tiny.block_count").kind(kindU32).u32(3)
	r = r.key("list").kind(kindArray).kind(kindString).u64(2).str("가").str("b")
	r = r.key("flags").kind(kindArray).kind(kindBool).u64(3).byte(1).byte(0).byte(1)
	r = r.key("flag").kind(kindBool).byte(1)
	r = r.tensor("a", 0, 0, 4, 2) // F32 (2,4): 32 bytes
	r = r.tensor("b", 8, 32, 32)  // Q8_0 (32): 34 bytes
	return r.pad(32).zero(32 + 34)
}

// save writes a file into a temporary folder and returns its path.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
