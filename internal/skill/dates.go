package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"time"

	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/calendar"
)

// maxDays bounds how far dates are moved, in any unit.
const maxDays = 400_000

// dateSkill moves a date. One number with its unit and its direction, each in
// an argument of its own: with an argument for each unit small models put the
// number into the wrong one.
func (c clock) dateSkill() Skill {
	return Skill{
		Name: "date", Title: "날짜 계산",
		Description: "Tells the date and weekday that is some days, weeks, months or years after (뒤, 후) or before (전) a date. \"100일 뒤\" is amount 100, unit days, direction after. \"3주 전\" is amount 3, unit weeks, direction before.",
		Parameters: json.RawMessage(`{"type":"object","properties":{"amount":{"type":"integer","description":"how many units"},"unit":{"type":"string","enum":["days","weeks","months","years"]},
"direction":{"type":"string","enum":["after","before"]},"date":{"type":"string","description":"date to start from as 2026-11-24, leave out for today"}},"required":["amount","unit","direction"]}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct {
				Amount                json.RawMessage
				Unit, Direction, Date string
			}](a)
			if err != nil {
				return "", err
			}
			from, err := c.parseDay(in.Date, "date")
			if err != nil {
				return "", err
			}
			n, err := wholeNumber(in.Amount)
			if err != nil {
				return "", err
			}
			switch strings.ToLower(strings.TrimSpace(in.Direction)) {
			case "after", "", "later", "뒤", "후":
			case "before", "ago", "전":
				n = -n
			default:
				return "", fmt.Errorf("direction %.40q: want after or before", in.Direction)
			}
			to, err := move(from, n, in.Unit)
			if err != nil {
				return "", err
			}
			return korean(from) + " → " + korean(to), nil
		},
	}
}

// wholeNumber reads 100 and "100".
func wholeNumber(text json.RawMessage) (int, error) {
	s := strings.Trim(string(text), `"`)
	if s == "" || len(s) > 40 {
		return 0, fmt.Errorf("amount is needed: how many days, weeks, months or years")
	}
	v, err := calc.Eval(s)
	if err != nil || !v.IsInt() {
		return 0, fmt.Errorf("amount %s is not a whole number", s)
	}
	if new(big.Rat).Abs(v).Cmp(big.NewRat(maxDays, 1)) > 0 {
		return 0, fmt.Errorf("that is too far away: at most %d", maxDays)
	}
	return int(v.Num().Int64()), nil
}

func move(d time.Time, n int, unit string) (time.Time, error) {
	switch strings.ToLower(strings.TrimSpace(unit)) {
	case "days", "day", "일":
		return d.AddDate(0, 0, n), nil
	case "weeks", "week", "주":
		return d.AddDate(0, 0, 7*n), nil
	case "months", "month", "개월", "달":
		return later(d, n), nil
	case "years", "year", "년":
		return later(d, 12*n), nil
	}
	return d, fmt.Errorf("unit %.40q: want days, weeks, months or years", unit)
}

// later moves a date by months; a day that the month lacks becomes its last.
func later(d time.Time, months int) time.Time {
	first := calendar.Date(d.Year(), d.Month(), 1).AddDate(0, months, 0)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(d.Day(), last)-1)
}

// betweenSkill counts days.
func (c clock) betweenSkill() Skill {
	return Skill{
		Name: "days_between", Title: "날짜 사이 일수",
		Description: "Counts the days from one date to another: D-day, days left until a date (며칠 남았어), days since a date (며칠 지났어).",
		Parameters:  json.RawMessage(`{"type":"object","properties":{"from":{"type":"string","description":"first date as 2026-11-24, leave out for today"},"to":{"type":"string","description":"second date as 2026-12-25, leave out for today"}}}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct{ From, To string }](a)
			if err != nil {
				return "", err
			}
			if strings.TrimSpace(in.From+in.To) == "" {
				return "", fmt.Errorf("from or to is needed, as 2026-12-25")
			}
			from, err := c.parseDay(in.From, "from")
			if err != nil {
				return "", err
			}
			to, err := c.parseDay(in.To, "to")
			if err != nil {
				return "", err
			}
			n := int((to.Unix() - from.Unix()) / 86400)
			return fmt.Sprintf("%s부터 %s까지 %d일 (%d주 %d일)", korean(from), korean(to), n, n/7, n%7), nil
		},
	}
}

// dayForms are how models write dates.
var dayForms = []string{time.DateOnly, "2006-1-2", "2006.1.2", "2006. 1. 2", "2006/1/2", "20060102", "2006년 1월 2일", time.RFC3339}

// parseDay reads 2026-11-24 and the like, or nothing for today.
func (c clock) parseDay(s, name string) (time.Time, error) {
	switch s = strings.TrimSuffix(strings.TrimSpace(s), "."); s {
	case "", "today", "now", "오늘", "지금":
		return c.day(), nil
	}
	for _, form := range dayForms {
		if d, err := time.Parse(form, s); err == nil {
			return calendar.Date(d.Date()), nil
		}
	}
	return time.Time{}, fmt.Errorf("%s %.40q is not a date: write it as 2026-11-24", name, s)
}
