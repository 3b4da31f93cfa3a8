package app

import (
	"context"
	"net/http"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

// sessionBody is the answer of GET /api/session: all a page needs to know
// before anybody has signed in.
type sessionBody struct {
	Mode    string         `json:"mode" enum:"single,accounts"`
	Setup   bool           `json:"setup" doc:"no account exists yet, and this visitor may make the first"`
	User    *userBody      `json:"user"`
	OIDC    []providerBody `json:"oidc"`
	LDAP    bool           `json:"ldap"`
	Version string         `json:"version"`
}

type providerBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// signedIn is an answer that begins a session.
type signedIn struct {
	Cookie http.Cookie `header:"Set-Cookie"`
	Body   struct {
		User userBody `json:"user"`
	}
}

// Agent is the part of an input that says what program asks.
type Agent struct {
	Agent string `header:"User-Agent"`
}

func (g Agent) client(ctx context.Context) account.Client {
	name := g.Agent
	if len(name) > account.MaxAgent {
		name = name[:account.MaxAgent]
	}
	return account.Client{Address: door.Of(ctx).Address, Agent: name}
}

// newAccount is who somebody wants to be here.
type newAccount struct {
	Login    string `json:"login"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Password string `json:"password"`
}

func (n newAccount) user() account.NewUser {
	return account.NewUser{Login: n.Login, Name: n.Name, Email: n.Email, Password: n.Password}
}

func (a *API) session() {
	call(a, door.Known, "GET /api/session", "Who I am and how to sign in", a.getSession)
	operate(a, door.Open, operation("POST /api/setup", "Make the first account", http.StatusOK, maxBody), a.setUp)
	operate(a, door.Open, operation("POST /api/session", "Sign in", http.StatusOK, maxBody), a.signIn)
	operate(a, door.Personal, operation("DELETE /api/session", "Sign out", http.StatusNoContent, maxBody), a.signOut)
	call(a, door.Personal, "GET /api/sessions", "Where I am signed in", a.listSessions)
	do(a, door.Personal, "DELETE /api/sessions/{id}", "Sign out one device", func(ctx context.Context, in *ByID) error {
		return a.opt.Accounts.EndSession(ctx, who(ctx), in.ID)
	})
	do(a, door.Personal, "DELETE /api/sessions", "Sign out everywhere", func(ctx context.Context, _ *none) error {
		return a.opt.Accounts.EndAllSessions(ctx, who(ctx))
	})
	a.oidc()
}

func (a *API) getSession(ctx context.Context, _ *none) (sessionBody, error) {
	b := sessionBody{Mode: "accounts", OIDC: []providerBody{}, LDAP: a.opt.LDAP, Version: a.opt.Version}
	if a.opt.Single {
		b.Mode = "single"
	} else {
		for _, p := range a.opt.Providers {
			b.OIDC = append(b.OIDC, providerBody{p.ID(), p.Title()})
		}
	}
	if p := who(ctx); p.User != "" {
		u, err := a.opt.Accounts.Me(ctx, p)
		if err != nil {
			return b, err
		}
		mine := newUser(u)
		b.User = &mine
		return b, nil
	}
	if a.opt.Single || !door.Of(ctx).AtMachine {
		return b, nil
	}
	var err error
	b.Setup, err = a.opt.Accounts.NeedsSetUp(ctx)
	return b, err
}

func (a *API) setUp(ctx context.Context, in *struct {
	Agent
	Body newAccount
}) (*signedIn, error) {
	if a.opt.Single {
		return nil, forbidden("this server runs in personal mode, which has no accounts")
	}
	if !door.Of(ctx).AtMachine {
		return nil, forbidden("the first account is made at the machine itself: open the page there, or run 'malmoi user add'")
	}
	n := in.Body.user()
	n.Role = account.Admin
	token, p, err := a.opt.Accounts.SetUp(ctx, n, in.client(ctx))
	return a.welcome(ctx, token, p, err)
}

func (a *API) signIn(ctx context.Context, in *struct {
	Agent
	Body struct {
		Login    string `json:"login"`
		Password string `json:"password"`
	}
}) (*signedIn, error) {
	if a.opt.Single {
		return nil, forbidden("this server runs in personal mode, which has no accounts")
	}
	token, p, err := a.opt.Accounts.SignIn(ctx, in.Body.Login, in.Body.Password, in.client(ctx))
	return a.welcome(ctx, token, p, err)
}

// welcome is the answer to somebody who has just signed in.
func (a *API) welcome(ctx context.Context, token string, p account.Principal, err error) (*signedIn, error) {
	if err != nil {
		return nil, err
	}
	u, err := a.opt.Accounts.Me(ctx, p)
	if err != nil {
		return nil, err
	}
	door.Of(ctx).Principal = p // for the log
	out := &signedIn{Cookie: *door.NewSession(token, door.Of(ctx).Secure, account.SessionLife)}
	out.Body.User = newUser(u)
	return out, nil
}

func (a *API) signOut(ctx context.Context, _ *none) (*struct {
	Cookie http.Cookie `header:"Set-Cookie"`
}, error) {
	if !a.opt.Single {
		if err := a.opt.Accounts.SignOut(ctx, who(ctx)); err != nil {
			return nil, err
		}
	}
	return &struct {
		Cookie http.Cookie `header:"Set-Cookie"`
	}{*door.NoSession(door.Of(ctx).Secure)}, nil
}

type deviceBody struct {
	ID      string `json:"id"`
	Current bool   `json:"current"`
	Created int64  `json:"created"`
	Seen    int64  `json:"seen"`
	Expires int64  `json:"expires"`
	Address string `json:"address"`
	Agent   string `json:"agent"`
}

type devicesBody struct {
	Sessions []deviceBody `json:"sessions"`
}

func (a *API) listSessions(ctx context.Context, _ *none) (devicesBody, error) {
	out := devicesBody{Sessions: []deviceBody{}}
	list, err := a.opt.Accounts.Sessions(ctx, who(ctx))
	for _, s := range list {
		out.Sessions = append(out.Sessions, deviceBody{s.ID, s.Current, millis(s.Created), millis(s.Seen), millis(s.Expires), s.Address, s.Agent})
	}
	return out, err
}
