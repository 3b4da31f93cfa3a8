package money

import (
	"errors"
	"math/big"
	"strings"
	"unicode/utf8"

	"malmoi/internal/skill/calc"
)

// maxText bounds an amount as it is written, in bytes.
const maxText = 200

// Amount reads what people write for an amount: 3만원, $1,250.50, 1억 5천만,
// 천만 원. The currency that stands with it is returned too, nil if there is
// none.
func (t *Table) Amount(text string) (*big.Rat, *Currency, error) {
	if len(text) > maxText {
		return nil, nil, errors.New("the amount is too long to be a number")
	}
	text, c := t.part(text)
	if r, _ := utf8.DecodeRuneInString(text); strings.ContainsRune("십백천만억조", r) {
		text = "1" + text // 천만 is 1천만
	}
	v, err := calc.Eval(text)
	if err != nil {
		return nil, nil, err
	}
	if new(big.Rat).Abs(v).Cmp(maxAmount) > 0 {
		return nil, nil, errors.New("the amount is too large to be one of money: at most 100경")
	}
	return v, c, nil
}

// part takes the longest name of a currency off the end of an amount, or off
// its beginning. Spaces do not count: 100미국달러 is 100 미국 달러.
func (t *Table) part(text string) (string, *Currency) {
	text = squeeze(text)
	best, rest := -1, text
	try := func(name, without string, found bool) {
		if found && without != "" && (best < 0 || len(without) < len(rest)) {
			best, rest = t.names[key(name)], without
		}
	}
	for _, c := range t.list {
		for _, name := range append([]string{c.Code}, c.Names...) {
			n := squeeze(name)
			without, found := strings.CutSuffix(text, n)
			try(name, without, found)
			without, found = strings.CutPrefix(text, n)
			try(name, without, found)
		}
	}
	if best < 0 {
		return text, nil
	}
	return rest, &t.list[best]
}

func squeeze(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// Text writes an amount as people read it: won without decimals, others with
// two. An amount below one unit that this would change shows three digits, or
// 1동 would be 0원.
func Text(v *big.Rat, c Currency) string {
	places := 2
	if c.Code == Won {
		places = 0
	}
	shown := v.FloatString(places)
	if r, _ := new(big.Rat).SetString(shown); r.Cmp(v) != 0 && new(big.Rat).Abs(v).Cmp(big.NewRat(1, 1)) < 0 {
		const most = 15
		_, decimals, _ := strings.Cut(v.FloatString(most), ".")
		zeros := len(decimals) - len(strings.TrimLeft(decimals, "0"))
		shown = v.FloatString(min(zeros+3, most))
	}
	return calc.Group(shown)
}
