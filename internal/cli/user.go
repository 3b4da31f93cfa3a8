package cli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"malmoi/internal/account"
)

// userCmd manages accounts without a page, also beside a running server: a
// change counts there within seconds.
type userCmd struct {
	Add     userAddCmd     `cmd:"" help:"Make an account. The first one is an admin's."`
	List    userListCmd    `cmd:"" help:"List the accounts."`
	Passwd  userPasswdCmd  `cmd:"" help:"Set a password; all sessions of the user end."`
	Role    userRoleCmd    `cmd:"" help:"Make somebody admin, member or reader."`
	Disable userDisableCmd `cmd:"" help:"Shut somebody out; everything of theirs stays."`
	Enable  userEnableCmd  `cmd:"" help:"Let somebody in again."`
}

type userAddCmd struct {
	peopleFlags
	passwordFlags
	Login      string   `arg:"" help:"What the user types to sign in: English letters, digits, Hangul, . _ - + @."`
	Name       string   `help:"Name that others see (default: the login)." placeholder:"NAME"`
	Email      string   `placeholder:"ADDRESS" help:"E-mail address."`
	Role       string   `help:"admin, member or reader (default: admin for the first account, else member)." enum:",admin,member,reader" default:"" placeholder:"ROLE"`
	Groups     []string `name:"group" help:"Name of a group; repeat for several." placeholder:"NAME"`
	NoPassword bool     `name:"no-password" help:"Nobody can sign in until a password is set."`
}

func (c *userAddCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		n := account.NewUser{Login: c.Login, Name: c.Name, Email: c.Email, Role: account.Role(c.Role)}
		first, err := p.NeedsSetUp(ctx)
		if err != nil {
			return err
		}
		if n.Role == "" {
			n.Role = account.Member
			if first {
				n.Role = account.Admin
			}
		}
		if n.Groups, err = p.groupIDs(ctx, c.Groups); err != nil {
			return err
		}
		if !c.NoPassword {
			if n.Password, err = c.password(env); err != nil {
				return err
			}
		}
		u, err := p.CreateUser(ctx, p.admin, n)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s is made: %s\n", u.Login, u.Role)
		if !c.NoPassword {
			c.show(env, n.Password)
		}
		return nil
	})
}

// groupIDs turns names of groups into their ids.
func (p *people) groupIDs(ctx context.Context, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	all, err := p.Groups(ctx, p.admin)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	for _, g := range all {
		known[g.Name] = g.ID
	}
	var ids []string
	for _, name := range names {
		id, ok := known[name]
		if !ok {
			return nil, withHint(fmt.Errorf("group %q: %w", name, account.ErrNotFound), "make it on the page of groups")
		}
		ids = append(ids, id)
	}
	return ids, nil
}

type userListCmd struct {
	peopleFlags
	JSON bool `name:"json" help:"Print one JSON array."`
}

// listedUser is a user as --json prints it.
type listedUser struct {
	ID       account.UserID `json:"id"`
	Login    string         `json:"login"`
	Name     string         `json:"name"`
	Email    string         `json:"email,omitempty"`
	Role     account.Role   `json:"role"`
	Disabled bool           `json:"disabled"`
	Groups   []string       `json:"groups"`
	External string         `json:"external,omitempty"`
}

func (c *userListCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		users, err := p.Users(ctx, p.admin)
		if err != nil {
			return err
		}
		rows := make([]listedUser, len(users))
		for i, u := range users {
			rows[i] = listedUser{u.ID, u.Login, u.Name, u.Email, u.Role, u.Disabled, []string{}, u.External}
			for _, group := range u.Groups {
				rows[i].Groups = append(rows[i].Groups, group.Name)
			}
		}
		if c.JSON {
			return newPrinter(env.Stdout).line(rows)
		}
		if len(rows) == 0 {
			fmt.Fprintln(env.Stdout, "there is no account; 'malmoi user add LOGIN' makes the first, an admin's")
			return nil
		}
		w := tabwriter.NewWriter(env.Stdout, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "LOGIN\tNAME\tROLE\tGROUPS\tLAST SEEN")
		for i, u := range users {
			role, seen := string(u.Role), "-"
			if u.Disabled {
				role += " (disabled)"
			}
			if !u.Seen.IsZero() {
				seen = day(u.Seen)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Login, u.Name, role, strings.Join(rows[i].Groups, " "), seen)
		}
		return w.Flush()
	})
}

type userPasswdCmd struct {
	peopleFlags
	passwordFlags
	Login string `arg:"" help:"Whose."`
}

func (c *userPasswdCmd) Run(ctx context.Context, env *Env, g *globals) error {
	return c.with(ctx, env, g, func(p *people) error {
		u, err := p.find(ctx, c.Login)
		if err != nil {
			return err
		}
		password, err := c.password(env)
		if err != nil {
			return err
		}
		if _, err := p.ChangeUser(ctx, p.admin, u.ID, account.UserChange{Password: &password}); err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%s has a new password\n", u.Login)
		c.show(env, password)
		return nil
	})
}

type userRoleCmd struct {
	peopleFlags
	Login string `arg:"" help:"Whose."`
	Role  string `arg:"" enum:"admin,member,reader" help:"admin, member or reader."`
}

func (c *userRoleCmd) Run(ctx context.Context, env *Env, g *globals) error {
	role := account.Role(c.Role)
	return c.change(ctx, env, g, c.Login, account.UserChange{Role: &role}, "is "+c.Role+" now")
}

type userDisableCmd struct {
	peopleFlags
	Login string `arg:"" help:"Whom."`
}

func (c *userDisableCmd) Run(ctx context.Context, env *Env, g *globals) error {
	yes := true
	return c.change(ctx, env, g, c.Login, account.UserChange{Disabled: &yes}, "is shut out")
}

type userEnableCmd struct {
	peopleFlags
	Login string `arg:"" help:"Whom."`
}

func (c *userEnableCmd) Run(ctx context.Context, env *Env, g *globals) error {
	no := false
	return c.change(ctx, env, g, c.Login, account.UserChange{Disabled: &no}, "may come in again")
}

// change changes one user and says so.
func (f *peopleFlags) change(ctx context.Context, env *Env, g *globals, login string, change account.UserChange, done string) error {
	return f.with(ctx, env, g, func(p *people) error {
		u, err := p.find(ctx, login)
		if err != nil {
			return err
		}
		if _, err := p.ChangeUser(ctx, p.admin, u.ID, change); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout, u.Login, done)
		return nil
	})
}
