package cli

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"malmoi/internal/account"
	"malmoi/internal/account/ldap"
	"malmoi/internal/account/oidc"
	"malmoi/internal/app"
)

// signInFile is the JSON file that --sign-in names: where people are known
// beside this site.
type signInFile struct {
	OIDC []oidcConfig `json:"oidc"`
	LDAP *ldapConfig  `json:"ldap"`
}

// oidcConfig is oidc.Config as the file has it.
type oidcConfig struct {
	ID         string                  `json:"id"`
	Title      string                  `json:"title"`
	Issuer     string                  `json:"issuer"`
	ClientID   string                  `json:"client_id"`
	Secret     string                  `json:"secret"` // or MALMOI_OIDC_SECRET_ID
	Redirect   string                  `json:"redirect"`
	CAFile     string                  `json:"ca_file"` // certificates of the authority, beside the system's
	Scopes     []string                `json:"scopes"`
	LoginClaim string                  `json:"login_claim"`
	GroupClaim string                  `json:"group_claim"`
	Allow      []string                `json:"allow"`
	Roles      map[string]account.Role `json:"roles"`
	Otherwise  account.Role            `json:"otherwise"`
	Create     bool                    `json:"create"`
}

// ldapConfig is ldap.Config as the file has it.
type ldapConfig struct {
	URL          string                  `json:"url"`
	StartTLS     bool                    `json:"start_tls"`
	Plain        bool                    `json:"plain"`
	CAFile       string                  `json:"ca_file"` // certificates of the authority, beside the system's
	BindDN       string                  `json:"bind_dn"`
	BindPassword string                  `json:"bind_password"` // or MALMOI_LDAP_PASSWORD
	Base         string                  `json:"base"`
	Filter       string                  `json:"filter"`
	SubjectAttr  string                  `json:"subject_attr"`
	LoginAttr    string                  `json:"login_attr"`
	NameAttr     string                  `json:"name_attr"`
	MailAttr     string                  `json:"mail_attr"`
	GroupBase    string                  `json:"group_base"`
	GroupFilter  string                  `json:"group_filter"`
	GroupAttr    string                  `json:"group_attr"`
	Allow        []string                `json:"allow"`
	Roles        map[string]account.Role `json:"roles"`
	Otherwise    account.Role            `json:"otherwise"`
	Create       bool                    `json:"create"`
}

// maxSignInFile bounds the file, in bytes.
const maxSignInFile = 1 << 20

// signIn adds to c what the file at path names; "" is no file.
func signIn(path string, env *Env, c *app.Config) error {
	if path == "" {
		return nil
	}
	f, err := readSignIn(path)
	if err == nil {
		err = f.apply(env, c)
	}
	if err != nil {
		return withHint(fmt.Errorf("%s: %w", path, err), "the form of the file is in docs/guide/sign-in.md")
	}
	return nil
}

func readSignIn(path string) (signInFile, error) {
	var f signInFile
	file, err := os.Open(path)
	if err != nil {
		return f, err
	}
	defer file.Close()
	d := json.NewDecoder(io.LimitReader(file, maxSignInFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return f, err
	}
	if d.More() {
		return f, fmt.Errorf("there is more than one value, or the file is larger than %d bytes", maxSignInFile)
	}
	return f, nil
}

func (f signInFile) apply(env *Env, c *app.Config) error {
	for _, o := range f.OIDC {
		if o.Secret == "" {
			o.Secret = env.Getenv(secretName(o.ID))
		}
		trust, err := authorities(o.CAFile)
		if err != nil {
			return err
		}
		p, err := oidc.New(oidc.Config{
			ID: o.ID, Title: o.Title, Issuer: o.Issuer, ClientID: o.ClientID, Secret: o.Secret, Redirect: o.Redirect,
			Scopes: o.Scopes, LoginClaim: o.LoginClaim, GroupClaim: o.GroupClaim, Allow: o.Allow, Roles: o.Roles,
			Otherwise: o.Otherwise, Create: o.Create, TLS: trust, Now: env.Now,
		})
		if err != nil {
			return err
		}
		c.Providers = append(c.Providers, p)
	}
	if f.LDAP == nil {
		return nil
	}
	d, err := f.LDAP.directory(env)
	if err != nil {
		return err
	}
	c.Directory = d
	return nil
}

// secretName is the variable that holds a provider's secret:
// MALMOI_OIDC_SECRET_MY_KEYCLOAK for my-keycloak.
func secretName(id string) string {
	return "MALMOI_OIDC_SECRET_" + strings.ReplaceAll(strings.ToUpper(id), "-", "_")
}

func (l ldapConfig) directory(env *Env) (*ldap.Directory, error) {
	if l.BindPassword == "" {
		l.BindPassword = env.Getenv("MALMOI_LDAP_PASSWORD")
	}
	trust, err := authorities(l.CAFile)
	if err != nil {
		return nil, err
	}
	return ldap.New(ldap.Config{
		URL: l.URL, StartTLS: l.StartTLS, Plain: l.Plain, TLS: trust, BindDN: l.BindDN, BindPassword: l.BindPassword,
		Base: l.Base, Filter: l.Filter, SubjectAttr: l.SubjectAttr, LoginAttr: l.LoginAttr, NameAttr: l.NameAttr, MailAttr: l.MailAttr,
		GroupBase: l.GroupBase, GroupFilter: l.GroupFilter, GroupAttr: l.GroupAttr,
		Allow: l.Allow, Roles: l.Roles, Otherwise: l.Otherwise, Create: l.Create,
	})
}

// authorities trusts a site's own certificates beside the system's.
func authorities(path string) (*tls.Config, error) {
	if path == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
