package app

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"malmoi/internal/account"
	"malmoi/internal/httpapi/door"
)

// Provider is an identity provider that people can sign in with.
type Provider interface {
	ID() string    // in paths
	Title() string // on the button
	// Start returns where to send a browser, and a secret to keep until it is
	// back.
	Start(ctx context.Context) (url, secret string, err error)
	// Finish must return an error wrapping account.ErrForbidden if the answer
	// does not belong to secret or vouches for nobody.
	Finish(ctx context.Context, secret string, query map[string][]string) (account.External, error)
}

// secretLife is how long somebody may take at the provider.
const secretLife = 10 * time.Minute

func (a *API) oidc() {
	a.raw(door.Open, false, redirectOp("/api/oidc/{provider}/start", "Begin to sign in with a provider"), a.startOIDC)
	a.raw(door.Open, false, redirectOp("/api/oidc/{provider}/callback", "Come back from a provider"), a.finishOIDC)
}

func redirectOp(path, summary string) huma.Operation {
	return huma.Operation{
		OperationID: operationID("GET", path), Method: "GET", Path: path, Summary: summary, Tags: []string{"session"},
		Parameters: []*huma.Param{{Name: "provider", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
		Responses:  map[string]*huma.Response{"302": {Description: "Where to go on"}},
	}
}

func (a *API) provider(r *http.Request) (Provider, error) {
	for _, p := range a.opt.Providers {
		if p.ID() == r.PathValue("provider") && !a.opt.Single {
			return p, nil
		}
	}
	return nil, notFound()
}

// secretCookie holds what a sign-in began with. It is sent back when the
// provider sends the browser here, which is a link followed from another site.
func secretCookie(p Provider, secret string, secure bool) *http.Cookie {
	c := &http.Cookie{
		Name: "malmoi_oidc_" + p.ID(), Value: secret, Path: "/api/oidc/" + p.ID(), MaxAge: int(secretLife / time.Second),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if secret == "" {
		c.MaxAge = -1
	}
	return c
}

func (a *API) startOIDC(w http.ResponseWriter, r *http.Request) error {
	p, err := a.provider(r)
	if err != nil {
		return err
	}
	url, secret, err := p.Start(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, secretCookie(p, secret, door.Of(r.Context()).Secure))
	http.Redirect(w, r, url, http.StatusFound)
	return nil
}

// finishOIDC signs in whom the provider vouches for. A person sits at the
// browser, so a refusal is a page with the reason in its address.
func (a *API) finishOIDC(w http.ResponseWriter, r *http.Request) error {
	p, err := a.provider(r)
	if err != nil {
		return err
	}
	about := door.Of(r.Context())
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, secretCookie(p, "", about.Secure))
	secret := ""
	if c, err := r.Cookie(secretCookie(p, "", about.Secure).Name); err == nil {
		secret = c.Value
	}
	person, err := p.Finish(r.Context(), secret, r.URL.Query())
	if err == nil {
		var token string
		from := Agent{r.UserAgent()}.client(r.Context())
		if token, about.Principal, err = a.opt.Accounts.SignInExternal(r.Context(), person, from); err == nil {
			http.SetCookie(w, door.NewSession(token, about.Secure, account.SessionLife))
			http.Redirect(w, r, "/", http.StatusFound)
			return nil
		}
	}
	e := wireError(err)
	if e.Status >= http.StatusInternalServerError {
		about.Failure = err
	}
	http.Redirect(w, r, "/login?error="+e.Code, http.StatusFound)
	return nil
}
