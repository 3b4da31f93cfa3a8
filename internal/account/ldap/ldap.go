// Package ldap signs people in with a directory (LDAPv3): it looks the login up
// with a service account, reads the person's groups, and then binds as the
// person with the password. It does not know accounts or sessions: it answers
// with an account.External. It never searches with a password and never binds
// with an empty one, which servers take for anonymous and answer with success
// (RFC 4513 §5.1.2).
//
// New checks a Config without asking the server. A Directory is safe for
// concurrent use; it opens one connection per sign-in.
package ldap

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"malmoi/internal/account"
)

// Config describes a directory. URL and Base must be set.
type Config struct {
	URL      string // ldaps://HOST[:636], ldap://HOST[:389] or ldapi:///path
	StartTLS bool   // with ldap://
	Plain    bool   // passwords may cross the network unencrypted; on this machine they may in any case
	TLS      *tls.Config

	BindDN       string // who searches; "" searches anonymously
	BindPassword string

	Base        string // where people are: ou=people,dc=example,dc=kr
	Filter      string // %s is the login; (&(objectClass=inetOrgPerson)(uid=%s)) if empty
	SubjectAttr string // what never changes: entryUUID if empty, objectGUID for Active Directory
	LoginAttr   string // uid if empty
	NameAttr    string // cn if empty
	MailAttr    string // mail if empty

	GroupBase   string // where groups are; "" if nobody asks for them
	GroupFilter string // %s is the person's DN, %u the login; (member=%s) if empty
	GroupAttr   string // cn if empty
	Allow       []string
	Roles       map[string]account.Role
	Otherwise   account.Role // role of who is in none of the groups of Roles; Member if empty
	Create      bool         // make an account on the first sign-in
}

// Limits.
const (
	dialTime   = 5 * time.Second
	askTime    = 10 * time.Second // for each question
	atOnce     = 8                // connections
	maxGroups  = 1000
	maxSubject = 256 // bytes
)

// Provider is the account.External.Provider of people from a directory.
const Provider = "ldap"

// Directory is one directory. It implements account.Directory.
type Directory struct {
	cfg   Config
	tls   *tls.Config
	slots chan struct{}
}

var _ account.Directory = (*Directory)(nil)

// New checks c.
func New(c Config) (*Directory, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, fmt.Errorf("ldap: address: %w", err)
	}
	if u.Scheme != "ldaps" && u.Scheme != "ldap" && u.Scheme != "ldapi" {
		return nil, fmt.Errorf("ldap: address %q: want ldaps://HOST, ldap://HOST or ldapi:///path", u.Redacted())
	}
	if ip := net.ParseIP(u.Hostname()); u.Scheme == "ldap" && !c.StartTLS && !c.Plain && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("ldap: %s would carry passwords unencrypted: use ldaps:// or StartTLS", u.Redacted())
	}
	if c.Base == "" {
		return nil, fmt.Errorf("ldap: the base under which people are is missing")
	}
	if c.GroupBase == "" && (len(c.Allow) > 0 || len(c.Roles) > 0) {
		return nil, fmt.Errorf("ldap: rules for groups need the base under which groups are")
	}
	for group, role := range c.Roles {
		if role != account.Admin && role != account.Member && role != account.Reader {
			return nil, fmt.Errorf("ldap: group %q has the role %q, which is none of admin, member, reader", group, role)
		}
	}
	defaults(&c)
	for _, f := range []string{c.Filter, c.GroupFilter} {
		if _, err := ldap.CompileFilter(fill(f, "cn=x", "x")); err != nil || !strings.Contains(f, "%") {
			return nil, fmt.Errorf("ldap: filter %q: want one like (uid=%%s): %v", f, err)
		}
	}
	d := &Directory{cfg: c, slots: make(chan struct{}, atOnce), tls: &tls.Config{}}
	if c.TLS != nil {
		d.tls = c.TLS.Clone()
	}
	if d.tls.ServerName == "" {
		d.tls.ServerName = u.Hostname()
	}
	return d, nil
}

func defaults(c *Config) {
	for _, d := range []struct {
		field *string
		value string
	}{
		{&c.Filter, "(&(objectClass=inetOrgPerson)(uid=%s))"}, {&c.SubjectAttr, "entryUUID"}, {&c.LoginAttr, "uid"}, {&c.NameAttr, "cn"},
		{&c.MailAttr, "mail"}, {&c.GroupFilter, "(member=%s)"}, {&c.GroupAttr, "cn"}, {(*string)(&c.Otherwise), string(account.Member)},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
}

// fill puts values into a filter so that no sign in them is read as part of the
// filter (RFC 4515 §3).
func fill(filter, s, u string) string {
	return strings.NewReplacer("%s", ldap.EscapeFilter(s), "%u", ldap.EscapeFilter(u)).Replace(filter)
}

// SignIn finds out who has this login and whether the password is theirs. It
// returns an error wrapping account.ErrCredentials if not, if the login is
// unknown or is not one person's, or if the person is in no group that may come
// in, and one wrapping account.ErrUnavailable if the directory cannot be asked.
func (d *Directory) SignIn(ctx context.Context, login, password string) (account.External, error) {
	if login == "" || password == "" || len(password) > account.MaxPassword {
		return account.External{}, account.ErrCredentials
	}
	select {
	case d.slots <- struct{}{}:
		defer func() { <-d.slots }()
	case <-ctx.Done():
		return account.External{}, context.Cause(ctx)
	}
	c, err := d.connect()
	if err != nil {
		return account.External{}, unavailable("connect", err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	return d.ask(c, login, password)
}

func unavailable(doing string, err error) error {
	return fmt.Errorf("%w: ldap: %s: %w", account.ErrUnavailable, doing, err)
}

func (d *Directory) connect() (*ldap.Conn, error) {
	c, err := ldap.DialURL(d.cfg.URL, ldap.DialWithDialer(&net.Dialer{Timeout: dialTime}), ldap.DialWithTLSConfig(d.tls))
	if err != nil {
		return nil, err
	}
	c.SetTimeout(askTime)
	if d.cfg.StartTLS {
		if err := c.StartTLS(d.tls); err != nil {
			c.Close()
			return nil, err
		}
	}
	return c, nil
}
