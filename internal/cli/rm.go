package cli

import (
	"errors"
	"fmt"
	"strings"
)

// rmCmd uninstalls models and removes the files nothing names any more.
type rmCmd struct {
	Names   []string `arg:"" optional:"" name:"name" help:"Installed models."`
	Partial bool     `help:"Remove what interrupted downloads left."`
}

func (c *rmCmd) Run(env *Env, g *globals) error {
	if len(c.Names) == 0 && !c.Partial {
		return withHint(errors.New("nothing to remove"), "name a model, or use --partial")
	}
	s, _, err := openStore(g)
	if err != nil {
		return err
	}
	lock, err := s.Lock()
	if err != nil {
		return explain(err)
	}
	defer lock.Unlock()
	for _, name := range c.Names {
		freed, err := s.Remove(strings.ToLower(name))
		if err != nil {
			return explain(err)
		}
		fmt.Fprintf(env.Stdout, "%s is removed, %s given back\n", name, size(freed))
	}
	if c.Partial {
		freed, err := s.ClearPartial()
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "unfinished downloads are removed, %s given back\n", size(freed))
	}
	return nil
}
