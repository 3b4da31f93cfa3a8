// Package money converts amounts between currencies by a dated table of
// reference rates. It reaches no network and so never knows what a currency is
// worth today: every rate carries its date and its source, and whoever shows a
// result must show them too. An administrator may put a newer table in place of
// the one that comes with the program.
//
// Reference is the program's table, Parse reads another, Open follows a file.
// Arithmetic is exact; only Text rounds. A Table does not change and is safe
// for concurrent use.
package money

import (
	_ "embed"
	"fmt"
	"math/big"
	"strings"
	"time"
	"unicode"
)

// Won is the code of the currency that all rates are in.
const Won = "KRW"

// Currency is one row of a table.
type Currency struct {
	Code   string    // ISO 4217
	Units  int64     // that are quoted: 1 or 100, as banks do
	Rate   *big.Rat  // won for so many units
	Names  []string  // Korean first, then English, then others
	Date   time.Time // of the rate; zero for the won
	Source string    // of the rate; "" for the won
}

// Table is a list of currencies, the won first.
type Table struct {
	list  []Currency
	names map[string]int // key -> place in list
}

//go:embed rates.tsv
var reference string

// Reference is the table that comes with the program.
func Reference() *Table {
	t, err := Parse(reference)
	if err != nil {
		panic(err) // the program's own file: a test reads it
	}
	return t
}

// List is all currencies, the won first.
func (t *Table) List() []Currency { return t.list }

// Newest is the date of the newest rate.
func (t *Table) Newest() time.Time {
	var newest time.Time
	for _, c := range t.list {
		if c.Date.After(newest) {
			newest = c.Date
		}
	}
	return newest
}

// Find returns a currency by its code or one of its names.
func (t *Table) Find(name string) (Currency, error) {
	i, ok := t.names[key(name)]
	if !ok {
		return Currency{}, fmt.Errorf("there is no rate for the currency %q: write its ISO code, for example USD, JPY, EUR, CNY, KRW", cut(name))
	}
	return t.list[i], nil
}

// key makes names equal that people hold for the same.
func key(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' {
			return -1
		}
		return unicode.ToUpper(r)
	}, name)
}

// cut shows the beginning of what somebody wrote.
func cut(s string) string {
	const shown = 40
	if rs := []rune(s); len(rs) > shown {
		return string(rs[:shown]) + "…"
	}
	return s
}

// Convert turns an amount of one currency into another.
func Convert(amount *big.Rat, from, to Currency) *big.Rat {
	v := new(big.Rat).Mul(amount, from.one())
	return v.Quo(v, to.one())
}

// one is what one unit is worth in won.
func (c Currency) one() *big.Rat { return new(big.Rat).Quo(c.Rate, big.NewRat(c.Units, 1)) }

// maxAmount bounds amounts: more won than all the money there is.
var maxAmount = new(big.Rat).SetInt64(1_000_000_000_000_000_000)
