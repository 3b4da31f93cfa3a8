package ldap

import (
	"encoding/hex"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"malmoi/internal/account"
)

// ask does the questions on a fresh connection: bind, search, bind.
func (d *Directory) ask(c *ldap.Conn, login, password string) (account.External, error) {
	if d.cfg.BindDN != "" {
		if err := c.Bind(d.cfg.BindDN, d.cfg.BindPassword); err != nil {
			return account.External{}, unavailable("bind as the service account", err)
		}
	}
	entry, err := d.find(c, login)
	if err != nil {
		return account.External{}, err
	}
	x := account.External{Provider: Provider, Subject: subject(entry, d.cfg.SubjectAttr), Login: text(entry, d.cfg.LoginAttr, login),
		Name: text(entry, d.cfg.NameAttr, login), Email: text(entry, d.cfg.MailAttr, ""), Create: d.cfg.Create}
	if x.Subject == "" {
		return account.External{}, unavailable("search", fmt.Errorf("%q has no attribute %s that tells them from others", entry.DN, d.cfg.SubjectAttr))
	}
	if d.cfg.GroupBase != "" {
		if x.Groups, err = d.groups(c, entry.DN, login); err != nil {
			return account.External{}, err
		}
		x.Role = account.MapRole(x.Groups, d.cfg.Roles, d.cfg.Otherwise)
	}
	// Last, so that the connection need not become the service account's again.
	if err := c.Bind(entry.DN, password); err != nil {
		if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultUnwillingToPerform, ldap.LDAPResultConstraintViolation, ldap.LDAPResultInsufficientAccessRights) {
			return account.External{}, account.ErrCredentials
		}
		return account.External{}, unavailable("bind as the person", err)
	}
	if len(d.cfg.Allow) > 0 && !slices.ContainsFunc(x.Groups, func(g string) bool { return slices.Contains(d.cfg.Allow, g) }) {
		return account.External{}, fmt.Errorf("%w: %s is in no group that may come in", account.ErrCredentials, x.Login)
	}
	return x, nil
}

// find returns the one entry with a login. Two are as bad as none: which of
// them the password belongs to must not be tried out.
func (d *Directory) find(c *ldap.Conn, login string) (*ldap.Entry, error) {
	attrs := []string{d.cfg.SubjectAttr, d.cfg.LoginAttr, d.cfg.NameAttr, d.cfg.MailAttr}
	r, err := c.Search(ldap.NewSearchRequest(d.cfg.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, int(askTime/time.Second), false,
		fill(d.cfg.Filter, login, login), attrs, nil))
	switch {
	case ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded):
		return nil, fmt.Errorf("%w: several entries of the directory have this login", account.ErrCredentials)
	case err != nil:
		return nil, unavailable("search", err)
	case len(r.Entries) == 0:
		return nil, account.ErrCredentials
	case len(r.Entries) > 1:
		return nil, fmt.Errorf("%w: %d entries of the directory have this login", account.ErrCredentials, len(r.Entries))
	}
	return r.Entries[0], nil
}

// groups returns the names of the groups somebody is in. More than maxGroups
// are refused instead of cut, because a missing one may be the one that counts.
func (d *Directory) groups(c *ldap.Conn, dn, login string) ([]string, error) {
	r, err := c.Search(ldap.NewSearchRequest(d.cfg.GroupBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, maxGroups, int(askTime/time.Second), false,
		fill(d.cfg.GroupFilter, dn, login), []string{d.cfg.GroupAttr}, nil))
	if err != nil {
		return nil, unavailable("search for groups", err)
	}
	names := []string{}
	for _, e := range r.Entries {
		if name := text(e, d.cfg.GroupAttr, ""); name != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// text is an attribute's first value if it is text.
func text(e *ldap.Entry, attr, otherwise string) string {
	if v := e.GetAttributeValue(attr); v != "" && utf8.ValidString(v) {
		return v
	}
	return otherwise
}

// subject is an attribute's value, in hex if it is bytes, as objectGUID is.
func subject(e *ldap.Entry, attr string) string {
	v := e.GetRawAttributeValue(attr)
	if len(v) > maxSubject {
		return ""
	}
	for _, b := range v {
		if b < 0x20 || b > 0x7e {
			return hex.EncodeToString(v)
		}
	}
	return string(v)
}
