package account

import (
	"context"
	"errors"
	"fmt"
)

// NeedsSetUp reports whether no account exists yet.
func (s *Service) NeedsSetUp(ctx context.Context) (bool, error) {
	n, err := s.store.CountUsers(ctx)
	return n == 0 && err == nil, err
}

// SetUp makes the first account, an admin, and signs it in. It returns an error
// wrapping ErrConflict if there is an account already. The caller makes sure
// that the visitor sits at this machine.
func (s *Service) SetUp(ctx context.Context, n NewUser, c Client) (token string, p Principal, err error) {
	if need, err := s.NeedsSetUp(ctx); err != nil || !need {
		return "", Principal{}, errors.Join(err, conflict(!need && err == nil, "the site has accounts already"))
	}
	n.Role, n.Groups = Admin, nil
	u, err := s.build(ctx, n, true)
	if err != nil {
		return "", Principal{}, err
	}
	self := Principal{User: u.ID, Name: u.Name, Address: c.Address}
	if err := s.store.AddUser(ctx, u, true, s.entry(self, ActSetUp, u.Login, "")); err != nil {
		return "", Principal{}, err
	}
	return s.begin(ctx, u, c, ActSignIn, "first account")
}

func conflict(is bool, what string) error {
	if !is {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrConflict, what)
}

// EnsureLocal makes the row of personal mode's one user, if it is not there, and
// returns its principal, which has every scope.
func (s *Service) EnsureLocal(ctx context.Context) (Principal, error) {
	// No login can begin with a tilde, so nobody can sign in as Local.
	u := User{ID: Local, Login: "~local", Name: "나", Role: Admin, Created: s.now()}
	p := Principal{User: Local, Name: u.Name, Role: Admin, Scopes: everything}
	return p, s.store.EnsureUser(ctx, UserRow{User: u})
}

// EnsureStatic makes the row of Static, if it is not there, and returns its
// principal, which has ScopeModels only.
func (s *Service) EnsureStatic(ctx context.Context) (Principal, error) {
	u := User{ID: Static, Login: "~static", Name: "--api-key", Role: Member, Created: s.now()}
	p := Principal{User: Static, Name: u.Name, Role: Member, Key: string(Static), Scopes: []Scope{ScopeModels}}
	return p, s.store.EnsureUser(ctx, UserRow{User: u})
}

// Operator is the principal of whoever may run commands on this machine, such
// as 'malmoi user add'. It has no row; name says who in the audit log.
func Operator(name string) Principal {
	return Principal{Name: name, Role: Admin, Scopes: []Scope{ScopeAdmin}}
}

// service reports whether id is a row that is nobody's account.
func service(id UserID) bool { return id == Local || id == Static }
