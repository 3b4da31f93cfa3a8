package app

import (
	"context"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

// userBody is a person as the API shows them.
type userBody struct {
	ID       string    `json:"id"`
	Login    string    `json:"login"`
	Name     string    `json:"name"`
	Email    string    `json:"email"`
	Role     string    `json:"role"`
	Disabled bool      `json:"disabled"`
	Groups   []refBody `json:"groups"`
	External string    `json:"external" doc:"empty for a password here, else oidc:PROVIDER or ldap"`
	Created  int64     `json:"created"`
	Seen     int64     `json:"seen"`
	Quota    quotaBody `json:"quota"`
}

type refBody struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type quotaBody struct {
	TokensPerDay   int64 `json:"tokens_per_day" required:"false" doc:"0: the next wider rule counts, -1: no limit"`
	RequestsPerDay int64 `json:"requests_per_day" required:"false"`
}

func newQuota(q account.Quota) quotaBody { return quotaBody(q) }

func newUser(u account.User) userBody {
	b := userBody{
		ID: string(u.ID), Login: u.Login, Name: u.Name, Email: u.Email, Role: string(u.Role), Disabled: u.Disabled,
		Groups: []refBody{}, External: u.External, Created: millis(u.Created), Seen: millis(u.Seen), Quota: newQuota(u.Quota),
	}
	for _, g := range u.Groups {
		b.Groups = append(b.Groups, refBody(g))
	}
	return b
}

type usersBody struct {
	Users []userBody `json:"users"`
}

type newUserBody struct {
	Login    string   `json:"login"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	Role     string   `json:"role,omitempty" enum:"admin,member,reader" default:"member"`
	Groups   []string `json:"groups,omitempty"`
	Password string   `json:"password,omitempty"`
}

type userChange struct {
	Name     *string    `json:"name,omitempty"`
	Email    *string    `json:"email,omitempty"`
	Role     *string    `json:"role,omitempty" enum:"admin,member,reader"`
	Disabled *bool      `json:"disabled,omitempty"`
	Groups   *[]string  `json:"groups,omitempty"`
	Quota    *quotaBody `json:"quota,omitempty"`
	Password *string    `json:"password,omitempty"`
}

func (c userChange) change() account.UserChange {
	out := account.UserChange{Name: c.Name, Email: c.Email, Disabled: c.Disabled, Groups: c.Groups, Password: c.Password}
	if c.Role != nil {
		role := account.Role(*c.Role)
		out.Role = &role
	}
	if c.Quota != nil {
		q := account.Quota(*c.Quota)
		out.Quota = &q
	}
	return out
}

func (a *API) users() {
	s := a.opt.Accounts
	call(a, door.Admin, "GET /api/admin/users", "List everybody", func(ctx context.Context, _ *none) (usersBody, error) {
		list, err := s.Users(ctx, who(ctx))
		out := usersBody{Users: []userBody{}}
		for _, u := range list {
			out.Users = append(out.Users, newUser(u))
		}
		return out, err
	})
	call(a, door.Admin, "POST /api/admin/users", "Make an account", func(ctx context.Context, in *struct{ Body newUserBody }) (userBody, error) {
		b := in.Body
		u, err := s.CreateUser(ctx, who(ctx), account.NewUser{
			Login: b.Login, Name: b.Name, Email: b.Email, Role: account.Role(b.Role), Groups: b.Groups, Password: b.Password,
		})
		return newUser(u), err
	})
	call(a, door.Admin, "PATCH /api/admin/users/{id}", "Change an account", func(ctx context.Context, in *struct {
		ByID
		Body userChange
	}) (userBody, error) {
		u, err := s.ChangeUser(ctx, who(ctx), account.UserID(in.ID), in.Body.change())
		return newUser(u), err
	})
	do(a, door.Admin, "DELETE /api/admin/users/{id}", "Delete an account with all that belongs to it", func(ctx context.Context, in *ByID) error {
		return s.DeleteUser(ctx, who(ctx), account.UserID(in.ID))
	})
	do(a, door.Admin, "DELETE /api/admin/users/{id}/sessions", "Sign somebody out everywhere", func(ctx context.Context, in *ByID) error {
		return s.EndSessionsOf(ctx, who(ctx), account.UserID(in.ID))
	})
}
