package vocab

import (
	"fmt"
	"testing"
)

func TestVocab(t *testing.T) {
	pieces := []string{"a", "", "가", "a", "secret", "b"}
	v := New(pieces, func(id int) bool { return id == 4 })
	for piece, want := range map[string]int32{"a": 0, "가": 2, "b": 5, "": -1, "secret": -1, "c": -1, "a much longer piece": -1} {
		for _, look := range []func() (int32, bool){func() (int32, bool) { return v.ID(piece) }, func() (int32, bool) { return v.IDBytes([]byte(piece)) }} {
			if id, ok := look(); ok != (want >= 0) || ok && id != want {
				t.Errorf("%q: got %d %v, want %d", piece, id, ok, want)
			}
		}
	}
	if v.Piece(4) != "secret" || v.Piece(-1) != "" || v.Piece(6) != "" || v.Size() != 6 || v.Count() != 3 {
		t.Errorf("piece %q, size %d, count %d", v.Piece(4), v.Size(), v.Count())
	}
	many := make([]string, 10000)
	for i := range many {
		many[i] = fmt.Sprint("piece", i)
	}
	v = New(many, nil)
	for i, p := range many {
		if id, ok := v.ID(p); !ok || id != int32(i) {
			t.Fatalf("%q: got %d %v", p, id, ok)
		}
	}
	if n := testing.AllocsPerRun(100, func() { v.ID("piece77"); v.IDBytes([]byte("piece78")) }); n != 0 {
		t.Errorf("a lookup allocates %v times", n)
	}
}
