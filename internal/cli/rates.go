package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"malmoi/internal/account"
	"malmoi/internal/skill/calc"
	"malmoi/internal/skill/money"
	"malmoi/internal/upstream/seal"
)

func ratesPath(g *globals) string { return filepath.Join(g.Data, "rates.tsv") }

const ratesHint = "the form of the file is in docs/guide/skills.md; 'malmoi skill rates FILE' checks one; without the file the program's own rates are used"

// openRates follows the administrator's table of exchange rates.
func openRates(env *Env, g *globals, log *slog.Logger) (*money.File, error) {
	f, err := money.Open(ratesPath(g), env.Now, log)
	return f, withHint(err, ratesHint)
}

// skillRatesCmd shows, checks and installs tables of exchange rates.
type skillRatesCmd struct {
	File  string `arg:"" optional:"" help:"Table to check and put into the data folder; without it, the rates in use are shown."`
	Reset bool   `help:"Take the table of the data folder away; the program's own is used again."`
}

func (c *skillRatesCmd) Run(env *Env, g *globals) error {
	switch {
	case c.Reset && c.File != "":
		return errors.New("--reset takes no file")
	case c.Reset:
		if err := os.Remove(ratesPath(g)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	case c.File != "":
		if err := c.install(env, g); err != nil {
			return err
		}
	}
	f, err := openRates(env, g, nil)
	if err != nil {
		return err
	}
	return showRates(env, f.Table())
}

// install checks a table and puts it in place in one step: a running server
// sees the old one or the new one.
func (c *skillRatesCmd) install(env *Env, g *globals) error {
	text, t, err := money.ReadFile(c.File)
	if err != nil {
		return withHint(err, ratesHint)
	}
	if t.Newest().After(env.Now().In(account.Seoul).AddDate(0, 0, 1)) {
		return fmt.Errorf("%s: rates of %s, which is still to come", c.File, t.Newest().Format(time.DateOnly))
	}
	if err := os.MkdirAll(g.Data, 0o700); err != nil {
		return err
	}
	return seal.Replace(ratesPath(g), text)
}

func showRates(env *Env, t *money.Table) error {
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	for _, c := range t.List() {
		if c.Code != money.Won {
			fmt.Fprintf(w, "%d %s\t%s KRW\t%s\t%s\n", c.Units, c.Code, calc.Text(c.Rate), c.Date.Format(time.DateOnly), c.Names[0])
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "%d currencies; reference rates, not today's\n", len(t.List())-1)
	return err
}
