package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// verifyCmd reads every byte of installed models and compares the hashes.
type verifyCmd struct {
	Names []string `arg:"" optional:"" name:"name" help:"Installed models; all without any."`
}

func (c *verifyCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s, table, err := openStore(g)
	if err != nil {
		return err
	}
	list, bad := installed(s, table), []error{}
	if len(c.Names) > 0 {
		list = nil
		for _, name := range c.Names {
			m, err := s.Manifest(strings.ToLower(name))
			if err != nil {
				return explain(err)
			}
			list = append(list, m)
		}
	} else {
		_, bad = s.List()
	}
	bar := newProgress(env)
	for _, m := range list {
		if err := verifyOne(ctx, s, m, bar); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			fmt.Fprintf(env.Stdout, "%s is damaged\n", m.Name)
			bad = append(bad, withHint(err, "'malmoi rm %s' and 'malmoi pull %s' replace it", m.Name, m.Name))
			continue
		}
		fmt.Fprintf(env.Stdout, "%s is whole\n", m.Name)
	}
	return errors.Join(bad...)
}

func verifyOne(ctx context.Context, s *store.Store, m store.Manifest, bar *progress) error {
	defer bar.finish()
	var done int64
	return s.Verify(ctx, m, func(n int) {
		done += int64(n)
		if bar.live {
			bar.event(source.Event{File: m.Name, Done: done, Total: m.Size()})
		}
	})
}
