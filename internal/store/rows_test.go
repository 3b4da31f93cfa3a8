package store

import (
	"bytes"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

var wide = table{"t", []column{
	{"i", integerKind, ""}, {"r", realKind, ""}, {"s", textKind, ""}, {"b", blobKind, ""},
}}

func TestRowsSurviveTheirLine(t *testing.T) {
	rows := []row{
		{int64(0), 0.0, "", []byte{}},
		{int64(math.MaxInt64), 0.1, "한글 <&> \u2028 \x00 \"\\", []byte{0, 255, 10}},
		{int64(math.MinInt64), -1e300, "not utf-8: \xff\xfe", []byte("text")},
		{int64(9007199254740993), math.SmallestNonzeroFloat64, "line\nline\r\n", nil},
		{nil, nil, nil, nil},
		{int64(1), 3.0, `{"base64":"eA=="}`, []byte("x")},
	}
	for _, r := range rows {
		line, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Errorf("%q is not one line", line)
		}
		got, err := wide.decodeRow(line)
		if err != nil || !reflect.DeepEqual(got, normalRow(r)) {
			t.Errorf("%s: got %#v (%v), want %#v", line, got, err, r)
		}
	}
}

// normalRow has no nil slice inside an interface.
func normalRow(r row) row {
	for i, v := range r {
		if b, ok := v.([]byte); ok && b == nil {
			r[i] = nil
		}
	}
	return r
}

func TestSumDoesNotMindTheOrder(t *testing.T) {
	var lines [][]byte
	for i := range 50 {
		lines = append(lines, []byte{byte(i), '\n'})
	}
	add := func() (s sum) {
		for _, l := range lines {
			s.add(l)
		}
		return s
	}
	want := add()
	rand.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	if add() != want {
		t.Error("the order changed the sum")
	}
	lines[7] = lines[8] // one lost, one doubled
	if add() == want {
		t.Error("a lost row did not change the sum")
	}
}

func FuzzRowLine(f *testing.F) {
	for _, seed := range []string{`[1,0.5,"a",{"base64":"eA=="}]`, `[null,null,null,null]`, `[1e3,1,"",""]`, `[1]`, `{}`, `[1,2,3,4]`, `[1,1,{"base64":"!"},null]`, `[1,1,"",{}] 1`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := wide.decodeRow(line)
		if err != nil {
			return
		}
		again, err := r.encode()
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if back, err := wide.decodeRow(again); err != nil || !reflect.DeepEqual(back, r) {
			t.Errorf("%q became %q: %v", line, again, err)
		}
	})
}

func FuzzArchive(f *testing.F) {
	db, err := Open(f.Context(), f.TempDir()+"/x.db", Options{})
	if err != nil {
		f.Fatal(err)
	}
	var whole bytes.Buffer
	if _, err := db.writeArchive(f.Context(), &whole, nil, false); err != nil {
		f.Fatal(err)
	}
	db.Close()
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := readArchive(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		_ = a.verify(t.Context()) // must end, without a panic
	})
}
