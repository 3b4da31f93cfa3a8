package jinja

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"encoding/json"
)

func seeds(f *testing.F) []refCase {
	f.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "cases.json"))
	if err != nil {
		f.Fatal(err)
	}
	var file struct{ Cases []refCase }
	if err := json.Unmarshal(data, &file); err != nil {
		f.Fatal(err)
	}
	return file.Cases
}

// FuzzParse: no template text makes the parser panic or fail without a reason.
func FuzzParse(f *testing.F) {
	for _, c := range seeds(f) {
		f.Add(c.Template)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tpl, err := Parse(src)
		if (tpl == nil) != (err != nil) {
			t.Errorf("template %v with error %v", tpl, err)
		}
		if errors.Is(err, ErrInternal) || err != nil && !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrLimit) {
			t.Errorf("error %v", err)
		}
	})
}

// FuzzRender: rendering ends without a panic, and marking all input changes
// neither the text nor the outcome.
func FuzzRender(f *testing.F) {
	for _, c := range seeds(f) {
		f.Add(c.Template, []byte(c.Context))
	}
	f.Fuzz(func(t *testing.T, src string, context []byte) {
		tpl, err := Parse(src)
		if err != nil {
			return
		}
		vars, err := FromJSON(context)
		d, ok := vars.(*Dict)
		if err != nil || !ok {
			return
		}
		o := Options{Now: pinned, MaxSteps: 200_000, MaxOutput: 1 << 20}
		out, err := tpl.Render(d, o)
		if errors.Is(err, ErrInternal) {
			t.Fatal(err)
		}
		marked, err2 := InputJSON(context)
		if err2 != nil {
			t.Fatal(err2)
		}
		segs, err2 := tpl.Segments(marked.(*Dict), o)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("plain: %v, marked: %v", err, err2)
		}
		joined := ""
		for _, s := range segs {
			joined += s.Text
		}
		if joined != out {
			t.Errorf("plain %q, marked %q", out, joined)
		}
	})
}

func FuzzJSON(f *testing.F) {
	for _, c := range seeds(f) {
		f.Add([]byte(c.Context))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := FromJSON(data)
		if errors.Is(err, ErrInternal) {
			t.Fatal(err)
		}
		if err == nil && !json.Valid(data) {
			t.Errorf("accepts %q as %v", data, v)
		}
	})
}
