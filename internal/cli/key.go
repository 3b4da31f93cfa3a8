package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"malmoi/internal/account"
)

// keyCmd manages API keys. A key acts as its user.
type keyCmd struct {
	Add  keyAddCmd  `cmd:"" help:"Make an API key and print it; it is shown only now."`
	List keyListCmd `cmd:"" help:"List a user's API keys."`
	Rm   keyRmCmd   `cmd:"" help:"Revoke an API key."`
}

type keyAddCmd struct {
	peopleFlags
	Login  string   `arg:"" help:"Whose key."`
	Name   string   `arg:"" help:"What it is for."`
	Scopes []string `name:"scope" help:"What it may be used for: models (the APIs under /v1), chats, admin." enum:"models,chats,admin" default:"models" placeholder:"SCOPE"`
	Days   int      `help:"After how many days it ends (default: never)." placeholder:"N"`
}

func (c *keyAddCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		u, err := p.find(ctx, c.Login)
		if err != nil {
			return err
		}
		n := account.NewKey{Name: c.Name}
		for _, s := range c.Scopes {
			n.Scopes = append(n.Scopes, account.Scope(s))
		}
		if c.Days != 0 {
			n.Expires = env.Now().AddDate(0, 0, c.Days)
		}
		k, secret, err := p.CreateKeyFor(ctx, p.admin, u.ID, n)
		if err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, secret) // alone, for scripts
		fmt.Fprintf(env.Stderr, "key %s of %s; keep it safe, it is not shown again\n", k.ID, u.Login)
		return nil
	})
}

type keyListCmd struct {
	peopleFlags
	Login string `arg:"" help:"Whose keys."`
}

func (c *keyListCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		u, err := p.find(ctx, c.Login)
		if err != nil {
			return err
		}
		keys, err := p.KeysOf(ctx, p.admin, u.ID)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			fmt.Fprintf(env.Stdout, "%s has no API key\n", u.Login)
			return nil
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tNAME\tKEY\tFOR\tENDS\tLAST USED")
		for _, k := range keys {
			ends, used := "never", "-"
			if !k.Expires.IsZero() {
				ends = day(k.Expires)
			}
			if !k.Seen.IsZero() {
				used = day(k.Seen)
			}
			fmt.Fprintf(w, "%s\t%s\t%s…\t%s\t%s\t%s\n", k.ID, k.Name, k.Prefix, strings.Trim(fmt.Sprint(k.Scopes), "[]"), ends, used)
		}
		return w.Flush()
	})
}

type keyRmCmd struct {
	peopleFlags
	Login string `arg:"" help:"Whose key."`
	ID    string `arg:"" help:"Its id, as 'malmoi key list' shows it."`
}

func (c *keyRmCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		u, err := p.find(ctx, c.Login)
		if err != nil {
			return err
		}
		if err := p.DeleteKeyOf(ctx, p.admin, u.ID, c.ID); err != nil {
			return withHint(fmt.Errorf("key %q: %w", c.ID, err), "'malmoi key list %s' shows the keys", u.Login)
		}
		fmt.Fprintln(env.Stdout, "the key is revoked")
		return nil
	})
}
