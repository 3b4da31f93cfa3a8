package jinja

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"malmoi/internal/golden"
)

// pinned is the clock of the reference vectors.
var pinned = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

type wantError struct{ Kind, Message string }

type refCase struct {
	Name     string
	Template string
	Context  json.RawMessage
	Out      *string
	Error    *wantError
	parsed   *Template // nil: parse Template
}

func (c refCase) parse() (*Template, error) {
	if c.parsed != nil {
		return c.parsed, nil
	}
	return Parse(c.Template)
}

// check renders and compares with what the reference gave.
func (c refCase) check(t *testing.T) {
	t.Helper()
	vars, err := FromJSON(c.Context)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := c.parse()
	var got string
	if err == nil {
		got, err = tpl.Render(vars.(*Dict), Options{Now: pinned})
	}
	switch {
	case errors.Is(err, ErrInternal):
		t.Fatal(err)
	case c.Out != nil && err != nil:
		t.Errorf("fails: %v\nwant %q", err, *c.Out)
	case c.Out != nil && got != *c.Out:
		t.Errorf("got  %q\nwant %q", got, *c.Out)
	case c.Out == nil && err == nil:
		if !mayRender(c.Error) {
			t.Errorf("renders %q\nwant %s: %s", got, c.Error.Kind, c.Error.Message)
		}
	case c.Out == nil && c.Error.Kind == "raise_exception":
		var r *Raised
		if !errors.As(err, &r) || r.Message != c.Error.Message {
			t.Errorf("error %v\nwant raised %q", err, c.Error.Message)
		}
	}
}

// mayRender names the failures of the reference that another engine need not
// share.
func mayRender(e *wantError) bool {
	return e.Kind == "SecurityError" && strings.Contains(e.Message, "append") || strings.Contains(e.Message, "'from_json'")
}

func runCases(t *testing.T, data []byte) {
	t.Helper()
	var file struct{ Cases []refCase }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		t.Run(c.Name, c.check)
	}
}

func TestGoldenCases(t *testing.T) {
	runCases(t, golden.File(t, "jinja/cases.json"))
}

// TestGoldenTemplates renders every real template with every conversation, and
// a second time with all strings marked as input: the marks must not change
// the text.
func TestGoldenTemplates(t *testing.T) {
	var convs map[string]struct{ Context json.RawMessage }
	if err := json.Unmarshal(golden.File(t, "templates/conversations.json"), &convs); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(golden.Dir(t), "templates", "expected", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no expectations: %v", err)
	}
	total := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var exp struct {
			Template string
			Cases    map[string]refCase
		}
		if err := json.Unmarshal(data, &exp); err != nil {
			t.Fatal(err)
		}
		src := string(golden.File(t, "templates/templates/"+exp.Template))
		tpl, err := Parse(src)
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range exp.Cases {
			c.Template, c.Context, c.parsed = src, convs[name].Context, tpl
			t.Run(exp.Template+"/"+name, func(t *testing.T) {
				c.check(t)
				c.checkMarks(t)
			})
			total++
		}
	}
	t.Logf("%d renderings", total)
}

func (c refCase) checkMarks(t *testing.T) {
	t.Helper()
	if c.Out == nil {
		return
	}
	vars, err := InputJSON(c.Context)
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := c.parse()
	if err != nil {
		t.Fatal(err)
	}
	segs, err := tpl.Segments(vars.(*Dict), Options{Now: pinned})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i, s := range segs {
		if s.Text == "" || i > 0 && segs[i-1].Input == s.Input {
			t.Errorf("segment %d is empty or not joined with its neighbour", i)
		}
		b.WriteString(s.Text)
	}
	if b.String() != *c.Out {
		t.Errorf("marked rendering differs:\ngot  %q\nwant %q", b.String(), *c.Out)
	}
}

// TestOwnCases holds the interpreter against cases of our own, whose outputs
// tools/ref/jinja.py made with the real Jinja2.
func TestOwnCases(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	runCases(t, data)
}
