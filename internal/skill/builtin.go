package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/calendar"
	"malmoi/internal/skill/money"
)

// Builtin are the skills that need nothing but this machine. now is the clock,
// zone where the users are, rates the table of currencies; nil: the one that
// comes with the program.
func Builtin(now func() time.Time, zone *time.Location, rates func() *money.Table) Set {
	c := clock{now, zone}
	if rates == nil {
		own := money.Reference()
		rates = func() *money.Table { return own }
	}
	return Set{calculator, c.today(), c.dateSkill(), c.holidays(), lunarSkill, unitSkill, c.moneySkill(rates)}
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
