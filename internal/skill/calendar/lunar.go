package calendar

import (
	"fmt"
	"time"
)

// The first and the last lunar year of the table.
const (
	FirstYear = 1900
	LastYear  = 2049
)

// months holds a word for each lunar year: bits 0 to 12 say which months have
// 30 days (the others have 29), in the order in which they come; the bits
// above are the number of the month that is followed by a leap month, 0 for
// none.
var months = [LastYear - FirstYear + 1]uint32{
	0x116d2, 0x00752, 0x00ea5, 0x0b64a, 0x0064b, 0x00a9b, 0x09556, 0x0056a, 0x00b59, 0x05752, // 1900
	0x00752, 0x0db25, 0x00b25, 0x00a4b, 0x0b29b, 0x00aad, 0x0056a, 0x04b69, 0x00ba9, 0x0fb52, // 1910
	0x00d92, 0x00d25, 0x0ba4d, 0x00956, 0x002b5, 0x095ad, 0x006d4, 0x00da9, 0x05d92, 0x00e92, // 1920
	0x0cd26, 0x00527, 0x00a57, 0x0b2b6, 0x00ada, 0x006d4, 0x06ea9, 0x00749, 0x0f693, 0x00a93, // 1930
	0x0052b, 0x0ca5b, 0x0096d, 0x00b6a, 0x09b54, 0x00ba4, 0x00b49, 0x05a93, 0x00a95, 0x0f52b, // 1940
	0x0052d, 0x00aad, 0x0b56a, 0x00db2, 0x00da4, 0x07d49, 0x00d4a, 0x11a95, 0x00a96, 0x00556, // 1950
	0x0cab5, 0x00ad5, 0x006d2, 0x08ea5, 0x00ea5, 0x00e4a, 0x06c96, 0x00a9b, 0x0f556, 0x0056a, // 1960
	0x00b59, 0x0b752, 0x00752, 0x00725, 0x0964b, 0x00a4b, 0x112ab, 0x002ad, 0x0056b, 0x0cb69, // 1970
	0x00da9, 0x00d92, 0x09b25, 0x00d25, 0x15a4d, 0x00a56, 0x002b6, 0x0d5ad, 0x006d4, 0x00da9, // 1980
	0x0bd92, 0x00e92, 0x00d26, 0x06a56, 0x00a57, 0x112b6, 0x00b5a, 0x006d4, 0x0aec9, 0x00749, // 1990
	0x00693, 0x09527, 0x0052b, 0x00a5b, 0x0555a, 0x0036a, 0x0fb55, 0x00ba4, 0x00b49, 0x0ba93, // 2000
	0x00a95, 0x0052d, 0x06a5d, 0x00aad, 0x135aa, 0x005d2, 0x00da5, 0x0bd4a, 0x00d4a, 0x00a95, // 2010
	0x0952d, 0x00556, 0x00ab5, 0x055aa, 0x006d2, 0x0cea5, 0x00ea5, 0x00e4a, 0x0ac96, 0x00c9b, // 2020
	0x0055a, 0x06ad5, 0x00b69, 0x17752, 0x00752, 0x00b25, 0x0d64b, 0x00a4b, 0x004ab, 0x0a55b, // 2030
	0x0056d, 0x00b69, 0x05b52, 0x00d92, 0x0fd25, 0x00d25, 0x00a4d, 0x0b4ad, 0x002b6, 0x005b5, // 2040
}

// epoch is the first day of the lunar year 1900.
var epoch = Date(1900, time.January, 31)

// Date is a day, at midnight UTC: a day has no zone.
func Date(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// Lunar is a day of the lunar calendar.
type Lunar struct {
	Year, Month, Day int
	Leap             bool // in the leap month after Month
}

// String is the date as Koreans say it.
func (l Lunar) String() string {
	leap := ""
	if l.Leap {
		leap = "윤"
	}
	return fmt.Sprintf("음력 %d년 %s%d월 %d일", l.Year, leap, l.Month, l.Day)
}

// run is one month of a lunar year.
type run struct {
	month int
	leap  bool
	days  int
}

// runs are the months of a year of the table, in order.
func runs(year int) []run {
	word := months[year-FirstYear]
	leap := int(word >> 13)
	var out []run
	for m := 1; m <= 12; m++ {
		out = append(out, run{m, false, 29 + int(word>>len(out)&1)})
		if m == leap {
			out = append(out, run{m, true, 29 + int(word>>len(out)&1)})
		}
	}
	return out
}

func daysOf(year int) int {
	n := 0
	for _, r := range runs(year) {
		n += r.days
	}
	return n
}

// ToLunar is the lunar date of a day.
func ToLunar(day time.Time) (Lunar, error) {
	day = Date(day.Date())
	n := int(day.Sub(epoch).Hours() / 24)
	if n < 0 {
		return Lunar{}, fmt.Errorf("calendar: %s lies before %s", day.Format(time.DateOnly), epoch.Format(time.DateOnly))
	}
	for year := FirstYear; year <= LastYear; year++ {
		if d := daysOf(year); n >= d {
			n -= d
			continue
		}
		for _, r := range runs(year) {
			if n < r.days {
				return Lunar{year, r.month, n + 1, r.leap}, nil
			}
			n -= r.days
		}
	}
	return Lunar{}, fmt.Errorf("calendar: %s lies after the lunar year %d", day.Format(time.DateOnly), LastYear)
}

// ToSolar is the day of a lunar date.
func ToSolar(l Lunar) (time.Time, error) {
	if l.Year < FirstYear || l.Year > LastYear {
		return time.Time{}, fmt.Errorf("calendar: lunar years are known from %d to %d, not %d", FirstYear, LastYear, l.Year)
	}
	n := 0
	for year := FirstYear; year < l.Year; year++ {
		n += daysOf(year)
	}
	for _, r := range runs(l.Year) {
		if r.month == l.Month && r.leap == l.Leap {
			if l.Day < 1 || l.Day > r.days {
				return time.Time{}, fmt.Errorf("calendar: that lunar month has %d days, not %d", r.days, l.Day)
			}
			return epoch.AddDate(0, 0, n+l.Day-1), nil
		}
		n += r.days
	}
	return time.Time{}, fmt.Errorf("calendar: there is no such month: %s", l)
}
