package cli

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/bundle"
	"malmoi/internal/catalog/store"
)

// bundleCmd carries models into a network that reaches nothing.
type bundleCmd struct {
	Create  bundleCreateCmd  `cmd:"" help:"Write installed models, their licences and this program into one file."`
	Install bundleInstallCmd `cmd:"" help:"Check such a file and install what it holds."`
}

type bundleCreateCmd struct {
	Names    []string `arg:"" name:"name" help:"Installed models."`
	Out      string   `short:"o" required:"" help:"File to write." placeholder:"FILE"`
	NoBinary bool     `name:"no-binary" help:"Leave the program out."`
}

func (c *bundleCreateCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s, _, err := openStore(g)
	if err != nil {
		return err
	}
	var models []store.Manifest
	for _, name := range c.Names {
		m, err := s.Manifest(strings.ToLower(name))
		if err != nil {
			return explain(err)
		}
		models = append(models, m)
	}
	bar := newProgress(env)
	defer bar.finish()
	o := bundle.Options{Now: env.Now(), Report: bar.event, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if !c.NoBinary {
		if o.Binary, err = os.Executable(); err != nil {
			return err
		}
	}
	if err := bundle.Create(ctx, s, models, c.Out, o); err != nil {
		return explain(err)
	}
	bar.finish()
	info, err := os.Stat(c.Out)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "%s is ready: %s\n", c.Out, size(info.Size()))
	if o.Binary != "" {
		fmt.Fprintf(env.Stdout, "on the other side: tar -xf %s bin/malmoi && bin/malmoi bundle install %s\n", c.Out, c.Out)
	}
	return nil
}

type bundleInstallCmd struct {
	File   string `arg:"" help:"Bundle."`
	Accept bool   `name:"accept-licence" help:"Accept licences that ask for consent."`
	Bin    string `help:"Put the program into this folder, too." placeholder:"DIR"`
}

func (c *bundleInstallCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s, _, err := openStore(g)
	if err != nil {
		return err
	}
	bar := newProgress(env)
	defer bar.finish()
	in := &bundle.Installer{
		Store: s, Now: env.Now, Report: bar.event, BinDir: c.Bin,
		Agree: func(title string, l catalog.Licence) error { return agree(env, title, l, c.Accept) },
	}
	x, err := in.Install(ctx, c.File)
	bar.finish()
	if err != nil {
		return explain(err)
	}
	for _, m := range x.Models {
		fmt.Fprintf(env.Stdout, "%s is ready: %s, %s\n", m.Name, size(m.Size()), m.Licence.Name)
	}
	return nil
}
