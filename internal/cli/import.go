package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// importCmd registers a model that is on this machine already.
type importCmd struct {
	Path string `arg:"" help:"GGUF file, or folder with safetensors, config.json and tokenizer.json."`
	Name string `help:"Call the model this (default: from the file's name)." placeholder:"NAME"`
	Copy bool   `help:"Copy the files into the data folder instead of using them in place."`
}

func (c *importCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s, table, err := openStore(g)
	if err != nil {
		return err
	}
	p, bar := newPuller(env, s, table, false)
	m, err := p.Import(ctx, c.Path, c.Name, c.Copy)
	bar.finish()
	if err != nil {
		return explain(err)
	}
	how := "used in place"
	if c.Copy {
		how = "copied"
	}
	fmt.Fprintf(env.Stdout, "%s is ready: %s, %s\n", m.Name, size(m.Size()), how)
	return nil
}
