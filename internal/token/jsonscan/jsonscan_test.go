package jsonscan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// value reads anything into what encoding/json would make of it.
func value(s *Scanner) (any, error) {
	switch c := s.Kind(); {
	case c == '{':
		out := map[string]any{}
		return out, s.Object(func(key string) (err error) {
			out[key], err = value(s)
			return err
		})
	case c == '[':
		out := []any{}
		return out, s.Array(func() error {
			v, err := value(s)
			out = append(out, v)
			return err
		})
	case c == '"':
		return s.String()
	case c == 't' || c == 'f' || c == 'n':
		raw, err := s.Raw()
		return map[string]any{"true": true, "false": false, "null": nil}[raw], err
	}
	return s.Float()
}

func TestScanner(t *testing.T) {
	for _, text := range []string{
		`{"a":[1,-2.5e3,"x"],"b":{"c":null,"d":true,"e":false},"":{}}`, `[]`, ` [ ] `, `"\u00e9\ud83d\ude00\n\"\/"`, `"\ud83d"`, `"\ud83dx"`, `12345678901`, `0`,
		`"가\t나"`,
	} {
		checkSame(t, text)
	}
	for _, text := range []string{``, `{`, `[1`, `[1,]`, `{"a"}`, `{"a":}`, `{a:1}`, `"`, `"\x"`, `"\u12"`, "\"\n\"", `tru`, `-`, `1e`, `[1 2]`, strings.Repeat("[", 100)} {
		s := New(text)
		if v, err := value(s); err == nil && s.End() == nil {
			t.Errorf("%q: no error but %v", text, v)
		}
	}
	s := New(` 2147483647 -1 2147483648`)
	if v, err := s.Int(); err != nil || v != 1<<31-1 {
		t.Errorf("got %d, %v", v, err)
	}
	if _, err := s.Int(); err == nil {
		t.Error("a negative id was read")
	}
	if _, err := New("2147483648").Int(); err == nil {
		t.Error("an id of 32 bits was read")
	}
}

func checkSame(t *testing.T, text string) {
	t.Helper()
	var want any
	if json.Unmarshal([]byte(text), &want) != nil {
		return
	}
	s := New(text)
	got, err := value(s)
	if err == nil {
		err = s.End()
	}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
	}
}

// FuzzScanner checks that what encoding/json reads reads the same.
func FuzzScanner(f *testing.F) {
	f.Add(`{"a":[1,2.5,"x\u00e9"],"b":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = value(New(text))
		if strings.Count(text, "[")+strings.Count(text, "{") < maxDepth && strings.ToValidUTF8(text, "") == text {
			checkSame(t, text)
		}
	})
}
