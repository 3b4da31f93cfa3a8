package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"

	"malmoi/internal/catalog"
	"malmoi/internal/catalog/pull"
	"malmoi/internal/catalog/source"
	"malmoi/internal/catalog/store"
)

// pullCmd brings models onto this machine.
type pullCmd struct {
	Models []string `arg:"" optional:"" name:"model" help:"Catalogue name, hf:owner/repo[@revision][:file or quantisation], or an https address with --sha256; without any, the default model."`
	Accept bool     `name:"accept-licence" help:"Accept a licence that asks for consent."`
	From   string   `help:"Use only sources of this kind: hub, index or url." enum:",hub,index,url" default:"" placeholder:"KIND"`
	Name   string   `help:"Call the model this (hf: and addresses)." placeholder:"NAME"`
	SHA256 string   `name:"sha256" help:"Hash of the file at an address." placeholder:"HEX"`
}

func (c *pullCmd) Run(ctx context.Context, env *Env, g *globals) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	s, table, err := openStore(g)
	if err != nil {
		return err
	}
	if len(c.Models) == 0 {
		c.Models = []string{table.Default}
	}
	if (c.Name != "" || c.SHA256 != "") && len(c.Models) > 1 {
		return withHint(errors.New("--name and --sha256 go with one model"), "pull the models one by one")
	}
	p, bar := newPuller(env, s, table, c.Accept)
	for _, model := range c.Models {
		m, err := c.one(ctx, p, table, model)
		bar.finish()
		if err != nil {
			return explain(err)
		}
		fmt.Fprintf(env.Stdout, "%s is ready: %s, %s, from %s\n", m.Name, size(m.Size()), m.Licence.Name, m.Source)
	}
	return nil
}

// one pulls what a single argument names.
func (c *pullCmd) one(ctx context.Context, p *pull.Puller, table *catalog.Catalogue, model string) (store.Manifest, error) {
	ref, isRef, err := source.ParseRef(model)
	if err != nil {
		return store.Manifest{}, err
	}
	if isRef {
		return p.PullRef(ctx, ref, c.Name)
	}
	if u, err := url.Parse(model); err == nil && (u.Scheme == "https" || u.Scheme == "http") {
		if c.SHA256 == "" {
			return store.Manifest{}, withHint(errors.New("an address needs the hash of its file"), "add --sha256 HEX, which the publisher states")
		}
		return p.PullAddress(ctx, model, strings.ToLower(c.SHA256), c.Name)
	}
	e, ok := table.Find(model)
	if !ok {
		return store.Manifest{}, unknown(table, model)
	}
	if c.From != "" {
		var kept []catalog.Source
		for _, s := range e.Sources {
			if s.Kind == c.From {
				kept = append(kept, s)
			}
		}
		if len(kept) == 0 {
			return store.Manifest{}, fmt.Errorf("model %q: the catalogue knows no source of kind %q", e.Name, c.From)
		}
		e.Sources = kept
	}
	return p.Pull(ctx, e)
}

// unknown is the error for a name that the catalogue does not list.
func unknown(table *catalog.Catalogue, name string) error {
	err := fmt.Errorf("the catalogue does not know %q", name)
	if _, statErr := os.Stat(name); statErr == nil {
		return withHint(err, "it is a path: 'malmoi import %s' takes it in, and --model takes it as it is", name)
	}
	if near := table.Near(name); near != "" {
		return withHint(err, "did you mean %q? 'malmoi list --all' shows all names", near)
	}
	return withHint(err, "'malmoi list --all' shows all names; hf:owner/repo pulls any model of the hub")
}
