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
	return Builtin(func() time.Time { return time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) }, zone, nil) // the 25th in Korea
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
	f("date", `{"amount":100,"unit":"days","direction":"after"}`, "2026년 11월 25일 수요일 → 2027년 3월 5일 금요일")
	f("date", `{"amount":"30","unit":"days","direction":"before"}`, "2026년 10월 26일")
	f("date", `{"amount":3,"unit":"weeks","direction":"after","date":"today"}`, "2026년 12월 16일")
	f("date", `{"date":"2026-01-31","amount":1,"unit":"months","direction":"after"}`, "2026년 2월 28일")
	f("date", `{"date":"2028-02-29","amount":1,"unit":"years","direction":"before"}`, "2027년 2월 28일")
	f("date", `{"amount":0,"unit":"days","direction":"after","date":"2026-11-24","to":"2026-12-25"}`, " 31일 (4주 3일)")
	f("date", `{"amount":0,"date":"2026-11-24","to":"2026-11-01"}`, "2026년 11월 1일 일요일부터 2026년 11월 24일 화요일까지 23일")
	f("date", `{"to":"2026년 12월 25일"}`, "2026년 11월 25일 수요일부터 2026년 12월 25일 금요일까지 30일", "오늘부터 30일 남았습니다")
	f("date", `{"amount":0,"date":"2026-12-25","to":"today"}`, "오늘부터 30일 남았습니다")
	f("date", `{"amount":0,"date":"1990.5.5"}`, "1990년 5월 5일", "13353일", "오늘까지 13353일 지났습니다")
	f("date", `{"amount":0,"date":"2026-12-25","to":"2026-12-25"}`, "오늘부터 30일 남았습니다")
	f("convert_money", `{"amount":100,"from":"USD","to":"KRW"}`, "100 USD(미국 달러) = 133,527 KRW(대한민국 원)", "1 USD = 1,335.27원: 2026-10-30 기준 참고 환율(유럽중앙은행", "26일 전 값", "오늘의 실제 환율과 다릅니다")
	f("convert_money", `{"amount":"1억 5천만","from":"원","to":"달러"}`, "150,000,000 KRW(대한민국 원) = 112,336.83 USD")
	f("convert_money", `{"amount":"3만원","to":"JPY"}`, "30,000 KRW", "= 3,533.01 JPY(일본 엔)", "100 JPY = 849.135원")
	f("convert_money", `{"amount":"$50","from":"usd","to":"eur"}`, "= 44.75 EUR", "1 USD = ", "1 EUR = ")
	f("convert_money", `{"amount":1,"from":"베트남 동"}`, "= 0.0523 KRW", "2026-09-29 기준")
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
		"date": {`{"amount":1,"unit":"days","direction":"after","date":"어제"}`, `{"amount":999999999,"unit":"days","direction":"after"}`, `{}`, `{"amount":1.5,"unit":"days"}`, `{"amount":1,"unit":"hours"}`, `{"amount":1,"unit":"days","direction":"up"}`, `{"amount":{},"unit":"days"}`, `{"amount":0,"date":"2026-02-30"}`, `{"to":"12-25"}`, `{"date":"today","to":"오늘"}`},
		"convert_money": {`{}`, `{"amount":100,"from":"USD","to":"XYZ"}`, `{"amount":"많이","from":"USD","to":"KRW"}`, `{"amount":1,"from":"USD","to":"달러"}`, `{"amount":"100달러","from":"EUR","to":"KRW"}`,
			`{"amount":1e99,"from":"USD","to":"KRW"}`, `{"amount":"9999999조","from":"KRW","to":"USD"}`, `{"amount":[1],"from":"USD","to":"KRW"}`, `{"amount":"","from":"USD","to":"KRW"}`},
		"holidays": {`{"year":1999}`}, "lunar": {`{"date":"x","from":"lunar"}`, `{"date":"2026-13-01","from":"lunar"}`},
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
		f.Add(s.Name, `{"expression":"1+1","value":1,"from":"m","to":"km","date":"2026-01-01","year":2026,"amount":3,"unit":"days","direction":"after","to":"USD"}`)
	}
	s := builtin()
	f.Fuzz(func(t *testing.T, name, arguments string) { s.Run(t.Context(), name, arguments) })
}
