package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"malmoi/internal/catalog/store"
)

// listCmd lists what is installed, or all the catalogue offers.
type listCmd struct {
	All  bool `help:"List the catalogue, too."`
	JSON bool `name:"json" help:"Print one JSON array."`
}

func (c *listCmd) Run(env *Env, g *globals) error {
	s, table, err := openStore(g)
	if err != nil {
		return err
	}
	rows := []shown{}
	here := map[string]store.Manifest{}
	for _, m := range installed(s, table) {
		here[m.Name] = m
		if !c.All || table.Rank(m.Name) == len(table.Entries) {
			rows = append(rows, showInstalled(s, m))
		}
	}
	if c.All {
		for _, e := range table.Entries {
			if m, ok := here[e.Name]; ok {
				rows = append(rows, showInstalled(s, m))
			} else {
				rows = append(rows, showEntry(e))
			}
		}
	}
	if _, bad := s.List(); len(bad) > 0 {
		for _, err := range bad {
			fmt.Fprintln(env.Stderr, "malmoi: passed over:", err)
		}
	}
	if c.JSON {
		return newPrinter(env.Stdout).line(rows)
	}
	if len(rows) == 0 {
		fmt.Fprintln(env.Stdout, "no model is installed; 'malmoi pull' fetches the default one, 'malmoi list --all' shows the catalogue")
		return nil
	}
	w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSIZE\tFOR\tLANGUAGES\tLICENCE\tINSTALLED")
	for _, v := range rows {
		mark := "-"
		if m, ok := here[v.Name]; ok {
			mark = day(m.Installed)
		}
		licence := v.Licence
		if v.Consent {
			licence += " (consent)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Name, size(v.Bytes), v.Role, strings.Join(v.Languages, " "), licence, mark)
	}
	return w.Flush()
}
