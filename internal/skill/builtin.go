package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/calendar"
)

// Builtin are the skills that need nothing but this machine. now is the clock,
// zone where the users are.
func Builtin(now func() time.Time, zone *time.Location) Set {
	c := clock{now, zone}
	return Set{calculator, c.today(), c.dates(), c.holidays(), lunarSkill, unitSkill}
}

var calculator = Skill{
	Name: "calculate", Title: "계산기",
	Description: "Computes an arithmetic expression exactly. Use it for every calculation instead of computing yourself. Understands + - * / % ^, brackets, sqrt, round, min, max, avg, percentages and Korean numbers such as 1억 5천만.",
	Parameters:  json.RawMessage(`{"type":"object","properties":{"expression":{"type":"string","description":"for example 1234*56+7"}},"required":["expression"]}`),
	Call: func(_ context.Context, a json.RawMessage) (string, error) {
		in, err := read[struct {
			Expression string `json:"expression"`
		}](a)
		if err != nil {
			return "", err
		}
		v, err := calc.Eval(in.Expression)
		if err != nil {
			return "", err
		}
		return in.Expression + " = " + calc.Text(v), nil
	},
}

type clock struct {
	now  func() time.Time
	zone *time.Location
}

var weekdays = [...]string{"일요일", "월요일", "화요일", "수요일", "목요일", "금요일", "토요일"}

func korean(d time.Time) string {
	return fmt.Sprintf("%d년 %d월 %d일 %s", d.Year(), d.Month(), d.Day(), weekdays[d.Weekday()])
}

func (c clock) day() time.Time { return calendar.Date(c.now().In(c.zone).Date()) }

func (c clock) today() Skill {
	return Skill{
		Name: "today", Title: "오늘 날짜와 시각",
		Description: "Tells today's date, weekday, time and lunar date. Call it whenever the question depends on the current date or time.",
		Parameters:  json.RawMessage(`{"type":"object","properties":{}}`),
		Call: func(context.Context, json.RawMessage) (string, error) {
			t := c.now().In(c.zone)
			out := korean(t) + t.Format(" 15시 04분")
			if l, err := calendar.ToLunar(t); err == nil {
				out += " (" + l.String() + ")"
			}
			return out, nil
		},
	}
}

// parseDay reads 2026-11-24, or nothing for today.
func (c clock) parseDay(s, name string) (time.Time, error) {
	if s = strings.TrimSpace(s); s == "" || s == "today" || s == "오늘" {
		return c.day(), nil
	}
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return d, fmt.Errorf("%s %q is not a date: write it as 2026-11-24", name, s)
	}
	return d, nil
}

// maxDays bounds how far dates are moved.
const maxDays = 400_000

func (c clock) dates() Skill {
	return Skill{
		Name: "date", Title: "날짜 계산",
		Description: "Computes with dates: the date some days, weeks, months or years after (or, negative, before) a date, and the number of days between two dates. Dates are written as 2026-11-24; leave date out for today.",
		Parameters: json.RawMessage(`{"type":"object","properties":{"date":{"type":"string","description":"start, empty for today"},"to":{"type":"string","description":"end, to count the days between"},
"days":{"type":"integer"},"weeks":{"type":"integer"},"months":{"type":"integer"},"years":{"type":"integer"}}}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct {
				Date, To                   string
				Days, Weeks, Months, Years int
			}](a)
			if err != nil {
				return "", err
			}
			from, err := c.parseDay(in.Date, "date")
			if err != nil {
				return "", err
			}
			if in.To != "" {
				to, err := c.parseDay(in.To, "to")
				if err != nil {
					return "", err
				}
				n := int(to.Sub(from).Hours() / 24)
				return fmt.Sprintf("%s부터 %s까지 %d일 (%d주 %d일)", korean(from), korean(to), n, n/7, n%7), nil
			}
			for _, n := range []int{in.Days, in.Weeks, in.Months, in.Years} {
				if n > maxDays || n < -maxDays {
					return "", fmt.Errorf("that is too far away: at most %d", maxDays)
				}
			}
			d := later(from, in.Years*12+in.Months).AddDate(0, 0, in.Days+7*in.Weeks)
			return korean(from) + " → " + korean(d), nil
		},
	}
}

// later moves a date by months; a day that the month lacks becomes its last.
func later(d time.Time, months int) time.Time {
	first := calendar.Date(d.Year(), d.Month(), 1).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d.Day(), last)-1)
}

func (c clock) holidays() Skill {
	return Skill{
		Name: "holidays", Title: "공휴일",
		Description: "Lists South Korea's public holidays of a year or of one month, with substitute holidays. Call it for questions about 공휴일, 연휴, 설날, 추석 and working days.",
		Parameters:  json.RawMessage(`{"type":"object","properties":{"year":{"type":"integer"},"month":{"type":"integer","description":"1 to 12, leave out for the whole year"}}}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct{ Year, Month int }](a)
			if err != nil {
				return "", err
			}
			if in.Year == 0 {
				in.Year = c.day().Year()
			}
			list, err := calendar.Holidays(in.Year)
			if err != nil {
				return "", err
			}
			var b strings.Builder
			for _, h := range list {
				if in.Month == 0 || int(h.Day.Month()) == in.Month {
					fmt.Fprintf(&b, "%s: %s\n", korean(h.Day), h.Name)
				}
			}
			if b.Len() == 0 {
				return "공휴일이 없습니다.", nil
			}
			return b.String() + "(아직 정해지지 않은 선거일과 임시공휴일은 빠져 있을 수 있습니다.)", nil
		},
	}
}

var lunarSkill = Skill{
	Name: "lunar", Title: "음력·양력 변환",
	Description: "Converts between the Korean lunar calendar (음력) and the solar calendar (양력), for the years 1900 to 2049.",
	Parameters:  json.RawMessage(`{"type":"object","properties":{"date":{"type":"string","description":"2026-01-01"},"from":{"type":"string","enum":["lunar","solar"],"description":"what the date is"},"leap":{"type":"boolean","description":"a lunar date in a leap month (윤달)"}},"required":["date","from"]}`),
	Call: func(_ context.Context, a json.RawMessage) (string, error) {
		in, err := read[struct {
			Date, From string
			Leap       bool
		}](a)
		if err != nil {
			return "", err
		}
		if in.From == "lunar" {
			var l calendar.Lunar
			if n, err := fmt.Sscanf(in.Date, "%d-%d-%d", &l.Year, &l.Month, &l.Day); n != 3 || err != nil {
				return "", fmt.Errorf("date %q is not a date: write it as 2026-01-01", in.Date)
			}
			l.Leap = in.Leap
			d, err := calendar.ToSolar(l)
			if err != nil {
				return "", err
			}
			return l.String() + " = 양력 " + korean(d), nil
		}
		d, err := time.Parse(time.DateOnly, in.Date)
		if err != nil {
			return "", fmt.Errorf("date %q is not a date: write it as 2026-01-01", in.Date)
		}
		l, err := calendar.ToLunar(d)
		if err != nil {
			return "", err
		}
		return "양력 " + korean(d) + " = " + l.String(), nil
	},
}
