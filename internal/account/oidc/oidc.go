// Package oidc signs people in with an OpenID Connect provider: it sends the
// browser there with the authorization code flow, PKCE, a state and a nonce,
// and turns the answer into an account.External. It does not know cookies,
// accounts or sessions: whoever calls Start keeps the secret until Finish.
//
// New checks a Config without asking the provider, which may be down when the
// server starts. A Provider is safe for concurrent use.
package oidc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"malmoi/internal/account"
)

// Config describes a provider. ID, Issuer, ClientID and Redirect must be set.
type Config struct {
	ID       string // in paths and in account.External.Provider: a-z, 0-9, -
	Title    string // on the button; the ID if empty
	Issuer   string // https, or http on this machine
	ClientID string
	Secret   string // "" for a public client
	Redirect string // where the provider sends the browser back: https://HOST/api/oidc/ID/callback

	Scopes     []string // beside openid; profile and email if nil
	LoginClaim string   // preferred_username if empty
	GroupClaim string   // a claim with names of groups, "realm_access.roles" for a nested one; "" if there is none
	Allow      []string // only members of one of these groups may come in, if any are named
	Roles      map[string]account.Role
	Otherwise  account.Role // role of who is in none of the groups of Roles; Member if empty
	Create     bool         // make an account on the first sign-in

	TLS    *tls.Config      // authorities to trust, the system's if nil
	Client *http.Client     // instead of one with our limits, which also trusts TLS
	Now    func() time.Time // time.Now if nil
}

// Limits of what a provider may send and how long things may take.
const (
	maxAnswer   = 1 << 20 // bytes of one answer
	timeout     = 10 * time.Second
	secretLife  = 10 * time.Minute // from Start to Finish
	refreshTime = 24 * time.Hour   // after which the provider's description is read again
	maxGroups   = 1000
	maxText     = 512 // bytes of one claim that we keep
)

// Provider is one provider.
type Provider struct {
	cfg Config

	mu   sync.Mutex
	op   *oidc.Provider
	read time.Time
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// New checks c.
func New(c Config) (*Provider, error) {
	if !idForm.MatchString(c.ID) {
		return nil, fmt.Errorf("oidc: provider %q: the id is made of a-z, 0-9 and -, at most 32 characters", c.ID)
	}
	if c.ClientID == "" {
		return nil, fmt.Errorf("oidc: provider %q: the client id is missing", c.ID)
	}
	for what, addr := range map[string]string{"issuer": c.Issuer, "redirect": c.Redirect} {
		if err := safeURL(addr); err != nil {
			return nil, fmt.Errorf("oidc: provider %q: %s %q: %w", c.ID, what, addr, err)
		}
	}
	for group, role := range c.Roles {
		if role != account.Admin && role != account.Member && role != account.Reader {
			return nil, fmt.Errorf("oidc: provider %q: group %q has the role %q, which is none of admin, member, reader", c.ID, group, role)
		}
	}
	if c.GroupClaim == "" && (len(c.Allow) > 0 || len(c.Roles) > 0) {
		return nil, fmt.Errorf("oidc: provider %q: rules for groups need the name of the claim that holds them", c.ID)
	}
	if c.Title == "" {
		c.Title = c.ID
	}
	if c.Scopes == nil {
		c.Scopes = []string{"profile", "email"}
	}
	if c.LoginClaim == "" {
		c.LoginClaim = "preferred_username"
	}
	if c.Otherwise == "" {
		c.Otherwise = account.Member
	}
	if c.Client == nil {
		c.Client = client(c.TLS)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Provider{cfg: c}, nil
}

// client asks the provider and nobody else: a provider does not send us on to
// other hosts when it is asked for keys or tokens.
func client(trust *tls.Config) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = trust
	return &http.Client{Timeout: timeout, Transport: limited{t}, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Host != via[0].URL.Host || len(via) > 3 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// safeURL refuses addresses over which a token could be read or swapped.
func safeURL(addr string) error {
	u, err := url.Parse(addr)
	if err != nil {
		return err
	}
	host := u.Hostname()
	loopback := host == "localhost" || host == "127.0.0.1" || host == "::1"
	if host == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return errors.New("want https://…, or http:// on this machine")
	}
	return nil
}

// ID is the provider's name in paths.
func (p *Provider) ID() string { return p.cfg.ID }

// Title is the provider's name for people.
func (p *Provider) Title() string { return p.cfg.Title }

// Start returns where to send a browser, and a secret to keep until it is back,
// where nobody but this browser can present it.
func (p *Provider) Start(ctx context.Context) (url, secret string, err error) {
	op, err := p.discover(ctx)
	if err != nil {
		return "", "", err
	}
	h := newHandshake(p.cfg.Now())
	return p.oauth(op).AuthCodeURL(h.State, oidc.Nonce(h.Nonce), oauth2.S256ChallengeOption(h.Verifier)), h.String(), nil
}

func (p *Provider) oauth(op *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{ClientID: p.cfg.ClientID, ClientSecret: p.cfg.Secret, Endpoint: op.Endpoint(), RedirectURL: p.cfg.Redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...)}
}

// discover reads the provider's description when it is first needed. It must
// name the very issuer that it was asked for.
func (p *Provider) discover(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	op, fresh := p.op, p.cfg.Now().Sub(p.read) < refreshTime
	p.mu.Unlock()
	if op != nil && fresh {
		return op, nil
	}
	// The provider remembers the context for reading keys later.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), p.cfg.Client), p.cfg.Issuer)
	if err != nil {
		if op != nil {
			return op, nil // the description from before
		}
		return nil, fmt.Errorf("%w: oidc: provider %q: %w", account.ErrUnavailable, p.cfg.ID, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.op, p.read = found, p.cfg.Now()
	return found, nil
}

// refuse is the error of an answer that vouches for nobody.
func (p *Provider) refuse(format string, args ...any) error {
	return fmt.Errorf("%w: oidc: provider %q: %w", account.ErrForbidden, p.cfg.ID, fmt.Errorf(format, args...))
}

// Finish turns the provider's answer, the query of the redirect, into a person.
// It returns an error wrapping account.ErrForbidden if the answer does not
// belong to the secret, was refused, or vouches for nobody, and one wrapping
// account.ErrUnavailable if the provider cannot be asked.
func (p *Provider) Finish(ctx context.Context, secret string, query map[string][]string) (account.External, error) {
	h, err := parseHandshake(secret, p.cfg.Now())
	if err != nil {
		return account.External{}, p.refuse("%w", err)
	}
	q := url.Values(query)
	if !h.belongs(q.Get("state")) {
		return account.External{}, p.refuse("the answer belongs to another sign-in: begin again")
	}
	if iss := q.Get("iss"); iss != "" && iss != p.cfg.Issuer { // RFC 9207: another provider's answer
		return account.External{}, p.refuse("the answer comes from %q", cut(iss))
	}
	if code := q.Get("error"); code != "" {
		return account.External{}, p.refuse("refused there: %s %s", cut(code), cut(q.Get("error_description")))
	}
	op, err := p.discover(ctx)
	if err != nil {
		return account.External{}, err
	}
	ctx = oidc.ClientContext(ctx, p.cfg.Client)
	token, err := p.oauth(op).Exchange(ctx, q.Get("code"), oauth2.VerifierOption(h.Verifier))
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return account.External{}, p.refuse("the code is not accepted: %s", cut(refused.ErrorCode))
	}
	if err != nil {
		return account.External{}, fmt.Errorf("%w: oidc: provider %q: %w", account.ErrUnavailable, p.cfg.ID, err)
	}
	claims, err := p.claims(ctx, op, token, h.Nonce)
	if err != nil {
		return account.External{}, err
	}
	return p.person(claims)
}

func cut(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.ToValidUTF8(s, "")
}
