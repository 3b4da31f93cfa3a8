package cli

import (
	"context"
	"fmt"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/pull"
	"malmoi/internal/catalog/source"
	"malmoi/internal/httpapi"
)

// pullForClients fetches models of the catalogue for clients of the server, as
// Ollama's do. A licence that asks for consent is nothing a program can agree
// to: the person at the terminal must.
func pullForClients(env *Env, g *globals) httpapi.Puller {
	return func(ctx context.Context, name string, progress func(done, total int64)) error {
		s, table, err := openStore(g)
		if err != nil {
			return err
		}
		e, known := table.Find(name)
		if !known {
			return fmt.Errorf("the catalogue does not know %q", name)
		}
		p, _ := newPuller(env, s, table, false)
		report := func(v source.Event) {
			if v.Total > 0 {
				progress(v.Done, v.Total)
			}
		}
		p.Report, p.Hub.Report, p.Index.Report = report, report, report
		p.Agree = func(title string, l catalog.Licence) error {
			return fmt.Errorf("%s has a licence that asks for consent (%s): run 'malmoi pull %s' where the server runs: %w", title, l.Name, name, pull.ErrRefused)
		}
		_, err = p.Pull(ctx, e)
		return err
	}
}
