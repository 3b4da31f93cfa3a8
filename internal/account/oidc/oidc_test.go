package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc/oidctest"

	"malmoi/internal/account"
	"malmoi/internal/account/oidc"
)

// liar is a provider that can be made to answer anything.
type liar struct {
	*httptest.Server
	key      *ecdsa.PrivateKey
	signWith *ecdsa.PrivateKey
	claims   map[string]any
	userinfo map[string]any
	idToken  func(signed string) string
	pad      int // bytes of white space after the answer
}

func newLiar(t *testing.T) *liar { return newLiarOn(t, httptest.NewServer) }

func newLiarOn(t *testing.T, serve func(http.Handler) *httptest.Server) *liar {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{key: key, signWith: key}
	op := &oidctest.Server{PublicKeys: []oidctest.PublicKey{{PublicKey: key.Public(), KeyID: "k", Algorithm: "ES256"}}, Algorithms: []string{"ES256"}}
	mux := http.NewServeMux()
	mux.Handle("/", op)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string]any{"issuer": l.URL, "authorization_endpoint": l.URL + "/auth", "token_endpoint": l.URL + "/token", "jwks_uri": l.URL + "/keys", "userinfo_endpoint": l.URL + "/userinfo", "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		claims, _ := json.Marshal(l.claims)
		token := oidctest.SignIDToken(l.signWith, "k", "ES256", string(claims))
		if l.idToken != nil {
			token = l.idToken(token)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"a","token_type":"Bearer","id_token":%q}%s`, token, strings.Repeat(" ", l.pad))
	})
	mux.HandleFunc("/userinfo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(l.userinfo)
	})
	l.Server = serve(mux)
	op.SetIssuer(l.URL)
	t.Cleanup(l.Close)
	return l
}

func TestWhatVouchesForNobody(t *testing.T) {
	stranger, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	for _, c := range []struct {
		name   string
		change func(l *liar, q url.Values)
		want   string // part of the refusal; "" means it is accepted
	}{
		{"all is well", func(l *liar, q url.Values) {}, ""},
		{"another nonce", func(l *liar, q url.Values) { l.claims["nonce"] = "other" }, "another sign-in"},
		{"no nonce", func(l *liar, q url.Values) { delete(l.claims, "nonce") }, "another sign-in"},
		{"another audience", func(l *liar, q url.Values) { l.claims["aud"] = "somebody" }, "audience"},
		{"another issuer", func(l *liar, q url.Values) { l.claims["iss"] = "https://evil.example" }, "issue"},
		{"expired", func(l *liar, q url.Values) { l.claims["exp"] = time.Now().Add(-time.Hour).Unix() }, "expired"},
		{"a stranger's signature", func(l *liar, q url.Values) { l.signWith = stranger }, "signature"},
		{"no signature", func(l *liar, q url.Values) {
			l.idToken = func(s string) string { return "eyJhbGciOiJub25lIn0." + strings.Split(s, ".")[1] + "." }
		}, "hold"},
		{"no ID token", func(l *liar, q url.Values) { l.idToken = func(string) string { return "" } }, "hold"},
		{"userinfo of somebody else", func(l *liar, q url.Values) { l.userinfo["sub"] = "admin" }, "another subject"},
		{"a wrong at_hash", func(l *liar, q url.Values) { l.claims["at_hash"] = "AAAA" }, "access token"},
		{"an issuer in the answer (RFC 9207)", func(l *liar, q url.Values) { q.Set("iss", "https://evil.example") }, "comes from"},
		{"the right issuer in the answer", func(l *liar, q url.Values) { q.Set("iss", l.URL) }, ""},
		{"another state", func(l *liar, q url.Values) { q.Set("state", "x") }, "another sign-in"},
		{"no state", func(l *liar, q url.Values) { q.Del("state") }, "another sign-in"},
		{"refused there", func(l *liar, q url.Values) { q.Set("error", "access_denied") }, "access_denied"},
		{"no subject", func(l *liar, q url.Values) { delete(l.claims, "sub") }, "subject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLiar(t)
			p := newProvider(t, oidc.Config{ID: "corp", Issuer: l.URL, ClientID: "malmoi", Redirect: redirect, GroupClaim: "realm_access.roles"})
			start, secret, err := p.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			u, _ := url.Parse(start)
			q := url.Values{"code": {"c"}, "state": {u.Query().Get("state")}}
			l.claims = map[string]any{"iss": l.URL, "aud": "malmoi", "sub": "s1", "nonce": u.Query().Get("nonce"), "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
				"realm_access": map[string]any{"roles": []any{"a", 7, "b"}}}
			l.userinfo = map[string]any{"sub": "s1", "email": "kim@example.kr", "email_verified": false, "nickname": "김", "aud": "ignored"}
			c.change(l, q)
			x, err := p.Finish(t.Context(), secret, q)
			if c.want == "" {
				if err != nil || x.Subject != "s1" || x.Name != "김" || x.Email != "" || x.Login != "kim" || !slices.Equal(x.Groups, []string{"a", "b"}) {
					t.Fatalf("got %+v, %v", x, err)
				}
				return
			}
			if !errors.Is(err, account.ErrForbidden) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %+v, %v; want a refusal about %q", x, err, c.want)
			}
		})
	}
}

func TestSecretsLast10Minutes(t *testing.T) {
	l := newLiar(t)
	now := time.Now()
	p := newProvider(t, oidc.Config{ID: "corp", Issuer: l.URL, ClientID: "malmoi", Redirect: redirect, Now: func() time.Time { return now }})
	_, secret, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(11 * time.Minute)
	for _, s := range []string{secret, "", "x", "a.b.c.d", strings.Repeat("a", 5000), secret + ".x"} {
		if _, err := p.Finish(t.Context(), s, url.Values{"state": {strings.Split(s, ".")[0]}, "code": {"c"}}); !errors.Is(err, account.ErrForbidden) {
			t.Errorf("secret %.40q: %v; want a refusal", s, err)
		}
	}
}

func TestProvidersThatDoNotAnswer(t *testing.T) {
	l := newLiar(t)
	p := newProvider(t, oidc.Config{ID: "corp", Issuer: l.URL, ClientID: "malmoi", Redirect: redirect})
	start, secret, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	u, _ := url.Parse(start)
	q := url.Values{"code": {"c"}, "state": {u.Query().Get("state")}}
	l.claims = map[string]any{}
	l.pad = 2 << 20
	if _, err := p.Finish(t.Context(), secret, q); err == nil {
		t.Error("an answer of 2 MiB without a token is accepted")
	}
	l.Close()
	if _, err := p.Finish(t.Context(), secret, q); !errors.Is(err, account.ErrUnavailable) {
		t.Errorf("a provider that is gone: %v", err)
	}
	fresh := newProvider(t, oidc.Config{ID: "corp", Issuer: l.URL, ClientID: "malmoi", Redirect: redirect})
	if _, _, err := fresh.Start(t.Context()); !errors.Is(err, account.ErrUnavailable) {
		t.Errorf("a provider that never was there: %v", err)
	}
}

// A closed network has its own authority.
func TestOwnAuthority(t *testing.T) {
	l := newLiarOn(t, httptest.NewTLSServer)
	c := oidc.Config{ID: "corp", Issuer: l.URL, ClientID: "malmoi", Redirect: redirect}
	if _, _, err := newProvider(t, c).Start(t.Context()); !errors.Is(err, account.ErrUnavailable) {
		t.Errorf("a certificate of an unknown authority: %v", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(l.Certificate())
	c.TLS = &tls.Config{RootCAs: pool}
	if _, _, err := newProvider(t, c).Start(t.Context()); err != nil {
		t.Errorf("with the authority named: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := oidc.Config{ID: "corp", Issuer: "https://id.example.kr", ClientID: "malmoi", Redirect: "https://malmoi.example.kr/api/oidc/corp/callback"}
	if _, err := oidc.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *oidc.Config){
		"id with a slash":       func(c *oidc.Config) { c.ID = "../x" },
		"no client":             func(c *oidc.Config) { c.ClientID = "" },
		"issuer without TLS":    func(c *oidc.Config) { c.Issuer = "http://id.example.kr" },
		"issuer that is a file": func(c *oidc.Config) { c.Issuer = "file:///etc/passwd" },
		"redirect without TLS":  func(c *oidc.Config) { c.Redirect = "http://malmoi.example.kr/" },
		"unknown role":          func(c *oidc.Config) { c.GroupClaim, c.Roles = "groups", map[string]account.Role{"g": "root"} },
		"rules without a claim": func(c *oidc.Config) { c.Allow = []string{"g"} },
	} {
		c := good
		change(&c)
		if _, err := oidc.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
