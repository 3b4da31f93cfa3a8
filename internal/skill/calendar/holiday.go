package calendar

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Holiday is a public holiday. A day may have two.
type Holiday struct {
	Day  time.Time
	Name string
}

// The years whose holidays are known. Before 2023 other days had substitutes.
const (
	FirstHolidays = 2023
	LastHolidays  = LastYear
)

// solar are the holidays on fixed days of the solar calendar. from is the
// first year, and substitute whether a weekend moves it (관공서의 공휴일에 관한 규정).
var solar = []struct {
	month      time.Month
	day        int
	name       string
	from       int
	substitute bool
}{
	{1, 1, "신정", 0, false}, {3, 1, "삼일절", 0, true}, {5, 1, "노동절", 2026, true}, {5, 5, "어린이날", 0, true}, {6, 6, "현충일", 0, false},
	{7, 17, "제헌절", 2026, true}, {8, 15, "광복절", 0, true}, {10, 3, "개천절", 0, true}, {10, 9, "한글날", 0, true}, {12, 25, "기독탄신일", 0, true},
}

// extra are elections and days that the government declared. Those of later
// years are not known before they are declared.
var extra = []Holiday{
	{Date(2023, 10, 2), "임시공휴일"}, {Date(2024, 4, 10), "국회의원 선거일"}, {Date(2024, 10, 1), "국군의 날"},
	{Date(2025, 1, 27), "임시공휴일"}, {Date(2025, 6, 3), "대통령 선거일"}, {Date(2026, 6, 3), "지방선거일"}, {Date(2028, 4, 12), "국회의원 선거일"},
}

// moving is a holiday that may need a substitute.
type moving struct {
	Holiday
	feast   bool // 설날 and 추석: only Sundays and other holidays move them
	lastDay time.Time
	moves   bool
}

// Holidays lists a year's public holidays in order.
func Holidays(year int) ([]Holiday, error) {
	if year < FirstHolidays || year > LastHolidays {
		return nil, fmt.Errorf("calendar: holidays are known from %d to %d, not %d", FirstHolidays, LastHolidays, year)
	}
	list, err := regular(year)
	if err != nil {
		return nil, err
	}
	var out []Holiday
	for _, m := range list {
		out = append(out, m.Holiday)
	}
	for _, e := range extra {
		if e.Day.Year() == year {
			out = append(out, e)
		}
	}
	out = append(out, substitutes(list, out)...)
	slices.SortStableFunc(out, func(a, b Holiday) int { return a.Day.Compare(b.Day) })
	return out, nil
}

// regular are the holidays that come every year.
func regular(year int) ([]moving, error) {
	var out []moving
	for _, s := range solar {
		if year >= s.from {
			d := Date(year, s.month, s.day)
			out = append(out, moving{Holiday: Holiday{d, s.name}, lastDay: d, moves: s.substitute})
		}
	}
	buddha, err := ToSolar(Lunar{Year: year, Month: 4, Day: 8})
	if err != nil {
		return nil, err
	}
	out = append(out, moving{Holiday: Holiday{buddha, "부처님오신날"}, lastDay: buddha, moves: true})
	for _, f := range []struct {
		month, day int
		name       string
	}{{1, 1, "설날"}, {8, 15, "추석"}} {
		d, err := ToSolar(Lunar{Year: year, Month: f.month, Day: f.day})
		if err != nil {
			return nil, err
		}
		for i, name := range []string{f.name + " 전날", f.name, f.name + " 다음날"} {
			day := d.AddDate(0, 0, i-1)
			out = append(out, moving{Holiday: Holiday{day, name}, feast: true, lastDay: d.AddDate(0, 0, 1), moves: true})
		}
	}
	slices.SortStableFunc(out, func(a, b moving) int { return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(a.Name, b.Name)) })
	return out, nil
}

// substitutes are the days off for holidays that fell on a weekend or on each
// other: the next working day. Several on one day are made good by one.
func substitutes(list []moving, all []Holiday) []Holiday {
	taken := map[time.Time]bool{}
	for _, h := range all {
		taken[h.Day] = true
	}
	var out []Holiday
	done := map[time.Time]bool{}
	for _, m := range list {
		if !m.moves || !lost(m, list) || done[m.lastDay] {
			continue
		}
		done[m.lastDay] = true
		d := m.lastDay.AddDate(0, 0, 1)
		for taken[d] || d.Weekday() == time.Saturday || d.Weekday() == time.Sunday {
			d = d.AddDate(0, 0, 1)
		}
		taken[d] = true
		out = append(out, Holiday{d, m.Name + " 대체공휴일"})
	}
	return out
}

// lost reports whether a holiday gives no day off by itself.
func lost(m moving, list []moving) bool {
	if m.Day.Weekday() == time.Sunday || m.Day.Weekday() == time.Saturday && !m.feast {
		return true
	}
	for _, o := range list {
		if o.Day.Equal(m.Day) && o.Name != m.Name {
			return m.feast || !o.feast // the feast makes it good for both
		}
	}
	return false
}
