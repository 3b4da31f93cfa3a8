package skill

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/money"
)

// oldRates is the age from which an answer says how old its rates are.
const oldRates = 7 * 24 * time.Hour

// moneySkill converts currencies by the table that rates returns.
func (c clock) moneySkill(rates func() *money.Table) Skill {
	return Skill{
		Name: "convert_money", Title: "환율 계산",
		Description: "Converts an amount of money between currencies (원, 달러, 엔, 유로, 위안 and others) by dated reference rates. Use it whenever money of one country is asked for in that of another. Tell the user the date of the rate that the result names: it is not today's.",
		Parameters:  json.RawMessage(`{"type":"object","properties":{"amount":{"type":"string","description":"the number copied from the question with its 만 and 억, without the currency"},"from":{"type":"string","description":"currency of the amount: 원 is KRW, 달러 USD, 엔 JPY, 유로 EUR, 위안 CNY, 동 VND"},"to":{"type":"string","description":"currency that is asked for"}},"required":["amount","from","to"]}`),
		Call: func(_ context.Context, a json.RawMessage) (string, error) {
			in, err := read[struct {
				Amount   json.RawMessage `json:"amount"`
				From, To string
			}](a)
			if err != nil {
				return "", err
			}
			return c.convertMoney(rates(), in.Amount, in.From, in.To)
		},
	}
}

func (c clock) convertMoney(t *money.Table, amount json.RawMessage, from, to string) (string, error) {
	text := string(amount) // a number
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(amount, &text); err != nil {
			return "", err
		}
	}
	v, with, err := t.Amount(text)
	if err != nil {
		return "", fmt.Errorf("amount %.60s: %w", text, err)
	}
	if from == "" && with != nil {
		from = with.Code
	}
	if from == "" { // whoever leaves out a currency means the won
		from = money.Won
	}
	if to == "" {
		to = money.Won
	}
	a, err := t.Find(from)
	if err != nil {
		return "", err
	}
	b, err := t.Find(to)
	if err != nil {
		return "", err
	}
	if a.Code == b.Code {
		return "", fmt.Errorf("from and to are both %s: which currency is wanted?", a.Code)
	}
	if with != nil && with.Code != a.Code {
		return "", fmt.Errorf("the amount is in %s, but from says %s", with.Code, a.Code)
	}
	out := fmt.Sprintf("%s %s(%s) = %s %s(%s)\n", calc.Text(v), a.Code, a.Names[0], money.Text(money.Convert(v, a, b), b), b.Code, b.Names[0])
	return out + c.rateNote(a, b), nil
}

// rateNote says by which rates of which day, and that they are not today's.
func (c clock) rateNote(used ...money.Currency) string {
	var lines []string
	for _, x := range used {
		if x.Code == money.Won {
			continue
		}
		line := fmt.Sprintf("%d %s = %s원: %s 기준 참고 환율(%s)", x.Units, x.Code, calc.Text(x.Rate), x.Date.Format(time.DateOnly), x.Source)
		if age := c.day().Sub(x.Date); age >= oldRates {
			line += fmt.Sprintf(", %d일 전 값", int(age.Hours()/24))
		}
		lines = append(lines, line)
	}
	return strings.Join(append(lines, "참고용이며 오늘의 실제 환율과 다릅니다."), "\n")
}
