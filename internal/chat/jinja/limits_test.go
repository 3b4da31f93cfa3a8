package jinja

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func render(t *testing.T, src string, o Options) (string, error) {
	t.Helper()
	tpl, err := Parse(src)
	if err != nil {
		return "", err
	}
	return tpl.Render(nil, o)
}

// TestLimits: whatever a template does, it ends with an error soon.
func TestLimits(t *testing.T) {
	doubling := "{% set ns = namespace(s='xxxxxxxx', l=[1]) %}{% for i in range(60) %}"
	tests := map[string]struct {
		src  string
		kind error // nil: any
	}{
		"macro calls itself":       {"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", nil},
		"macros call each other":   {"{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", nil},
		"caller calls its macro":   {"{% macro m() %}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}{{ m() }}", nil},
		"block renders itself":     {"{% block a %}{{ self.a() }}{% endblock %}", nil},
		"recursive loop":           {"{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", nil},
		"long string":              {"{{ 'abc' * 1000000000 }}", ErrLimit},
		"long list":                {"{{ [1, 2] * 1000000000 }}", ErrLimit},
		"doubling string":          {doubling + "{% set ns.s = ns.s ~ ns.s %}{% endfor %}", ErrLimit},
		"doubling list":            {doubling + "{% set ns.l = ns.l + ns.l %}{% endfor %}", ErrLimit},
		"doubling by replace":      {doubling + "{% set ns.s = ns.s|replace('x', 'xx') %}{% endfor %}", ErrLimit},
		"doubling by join":         {doubling + "{% set ns.s = [ns.s, ns.s]|join %}{% endfor %}", ErrLimit},
		"doubling by format":       {doubling + "{% set ns.s = '{0}{0}'.format(ns.s) %}{% endfor %}", ErrLimit},
		"doubling by percent":      {doubling + "{% set ns.s = '%s%s' % (ns.s, ns.s) %}{% endfor %}", ErrLimit},
		"doubling by macro":        {doubling + "{% macro d(s) %}{{ s }}{{ s }}{% endmacro %}{% set ns.s = d(ns.s) %}{% endfor %}", ErrLimit},
		"doubling by json":         {doubling + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}", ErrLimit},
		"doubling by repr":         {doubling + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", ErrLimit},
		"doubling by equality":     {doubling + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{% set m = namespace(l=[1]) %}{% for i in range(60) %}{% set m.l = [m.l, m.l] %}{% endfor %}{{ m.l == ns.l }}", ErrLimit},
		"wide padding":             {"{{ 'a'.center(2000000000) }}", ErrLimit},
		"wide format":              {"{{ '%2000000000d' % 1 }}", nil},
		"huge power":               {"{{ 10 ** 1000000000 }}", ErrLimit},
		"products of powers":       {"{{ 2 ** 99999 * 2 ** 99999 }}", ErrLimit},
		"huge range":               {"{{ range(1000000000)|list }}", nil},
		"nested loops":             {strings.Repeat("{% for i in range(99999) %}", 5) + strings.Repeat("{% endfor %}", 5), ErrLimit},
		"endless output":           {strings.Repeat("{% for i in range(9999) %}", 3) + "0123456789" + strings.Repeat("{% endfor %}", 3), ErrLimit},
		"deep list":                {"{% set ns = namespace(x=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}", nil},
		"deep list as JSON":        {"{% set ns = namespace(x=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson }}", nil},
		"deep tuple as key":        {"{% set ns = namespace(x=()) %}{% for i in range(90000) %}{% set ns.x = (ns.x,) %}{% endfor %}{{ {ns.x: 1} }}", nil},
		"deep comparison":          {"{% set ns = namespace(x=[], y=[]) %}{% for i in range(90000) %}{% set ns.x = [ns.x] %}{% set ns.y = [ns.y] %}{% endfor %}{{ ns.x == ns.y }}", nil},
		"namespace in itself":      {"{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}", nil},
		"chain of generators":      {"{% set ns = namespace(g=[1]) %}{% for i in range(90000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}", nil},
		"generator over itself":    {"{% set ns = namespace() %}{% set ns.g = [1, 2]|map('string') %}{% for x in ns.g if ns.g|list %}{{ x }}{% endfor %}{{ ns.g|list }}{{ raise_exception('end') }}", nil},
		"parentheses":              {"{{ " + strings.Repeat("(", 100000) + "1" + strings.Repeat(")", 100000) + " }}", ErrSyntax},
		"not not not":              {"{{ " + strings.Repeat("not ", 100000) + "1 }}", ErrSyntax},
		"minus minus":              {"{{ " + strings.Repeat("-", 100000) + "1 }}", ErrSyntax},
		"long sum":                 {"{{ 1" + strings.Repeat("+1", 100000) + " }}", ErrSyntax},
		"long attribute path":      {"{{ a" + strings.Repeat(".a", 100000) + " }}", ErrSyntax},
		"many filters":             {"{{ a" + strings.Repeat("|e", 100000) + " }}", ErrSyntax},
		"nested ifs":               {strings.Repeat("{% if 1 %}", 30000), ErrSyntax},
		"template of two megabyte": {strings.Repeat("x", 2<<20), ErrSyntax},
		"if else chain":            {"{{ 1" + strings.Repeat(" if 1 else 1", 50000) + " }}", ErrSyntax},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			start := time.Now()
			out, err := render(t, tt.src, Options{Context: ctx, MaxSteps: 1_000_000})
			if err == nil {
				t.Fatalf("renders %d bytes", len(out))
			}
			if errors.Is(err, ErrInternal) || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("error %v, want %v", err, tt.kind)
			}
			if ctx.Err() != nil {
				t.Errorf("stopped only by the deadline, after %v", time.Since(start))
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	start := time.Now()
	src := strings.Repeat("{% for i in range(99999) %}", 3) + strings.Repeat("{% endfor %}", 3)
	_, err := render(t, src, Options{Context: ctx, MaxSteps: 1 << 40})
	if !errors.Is(err, ErrLimit) {
		t.Fatalf("error %v, want the deadline", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("stopped after %v", d)
	}
}

func TestNoClock(t *testing.T) {
	if out, err := render(t, "{{ strftime_now('%Y') }}", Options{}); err == nil {
		t.Errorf("renders %q without a clock", out)
	}
}

// TestLargeInput: a long message passes, and costs little more than copying.
func TestLargeInput(t *testing.T) {
	vars := NewDict()
	vars.Set("m", Input(strings.Repeat("가나다라 ", 1<<20)))
	tpl, err := Parse("<|user|>{{ m | trim }}<|end|>")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	out, err := tpl.Render(vars, Options{})
	if err != nil || len(out) < 12<<20 {
		t.Fatalf("%d bytes, %v", len(out), err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}
