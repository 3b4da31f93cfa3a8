package calendar

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func lines(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func TestLunarAsPublished(t *testing.T) {
	for _, line := range lines(t, "lunar.txt") {
		day, want, _ := strings.Cut(line, " ")
		d, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		l, err := ToLunar(d)
		got := fmt.Sprintf("%d-%02d-%02d", l.Year, l.Month, l.Day)
		if l.Leap {
			got += "L"
		}
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", day, got, err, want)
		}
	}
}

func TestLunarAndBack(t *testing.T) {
	n := 0
	for d := epoch; ; d = d.AddDate(0, 0, 5) {
		l, err := ToLunar(d)
		if err != nil {
			break
		}
		n++
		if back, err := ToSolar(l); err != nil || !back.Equal(d) {
			t.Fatalf("%s became %s and %s, %v", d, l, back, err)
		}
	}
	if n < 10_000 {
		t.Errorf("%d days looked at, want every fifth of 150 years", n)
	}
}

func TestHolidaysAsPublished(t *testing.T) {
	want := map[string]bool{}
	for _, line := range lines(t, "holidays.txt") {
		day, _, _ := strings.Cut(line, " ")
		want[day] = true
	}
	for year := FirstHolidays; year <= 2028; year++ {
		list, err := Holidays(year)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, h := range list {
			got[h.Day.Format(time.DateOnly)] += h.Name + " "
		}
		for day, name := range got {
			if !want[day] {
				t.Errorf("%s (%s) is not a holiday", day, name)
			}
		}
		for day := range want {
			if strings.HasPrefix(day, fmt.Sprint(year)) && got[day] == "" {
				t.Errorf("%s is missing", day)
			}
		}
	}
}

func TestWhatIsNotKnown(t *testing.T) {
	for _, l := range []Lunar{{1899, 1, 1, false}, {2050, 1, 1, false}, {2026, 13, 1, false}, {2026, 1, 31, false}, {2026, 1, 0, false}, {2026, 3, 1, true}} {
		if d, err := ToSolar(l); err == nil {
			t.Errorf("%+v became %s", l, d)
		}
	}
	if _, err := Holidays(2022); err == nil {
		t.Error("holidays of 2022")
	}
}

func FuzzLunar(f *testing.F) {
	f.Add(2026, 1, 1, false)
	f.Fuzz(func(t *testing.T, y, m, d int, leap bool) {
		l := Lunar{y, m, d, leap}
		day, err := ToSolar(l)
		if err != nil {
			return
		}
		if back, err := ToLunar(day); err != nil || back != l {
			t.Errorf("%+v became %s and %+v", l, day, back)
		}
	})
}
