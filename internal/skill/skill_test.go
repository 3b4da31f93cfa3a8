package skill

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"malmoi/internal/skill/calc"
)

func builtin() Set {
	zone := time.FixedZone("KST", 9*3600)
	return Builtin(func() time.Time { return time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) }, zone) // the 25th in Korea
}

func TestBuiltin(t *testing.T) {
	s := builtin()
	f := func(name, arguments string, want ...string) {
		t.Helper()
		got, ok := s.Run(t.Context(), name, arguments)
		for _, w := range want {
			if !ok || !strings.Contains(got, w) {
				t.Errorf("%s %s: %q %v, want %q in it", name, arguments, got, ok, w)
			}
		}
	}
	f("calculate", `{"expression":"1억 5천만 * 3%"}`, "= 4,500,000")
	f("today", ``, "2026년 11월 25일 수요일 08시 30분", "음력 2026년 10월 17일")
	f("date", `{"days":100}`, "2027년 3월 5일 금요일")
	f("date", `{"date":"2026-01-31","months":1}`, "2026년 2월 28일")
	f("date", `{"date":"2026-11-24","to":"2026-12-25"}`, "31일")
	f("date", `{"date":"2026-11-24","to":"2026-11-01"}`, "-23일")
	f("holidays", `{"year":2026,"month":9}`, "2026년 9월 25일 금요일: 추석")
	f("holidays", `{"month":11}`, "공휴일이 없습니다")
	f("lunar", `{"date":"2026-08-15","from":"lunar"}`, "양력 2026년 9월 25일")
	f("lunar", `{"date":"2026-02-17","from":"solar"}`, "음력 2026년 1월 1일")
	f("convert_unit", `{"value":33,"from":"평","to":"m2"}`, "109.090909090909"[:11])
	f("convert_unit", `{"value":100,"from":"°F","to":"°C"}`, "37.7777777778")
	f("convert_unit", `{"value":1,"from":"mile","to":"km"}`, "= 1.609344 km")
	f("convert_unit", `{"value":3,"from":"돈","to":"g"}`, "= 11.25 g")
}

func TestWrongCalls(t *testing.T) {
	s := builtin()
	for name, list := range map[string][]string{
		"nothing": {`{}`}, "calculate": {`{"expression":"1/0"}`, `[1]`, `{`, `{"expression":5}`},
		"date": {`{"date":"어제"}`, `{"days":999999999}`}, "holidays": {`{"year":1999}`}, "lunar": {`{"date":"x","from":"lunar"}`, `{"date":"2026-13-01","from":"lunar"}`},
		"convert_unit": {`{"value":1,"from":"평","to":"kg"}`, `{"value":1,"from":"뼘","to":"m"}`, `{"value":"NaN","from":"m","to":"km"}`, `{"value":1,"from":"°C","to":"m"}`},
	} {
		for _, a := range list {
			if got, ok := s.Run(t.Context(), name, a); ok || !strings.HasPrefix(got, "error: ") {
				t.Errorf("%s %s: %q, want an error", name, a, got)
			}
		}
	}
}

func TestRunHoldsLimits(t *testing.T) {
	s := Set{{Name: "long", Call: func(context.Context, json.RawMessage) (string, error) { return strings.Repeat("x", 2*MaxResult), nil }},
		{Name: "bad", Call: func(context.Context, json.RawMessage) (string, error) { return "", errors.New("why") }}}
	if got, ok := s.Run(t.Context(), "long", "{}"); !ok || len(got) > MaxResult+10 || !strings.HasSuffix(got, "[cut]") {
		t.Errorf("%d bytes, %v", len(got), ok)
	}
	if got, ok := s.Run(t.Context(), "bad", "{}"); ok || got != "error: why" {
		t.Errorf("%q", got)
	}
	if got, ok := s.Run(t.Context(), "bad", strings.Repeat(" ", MaxArguments+1)); ok || !strings.Contains(got, "bytes") {
		t.Errorf("%q", got)
	}
}

func TestTablesAreSound(t *testing.T) {
	seen := map[string]bool{}
	for _, u := range unitTable {
		if v := rat(u.factor); v == nil || v.Sign() <= 0 {
			t.Errorf("%v: factor %s", u.names, u.factor)
		}
		for _, n := range u.names {
			if seen[n] {
				t.Errorf("the unit %q is there twice", n)
			}
			seen[n] = true
		}
	}
	for _, s := range builtin() {
		if !json.Valid(s.Parameters) || s.Title == "" || s.Description == "" || s.Effect != Pure {
			t.Errorf("%+v", s)
		}
	}
	if v, err := calc.Eval("1"); err != nil || calc.Text(v) != "1" {
		t.Error(err)
	}
}

func FuzzRun(f *testing.F) {
	for _, s := range builtin() {
		f.Add(s.Name, `{"expression":"1+1","value":1,"from":"m","to":"km","date":"2026-01-01","year":2026}`)
	}
	s := builtin()
	f.Fuzz(func(t *testing.T, name, arguments string) { s.Run(t.Context(), name, arguments) })
}
