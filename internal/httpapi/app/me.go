package app

import (
	"context"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

type selfChange struct {
	Name            *string `json:"name,omitempty"`
	Email           *string `json:"email,omitempty"`
	CurrentPassword string  `json:"current_password,omitempty"`
	Password        *string `json:"password,omitempty"`
}

func (a *API) me() {
	s := a.opt.Accounts
	call(a, door.SignedIn, "GET /api/me", "Who I am", func(ctx context.Context, _ *none) (userBody, error) {
		u, err := s.Me(ctx, who(ctx))
		return newUser(u), err
	})
	call(a, door.Personal, "PATCH /api/me", "Change my name, address or password", func(ctx context.Context, in *struct{ Body selfChange }) (userBody, error) {
		b := in.Body
		u, err := s.ChangeMe(ctx, who(ctx), account.SelfChange{Name: b.Name, Email: b.Email, CurrentPassword: b.CurrentPassword, Password: b.Password})
		return newUser(u), err
	})
	call(a, door.SignedIn, "GET /api/usage", "What I used", func(ctx context.Context, in *daysInput) (usageBody, error) {
		u, err := s.Usage(ctx, who(ctx), in.Days)
		return newUsage(u, false), err
	})
	call(a, door.Admin, "GET /api/admin/usage", "What everybody used", func(ctx context.Context, in *daysInput) (usageBody, error) {
		u, err := s.SiteUsage(ctx, who(ctx), in.Days)
		return newUsage(u, true), err
	})
}

type keyBody struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Prefix  string   `json:"prefix"`
	Scopes  []string `json:"scopes"`
	Created int64    `json:"created"`
	Expires int64    `json:"expires" doc:"0: never"`
	Seen    int64    `json:"seen" doc:"0: not yet used"`
	Key     string   `json:"key,omitempty" doc:"the key itself, only in the answer that makes it"`
}

type keysBody struct {
	Keys []keyBody `json:"keys"`
}

type newKeyBody struct {
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes" minItems:"1" maxItems:"3" enum:"models,chats,admin"`
	Expires int64    `json:"expires,omitempty" minimum:"0"`
}

func newKey(k account.Key, secret string) keyBody {
	b := keyBody{ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: []string{}, Created: millis(k.Created), Expires: millis(k.Expires), Seen: millis(k.Seen), Key: secret}
	for _, s := range k.Scopes {
		b.Scopes = append(b.Scopes, string(s))
	}
	return b
}

func (a *API) keys() {
	s := a.opt.Accounts
	call(a, door.Personal, "GET /api/keys", "List my API keys", func(ctx context.Context, _ *none) (keysBody, error) {
		list, err := s.Keys(ctx, who(ctx))
		out := keysBody{Keys: []keyBody{}}
		for _, k := range list {
			out.Keys = append(out.Keys, newKey(k, ""))
		}
		return out, err
	})
	call(a, door.Personal, "POST /api/keys", "Make an API key", func(ctx context.Context, in *struct{ Body newKeyBody }) (keyBody, error) {
		n := account.NewKey{Name: in.Body.Name, Expires: fromMillis(in.Body.Expires)}
		for _, scope := range in.Body.Scopes {
			n.Scopes = append(n.Scopes, account.Scope(scope))
		}
		k, secret, err := s.CreateKey(ctx, who(ctx), n)
		return newKey(k, secret), err
	})
	do(a, door.Personal, "DELETE /api/keys/{id}", "Revoke an API key", func(ctx context.Context, in *ByID) error {
		return s.DeleteKey(ctx, who(ctx), in.ID)
	})
}
