package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"malmoi/internal/app"
	"malmoi/internal/converse"
	"malmoi/internal/httpapi"
	"malmoi/internal/llm"
	"malmoi/internal/store"
	"malmoi/internal/upstream"
	"malmoi/internal/webui"
)

// siteFlags say where a site's data lie and who may come in.
type siteFlags struct {
	dataFlags
	Accounts   bool     `help:"Everybody signs in. This is so by itself once the database has an account."`
	SingleUser bool     `name:"single-user" help:"Personal mode: whoever reaches the server is its one user."`
	SignIn     string   `name:"sign-in" help:"JSON file of identity providers (OpenID Connect, LDAP) that people may sign in with; see docs/guide/sign-in.md." placeholder:"FILE"`
	Words      string   `name:"filter-words" help:"File of an office's own words for the text filter, one pattern a line as docs/safety.md says." placeholder:"FILE"`
	Proxies    []string `name:"trusted-proxy" help:"Address or network of a proxy that may say for whom it speaks (X-Forwarded-For, X-Forwarded-Proto)." placeholder:"ADDRESS"`
}

// parts are what a site answers with.
type parts struct {
	pool   *llm.Pool
	others *upstream.Set     // nil: there are none
	names  map[string]string // further names of local models
	tools  converse.Skills
}

// site puts the site together on a database.
func (c *serveCmd) site(ctx context.Context, env *Env, g *globals, log *slog.Logger, p parts) (*app.Site, error) {
	mode, err := c.mode()
	if err != nil {
		return nil, err
	}
	proxies, err := networks(c.Proxies)
	if err != nil {
		return nil, err
	}
	database, err := c.database(g)
	if err != nil {
		return nil, err
	}
	files, err := c.blobs(ctx, g)
	if err != nil {
		return nil, err
	}
	filter, err := textFilter(c.Words)
	if err != nil {
		return nil, err
	}
	config := app.Config{
		Filter: filter,
		Skills: p.tools, ModelNames: p.names, Pool: p.pool, Upstreams: p.others,
		Listen: c.Listen, Database: database, Blobs: app.Files(files), Mode: mode,
		MaxConcurrent: c.Requests, APIKeys: c.APIKeys, Hosts: c.Hosts, Origins: c.Origins, Proxies: proxies,
		Version: Version, Page: webui.Handler(), Log: log, Now: env.Now, Pull: pullForClients(env, g),
	}
	if err := signIn(c.SignIn, env, &config); err != nil {
		return nil, err
	}
	site, err := app.Open(ctx, config, together(p.pool, p.others))
	return site, siteHint(err)
}

// siteHint adds the next step to the errors that people meet.
func siteHint(err error) error {
	switch {
	case errors.Is(err, store.ErrInUse):
		return withHint(err, "stop the other malmoi, or keep this one's data elsewhere with --database FILE; several processes share one site on postgres://…")
	case errors.Is(err, httpapi.ErrNeedsKey):
		return withHint(err, "leave out --listen, let people sign in with --accounts, or protect the server with --api-key")
	}
	return err
}

func (f *siteFlags) mode() (app.Mode, error) {
	switch {
	case f.Accounts && f.SingleUser:
		return 0, errors.New("--accounts and --single-user exclude each other")
	case f.Accounts:
		return app.Accounts, nil
	case f.SingleUser:
		return app.Single, nil
	}
	return app.Auto, nil
}

// networks reads addresses and CIDR networks.
func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		if a, err := netip.ParseAddr(text); err == nil {
			a = a.Unmap()
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, withHint(fmt.Errorf("trusted proxy %q: not an address or network", text), "write 127.0.0.1 or 10.1.0.0/16")
		}
		out = append(out, p.Masked())
	}
	return out, nil
}
