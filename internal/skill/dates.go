package skill

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/calendar"
)

// maxDays bounds how far dates are moved, in any unit.
const maxDays = 400_000

// dateSkill moves a date, or counts the days between two. How far stands in one
// number with its unit and its direction: with an argument for each unit small
// models put the number into the wrong one. Counting has no skill of its own:
// with two to choose from they take the wrong one for "오늘부터 100일 뒤는
// 며칠이야". And date stands last: where it came first they made one up.
func (c clock) dateSkill() Skill {
	return Skill{
		Name: "date", Title: "날짜 계산",
		Description: "Computes with dates. Moves a date: amount, unit and direction say how far, after (뒤, 후) or before (전); 100일 뒤 is amount 100, unit days, direction after; 3주 전 is amount 3, unit weeks, direction before. Or counts the days between two dates (D-day, 며칠 남았어): then amount is 0. Leave a date out for today.",
		Parameters: json.RawMessage(`{"type":"object","properties":{"amount":{"type":"integer","description":"how far; 0 to count the days between two dates"},"unit":{"type":"string","enum":["days","weeks","months","years"]},
"direction":{"type":"string","enum":["after","before"]},"date":{"type":"string","description":"start as YYYY-MM-DD; leave out for today"},"to":{"type":"string","description":"other date as YYYY-MM-DD, to count the days between"}},"required":["amount","unit","direction"]}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct {
				Amount                    json.RawMessage
				Unit, Direction, Date, To string
			}](a)
			if err != nil {
				return "", err
			}
			n, err := wholeNumber(in.Amount)
			if err != nil {
				return "", err
			}
			from, err := c.parseDay(in.Date, "date")
			if err != nil {
				return "", err
			}
			if n == 0 {
				return c.count(from, in.To)
			}
			return c.moved(from, n, in.Unit, in.Direction)
		},
	}
}

func (c clock) moved(from time.Time, n int, unit, direction string) (string, error) {
	switch strings.ToLower(strings.TrimSpace(direction)) {
	case "after", "", "later", "뒤", "후":
	case "before", "ago", "전":
		n = -n
	default:
		return "", fmt.Errorf("direction %.40q: want after or before", direction)
	}
	to, err := move(from, n, unit)
	if err != nil {
		return "", err
	}
	return korean(from) + " → " + korean(to), nil
}

// wholeNumber reads 100 and "100"; nothing is 0.
func wholeNumber(text json.RawMessage) (int, error) {
	s := strings.Trim(string(text), `"`)
	if s == "" || s == "null" {
		return 0, nil
	}
	if len(s) > 40 {
		return 0, errors.New("amount is too long to be a number")
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

// count says how far two dates are apart, in whichever order they come: small
// models mix them up, or give the one they have twice and mean from today.
func (c clock) count(from time.Time, other string) (string, error) {
	to, err := c.parseDay(other, "to")
	if err != nil {
		return "", err
	}
	today := c.day()
	if from.Equal(to) {
		from = today
	}
	if from.Equal(to) {
		return "", errors.New("amount is 0 and both dates are today: say how far with amount, or give another date")
	}
	if to.Before(from) {
		from, to = to, from
	}
	n := int((to.Unix() - from.Unix()) / 86400)
	out := fmt.Sprintf("%s부터 %s까지 %d일 (%d주 %d일)", korean(from), korean(to), n, n/7, n%7)
	switch {
	case from.Equal(today):
		out += fmt.Sprintf(", 오늘부터 %d일 남았습니다", n)
	case to.Equal(today):
		out += fmt.Sprintf(", 오늘까지 %d일 지났습니다", n)
	}
	return out, nil
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
