package money

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a table.
const (
	MaxFile   = 64 << 10 // bytes
	maxRows   = 300      // ISO 4217 has fewer
	maxNames  = 16       // of a currency
	maxName   = 60       // bytes
	maxSource = 200      // bytes
	maxDigits = 20       // of a rate
)

var (
	codePattern = regexp.MustCompile(`^[A-Z]{3}$`)
	ratePattern = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
)

// Parse reads a table: lines of fields parted by tabs. "date 2026-10-30" and
// "source TEXT" hold for the rows below them; a row is CODE UNITS WON NAMES,
// names parted by commas, Korean and English first. Empty lines and those that
// begin with # are left out. Nothing else is understood.
func Parse(text string) (*Table, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("money: %d bytes of rates, at most %d", len(text), MaxFile)
	}
	if !utf8.ValidString(text) {
		return nil, errors.New("money: the rates are not UTF-8; save the file as UTF-8")
	}
	won := Currency{Code: Won, Units: 1, Rate: big.NewRat(1, 1), Names: []string{"대한민국 원", "South Korean won", "한국 원", "원", "원화", "won", "₩"}}
	p := &reader{t: &Table{names: map[string]int{}}}
	if err := p.add(won); err != nil {
		return nil, err
	}
	n := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		n++
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) == "" || line[0] == '#' {
			continue
		}
		if err := p.line(strings.Split(line, "\t")); err != nil {
			return nil, fmt.Errorf("money: line %d: %w", n, err)
		}
	}
	if len(p.t.list) == 1 {
		return nil, errors.New("money: there are no rates in the table")
	}
	return p.t, nil
}

// reader is a table in the making.
type reader struct {
	t      *Table
	date   time.Time
	source string
}

func (p *reader) line(fields []string) error {
	switch {
	case len(fields) == 2 && fields[0] == "date":
		date, err := time.Parse(time.DateOnly, fields[1])
		if err != nil || date.Year() < 1950 {
			return fmt.Errorf("date %q: want it as 2026-10-30", cut(fields[1]))
		}
		p.date = date
		return nil
	case len(fields) == 2 && fields[0] == "source":
		if err := plain("source", fields[1], maxSource); err != nil {
			return err
		}
		p.source = fields[1]
		return nil
	case len(fields) != 4:
		return fmt.Errorf("%d fields parted by tabs: want 'date', 'source', or CODE UNITS WON NAMES", len(fields))
	case p.date.IsZero() || p.source == "":
		return errors.New("a rate without a date and a source above it: write them first")
	case len(p.t.list) > maxRows:
		return fmt.Errorf("more than %d rates", maxRows)
	}
	c, err := row(fields)
	if err != nil {
		return err
	}
	c.Date, c.Source = p.date, p.source
	return p.add(c)
}

// row reads CODE UNITS WON NAMES.
func row(fields []string) (Currency, error) {
	c := Currency{Code: fields[0]}
	if !codePattern.MatchString(c.Code) {
		return c, fmt.Errorf("code %q: want three capital letters of ISO 4217", cut(c.Code))
	}
	var err error
	if c.Units, err = strconv.ParseInt(fields[1], 10, 32); err != nil || !slices.Contains([]int64{1, 10, 100, 1000}, c.Units) {
		return c, fmt.Errorf("%s: units %q: want 1, 10, 100 or 1000", c.Code, cut(fields[1]))
	}
	if len(fields[2]) > maxDigits || !ratePattern.MatchString(fields[2]) {
		return c, fmt.Errorf("%s: rate %q: want a number such as 1335.27, of at most %d digits, without groups", c.Code, cut(fields[2]), maxDigits)
	}
	c.Rate, _ = new(big.Rat).SetString(fields[2])
	if c.Rate.Sign() == 0 {
		return c, fmt.Errorf("%s: the rate is 0", c.Code)
	}
	c.Names = strings.Split(fields[3], ",")
	if len(c.Names) < 2 || len(c.Names) > maxNames {
		return c, fmt.Errorf("%s: %d names: want 2 to %d, Korean and English first", c.Code, len(c.Names), maxNames)
	}
	for _, n := range c.Names {
		if err := plain(c.Code+": name", n, maxName); err != nil {
			return c, err
		}
		if strings.IndexFunc(n, unicode.IsDigit) >= 0 {
			return c, fmt.Errorf("%s: name %q has digits: it could not be told from an amount", c.Code, n)
		}
	}
	return c, nil
}

// plain refuses what a model or a terminal would take for more than a name.
func plain(what, s string, limit int) error {
	if s == "" || strings.TrimSpace(s) != s || len(s) > limit || key(s) == "" {
		return fmt.Errorf("%s %q: want 1 to %d bytes without spaces around them", what, cut(s), limit)
	}
	if strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return fmt.Errorf("%s %q has characters that cannot be seen", what, cut(s))
	}
	return nil
}

func (p *reader) add(c Currency) error {
	for _, n := range append([]string{c.Code}, c.Names...) {
		if other, taken := p.t.names[key(n)]; taken && other < len(p.t.list) {
			return fmt.Errorf("%s: the name %q is %s's already", c.Code, n, p.t.list[other].Code)
		}
		p.t.names[key(n)] = len(p.t.list)
	}
	p.t.list = append(p.t.list, c)
	return nil
}
